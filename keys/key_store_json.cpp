// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "keys/key_purpose.h"
#include "keys/memory_key_store.h"
#include "keys/secret_hex.h"
#include "keys/secret_json_field.h"
#include "keys/secret_json_text.h"

namespace kartsaz::keys {
namespace {

using Kind = SecretJson::Kind;

std::uint8_t parse_version(const SecretField& field) {
    const auto value = field.of(Kind::integer, "an integer").integer;
    if ((value < 1 || value > 127) && value != 255) field.fail("a key version is 1 to 127, or 255");
    return static_cast<std::uint8_t>(value);
}

/// The keys of one purpose, all of one length.
void parse_keys(const SecretField& field, Keyset& keyset) {
    field.refuse_unknown({"enc", "mac", "dek", "aa", "pin", "puk", "kbpk"});
    std::vector<std::string> roles;
    for (const auto& member : field.of(Kind::object, "an object").members) roles.push_back(member.name);
    const auto purpose = purpose_of(roles);
    if (!purpose)
        field.fail(
            "either enc, mac and dek, or aa alone, or kbpk alone, or management alone, or pin "
            "and puk expected");
    for (const auto& member : field.of(Kind::object, "an object").members) {
        const auto place = field.member(member);
        auto key = place.hex();
        const auto misfit = key_misfit(*purpose, keyset.type, keyset.diversification, key.size());
        if (!misfit.empty()) place.fail(misfit);
        keyset.keys.emplace(member.name, std::move(key));
    }
    if (*purpose != KeyPurpose::secure_channel) return;
    if (keyset.keys.at("enc").size() != keyset.keys.at("mac").size() ||
        keyset.keys.at("enc").size() != keyset.keys.at("dek").size()) {
        field.fail("enc, mac and dek are not of one length");
    }
}

Keyset parse_keyset(const SecretField& field) {
    field.refuse_unknown({"name", "version", "type", "diversification", "development", "keys"});
    Keyset out;
    out.name = field.at("name").name();
    out.version = parse_version(field.at("version"));
    out.type = parse_key_type(field.at("type"));
    out.diversification = parse_diversification(field.at("diversification"));
    out.development = field.at("development").flag();
    parse_keys(field.at("keys"), out);
    return out;
}

}  // namespace

KeyType parse_key_type(const SecretField& field) {
    return field.choice<KeyType>({{"aes", KeyType::aes}, {"des3", KeyType::des3}});
}

Diversification parse_diversification(const SecretField& field) {
    return field.choice<Diversification>({{"none", Diversification::none},
                                          {"kdf3", Diversification::kdf3},
                                          {"emv-cps11", Diversification::emv_cps11},
                                          {"visa2", Diversification::visa2}});
}

KeyStoreContent parse_key_store(ByteView json, const std::string& what) {
    const auto document = parse_secret_json(json, what);
    const SecretField root{document, what + ":"};
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

SecretBytes key_store_text(const KeyStoreContent& content) {
    SecretJsonText out;
    out.begin('{').name("keysets").begin('[');
    for (const auto& keyset : content.keysets) {
        out.begin('{').name("name").text(keyset.name).name("version").integer(keyset.version);
        out.name("type")
            .text(keyset.type == KeyType::aes ? "aes" : "des3")
            .name("diversification")
            .text(name(keyset.diversification));
        out.name("development").flag(keyset.development).name("keys").begin('{');
        for (const auto& [role, key] : keyset.keys) out.name(role).secret(secret_to_hex(key));
        out.end('}').end('}');
    }
    out.end(']').name("blobs").begin('{');
    for (const auto& [blob, text] : content.blobs) out.name(blob).secret(text);
    return std::move(out.end('}').end('}')).take();
}

}  // namespace kartsaz::keys
