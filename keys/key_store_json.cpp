// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <initializer_list>

#include "apdu/error.h"
#include "keys/memory_key_store.h"
#include "keys/secret_json.h"

namespace kartsaz::keys {
namespace {

using Kind = SecretJson::Kind;

/// A value and where it stands, for error texts.
class Field {
public:
    Field(const SecretJson& value, std::string path) : value_{value}, path_{std::move(path)} {}

    [[noreturn]] void fail(std::string_view rule) const {
        throw Error{Errc::input_invalid, fmt::format("{}: {} (offset {})", path_, rule, value_.offset)};
    }
    const SecretJson& of(Kind kind, std::string_view word) const {
        if (value_.kind != kind) fail(fmt::format("{} expected", word));
        return value_;
    }
    Field member(const SecretJsonMember& member) const {
        return {member.value, fmt::format("{}{}{}", path_, root() ? " " : ".", member.name)};
    }
    Field item(std::size_t index) const {
        return {value_.items.at(index), fmt::format("{}[{}]", path_, index)};
    }
    /// The members, all of which must be among `known`.
    void refuse_unknown(std::initializer_list<std::string_view> known) const {
        for (const auto& m : of(Kind::object, "an object").members) {
            if (std::find(known.begin(), known.end(), m.name) == known.end()) {
                member(m).fail("unknown field");
            }
        }
    }
    Field at(std::string_view name) const {
        for (const auto& m : of(Kind::object, "an object").members) {
            if (m.name == name) return member(m);
        }
        fail(fmt::format("the field \"{}\" is missing", name));
    }
    /// A text that is no secret.
    std::string text() const {
        return of(Kind::text, "a text").text.reveal([](ByteView bytes) { return to_text(bytes); });
    }

private:
    bool root() const { return path_.back() == ':'; }
    const SecretJson& value_;
    std::string path_;
};

int digit(std::uint8_t c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
}

SecretBytes parse_hex(const Field& field) {
    const auto& text = field.of(Kind::text, "a text of hexadecimal digits").text;
    Botan::secure_vector<std::uint8_t> out;
    text.reveal([&](ByteView hex) {
        if (hex.size() % 2 != 0) field.fail("odd number of hexadecimal digits");
        for (std::size_t i = 0; i < hex.size(); i += 2) {
            const int high = digit(hex[i]);
            const int low = digit(hex[i + 1]);
            if (high < 0 || low < 0) field.fail("not a hexadecimal digit at character " + std::to_string(i));
            out.push_back(static_cast<std::uint8_t>(high * 16 + low));
        }
    });
    return SecretBytes{std::move(out)};
}

std::string parse_name(const Field& field) {
    auto out = field.text();
    const bool fits = !out.empty() && out.size() <= 64 && std::all_of(out.begin(), out.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
    });
    if (!fits) field.fail("a name of 1 to 64 characters a-z 0-9 - _ . expected");
    return out;
}

template <typename Value>
Value parse_choice(const Field& field, std::initializer_list<std::pair<std::string_view, Value>> choices) {
    const auto text = field.text();
    std::string known;
    for (const auto& [word, value] : choices) {
        if (text == word) return value;
        known += fmt::format("{}\"{}\"", known.empty() ? "" : " or ", word);
    }
    field.fail(known + " expected");
}

std::uint8_t parse_version(const Field& field) {
    const auto value = field.of(Kind::integer, "an integer").integer;
    if ((value < 1 || value > 127) && value != 255) field.fail("a key version is 1 to 127, or 255");
    return static_cast<std::uint8_t>(value);
}

void check_length(const Field& field, const Keyset& keyset, std::size_t size) {
    if (has_des_masters(keyset.diversification)) {
        if (size != 16) {
            field.fail(fmt::format("{} bytes; a master of {} has 16", size, name(keyset.diversification)));
        }
    } else if (keyset.type == KeyType::des3) {
        if (size != 16 && size != 24)
            field.fail(fmt::format("{} bytes; a triple-DES key has 16 or 24", size));
    } else if (size != 16 && size != 24 && size != 32) {
        field.fail(fmt::format("{} bytes; an AES key has 16, 24 or 32", size));
    }
}

/// The three keys of a secure channel, of one length; or the one for Active Authentication; or those that
/// PINs and PUKs come from.
void parse_keys(const Field& field, Keyset& keyset) {
    field.refuse_unknown({"enc", "mac", "dek", "aa", "pin", "puk"});
    for (const auto& member : field.of(Kind::object, "an object").members) {
        const auto place = field.member(member);
        auto key = parse_hex(place);
        check_length(place, keyset, key.size());
        keyset.keys.emplace(member.name, std::move(key));
    }
    const bool channel = keyset.keys.contains("enc") && keyset.keys.contains("mac") &&
                         keyset.keys.contains("dek") && keyset.keys.size() == 3;
    const bool authentication = keyset.keys.contains("aa") && keyset.keys.size() == 1;
    const bool holder = keyset.keys.contains("pin") && keyset.keys.contains("puk") && keyset.keys.size() == 2;
    if (!channel && !authentication && !holder) {
        field.fail("either enc, mac and dek, or aa alone, or pin and puk expected");
    }
    if (channel && (keyset.keys.at("enc").size() != keyset.keys.at("mac").size() ||
                    keyset.keys.at("enc").size() != keyset.keys.at("dek").size())) {
        field.fail("enc, mac and dek are not of one length");
    }
    if (!channel && (keyset.type != KeyType::aes || keyset.diversification != Diversification::none)) {
        field.fail(fmt::format("{} type \"aes\" and diversification \"none\"",
                               holder ? "pin and puk keys have" : "an aa key has"));
    }
}

Keyset parse_keyset(const Field& field) {
    field.refuse_unknown({"name", "version", "type", "diversification", "development", "keys"});
    Keyset out;
    out.name = parse_name(field.at("name"));
    out.version = parse_version(field.at("version"));
    out.type = parse_choice<KeyType>(field.at("type"), {{"aes", KeyType::aes}, {"des3", KeyType::des3}});
    out.diversification = parse_choice<Diversification>(field.at("diversification"),
                                                        {{"none", Diversification::none},
                                                         {"kdf3", Diversification::kdf3},
                                                         {"emv-cps11", Diversification::emv_cps11},
                                                         {"visa2", Diversification::visa2}});
    if (out.diversification == Diversification::kdf3 && out.type != KeyType::aes) {
        field.at("diversification").fail("\"kdf3\" goes with type \"aes\" only");
    }
    out.development = field.at("development").of(Kind::boolean, "true or false").boolean;
    parse_keys(field.at("keys"), out);
    return out;
}

}  // namespace

KeyStoreContent parse_key_store(ByteView json, const std::string& what) {
    const auto document = parse_secret_json(json, what);
    const Field root{document, what + ":"};
    root.refuse_unknown({"keysets", "blobs"});
    KeyStoreContent out;
    const auto keysets = root.at("keysets");
    for (std::size_t i = 0; i < keysets.of(Kind::array, "an array").items.size(); ++i) {
        const auto place = keysets.item(i);
        auto keyset = parse_keyset(place);
        for (const auto& other : out.keysets) {
            if (other.name == keyset.name && other.version == keyset.version) {
                place.fail(
                    fmt::format("keyset \"{}\" version {} is there twice", keyset.name, keyset.version));
            }
        }
        out.keysets.push_back(std::move(keyset));
    }
    for (const auto& member : document.members) {
        if (member.name != "blobs") continue;
        const auto blobs = root.member(member);
        for (const auto& blob : blobs.of(Kind::object, "an object").members) {
            const auto& text = blobs.member(blob).of(Kind::text, "a text").text;
            out.blobs.emplace(blob.name, text.clone());
        }
    }
    return out;
}

}  // namespace kartsaz::keys
