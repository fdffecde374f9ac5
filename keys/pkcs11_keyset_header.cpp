// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

#include "keys/key_purpose.h"
#include "keys/pkcs11_keyset.h"

namespace kartsaz::keys {
namespace {

using Json = nlohmann::json;

constexpr std::string_view format_name = "kartsaz-keyset-1";
constexpr std::size_t most_header = 4096;

bool good_name(std::string_view name) {
    return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
    });
}

/// Reads a header; each fault names token, object and field.
class HeaderReader {
public:
    HeaderReader(std::string_view label, const std::string& where)
        : what_{fmt::format("{}, object {}", where, label)} {}

    [[noreturn]] void fail(std::string_view rule) const {
        throw Error{Errc::input_invalid, fmt::format("{}: {}", what_, rule)};
    }

    void read_label(std::string_view label, KeysetHeader& out) const {
        constexpr std::string_view head = "keyset/";
        const auto end = label.rfind('/');
        if (!label.starts_with(head) || end < head.size() || end == label.npos || label.size() - end != 3) {
            fail("a label keyset/NAME/VERSION expected, the version in two hexadecimal digits");
        }
        out.name = label.substr(head.size(), end - head.size());
        try {
            out.version = from_hex(label.substr(end + 1)).at(0);
        } catch (const std::exception&) {
            fail("the version is two hexadecimal digits");
        }
        if (out.label() != label) fail("the version is written in upper case");
    }

    void read_value(ByteView value, KeysetHeader& out) const {
        if (value.size() > most_header) fail(fmt::format("{} bytes, at most {}", value.size(), most_header));
        const auto json = Json::parse(value.begin(), value.end(), nullptr, false);
        if (!json.is_object()) fail("its value is no JSON object");
        constexpr std::string_view known[] = {"format", "type", "diversification", "development", "roles"};
        for (const auto& entry : json.items()) {
            if (std::find(std::begin(known), std::end(known), entry.key()) == std::end(known)) {
                fail("its value has a field that is not known");
            }
        }
        for (const auto field : known) {
            if (!json.contains(field)) fail(fmt::format("the field \"{}\" is missing", field));
        }
        if (json["format"] != format_name) fail(fmt::format("format: \"{}\" expected", format_name));
        out.type = choice<KeyType>(json, "type", {{"aes", KeyType::aes}, {"des3", KeyType::des3}});
        out.diversification = choice<Diversification>(json, "diversification",
                                                      {{"none", Diversification::none},
                                                       {"kdf3", Diversification::kdf3},
                                                       {"emv-cps11", Diversification::emv_cps11},
                                                       {"visa2", Diversification::visa2}});
        if (!json["development"].is_boolean()) fail("development: true or false expected");
        out.development = json["development"].get<bool>();
        if (!json["roles"].is_object()) fail("roles: an object expected");
        for (const auto& role : json["roles"].items()) {
            if (!role.value().is_number_unsigned()) fail("roles: lengths in bytes expected");
            out.roles.emplace(role.key(), role.value().get<std::size_t>());
        }
    }

private:
    template <typename Value>
    Value choice(const Json& json, const char* field,
                 std::initializer_list<std::pair<std::string_view, Value>> choices) const {
        std::string words;
        for (const auto& [word, value] : choices) {
            if (json[field] == word) return value;
            words += fmt::format("{}\"{}\"", words.empty() ? "" : " or ", word);
        }
        fail(fmt::format("{}: {} expected", field, words));
    }

    std::string what_;
};

}  // namespace

std::string KeysetHeader::label() const {
    return fmt::format("keyset/{}/{:02X}", name, version);
}

std::string KeysetHeader::key_label(std::string_view role) const {
    return fmt::format("{}/{}", label(), role);
}

KeyType KeysetHeader::master_type() const {
    return has_des_masters(diversification) ? KeyType::des3 : type;
}

bool KeysetHeader::needs_bytes() const {
    return diversification == Diversification::none && roles.contains("enc");
}

std::string KeysetHeader::json() const {
    return Json{{"format", format_name},
                {"type", type == KeyType::aes ? "aes" : "des3"},
                {"diversification", keys::name(diversification)},
                {"development", development},
                {"roles", roles}}
        .dump();
}

KeysetHeader parse_keyset_header(std::string_view label, ByteView json, const std::string& where) {
    const HeaderReader reader{label, where};
    KeysetHeader out;
    reader.read_label(label, out);
    reader.read_value(json, out);
    check_keyset_header(out, where);
    return out;
}

void check_keyset_header(const KeysetHeader& header, const std::string& where) {
    const auto fail = [&](std::string_view rule) {
        throw Error{Errc::input_invalid, fmt::format("{}, object {}: {}", where, header.label(), rule)};
    };
    if (!good_name(header.name)) fail("a name has 1 to 64 characters a-z 0-9 - _ .");
    if ((header.version < 1 || header.version > 127) && header.version != 255) {
        fail("a key version is 01 to 7F, or FF");
    }
    std::vector<std::string> roles;
    for (const auto& entry : header.roles) roles.push_back(entry.first);
    const auto purpose = purpose_of(roles);
    // key blocks are opened with the bytes of their transport key
    if (!purpose || *purpose == KeyPurpose::key_blocks) {
        fail("roles: in a token either enc, mac and dek, or aa, or management, or pin and puk");
    }
    for (const auto& [role, size] : header.roles) {
        const auto misfit = key_misfit(*purpose, header.type, header.diversification, size);
        if (!misfit.empty()) fail(fmt::format("{}: {}", role, misfit));
    }
}

}  // namespace kartsaz::keys
