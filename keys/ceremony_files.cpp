// SPDX-License-Identifier: Apache-2.0
// Plans and components of a ceremony as files.
#include <fmt/format.h>

#include "apdu/error.h"
#include "keys/ceremony.h"
#include "keys/crypto.h"
#include "keys/file_io.h"
#include "keys/memory_key_store.h"
#include "keys/sealed_file.h"
#include "keys/secret_hex.h"
#include "keys/secret_json_field.h"
#include "keys/secret_json_text.h"

namespace kartsaz::keys {
namespace {

constexpr std::string_view plan_format = "kartsaz-ceremony-1";
constexpr std::string_view component_format = "kartsaz-component-1";
constexpr std::size_t nonce_size = 16;

void put_plan(SecretJsonText& out, const CeremonyPlan& plan) {
    out.name("keyset").text(plan.keyset).name("version").integer(plan.version);
    out.name("purpose").text(name(plan.purpose));
    out.name("type").text(plan.type == KeyType::aes ? "aes" : "des3");
    out.name("diversification").text(name(plan.diversification));
    out.name("development").flag(plan.development);
    out.name("key_size").integer(static_cast<std::int64_t>(plan.key_size));
    out.name("parts").integer(plan.parts).name("nonce").text(to_hex(plan.nonce));
}

CeremonyPlan take_plan(const SecretField& field) {
    CeremonyPlan out;
    out.keyset = field.at("keyset").name();
    const auto version = field.at("version").integer(1, 255);
    if (version > 127 && version != 255) field.at("version").fail("a key version is 1 to 127, or 255");
    out.version = static_cast<std::uint8_t>(version);
    out.purpose = field.at("purpose").choice<KeyPurpose>({{"channel", KeyPurpose::secure_channel},
                                                          {"aa", KeyPurpose::active_authentication},
                                                          {"pin", KeyPurpose::holder_numbers},
                                                          {"kbpk", KeyPurpose::key_blocks},
                                                          {"management", KeyPurpose::card_management}});
    out.type = parse_key_type(field.at("type"));
    out.diversification = parse_diversification(field.at("diversification"));
    out.development = field.at("development").flag();
    out.key_size = static_cast<std::size_t>(field.at("key_size").integer(16, 32));
    const auto misfit = key_misfit(out.purpose, out.type, out.diversification, out.key_size);
    if (!misfit.empty()) field.at("key_size").fail(misfit);
    out.parts = static_cast<unsigned>(field.at("parts").integer(2, 9));
    field.at("nonce").hex().reveal([&](ByteView bytes) { out.nonce.assign(bytes.begin(), bytes.end()); });
    if (out.nonce.size() != nonce_size) field.at("nonce").fail("16 bytes expected");
    return out;
}

}  // namespace

std::string CeremonyPlan::id() const {
    constexpr std::size_t shown = 8;
    SecretJsonText text;
    text.begin('{');
    put_plan(text, *this);
    return std::move(text.end('}')).take().reveal([](ByteView bytes) {
        return to_hex(ByteView{sha256(bytes)}.first(shown));
    });
}

void write_plan(const std::filesystem::path& file, const CeremonyPlan& plan) {
    SecretJsonText out;
    out.begin('{').name("format").text(plan_format).name("id").text(plan.id());
    put_plan(out, plan);
    std::move(out.end('}')).take().reveal([&](ByteView text) {
        replace_private_file(file, to_text(text) + "\n");
    });
}

CeremonyPlan read_plan(const std::filesystem::path& file) {
    constexpr std::size_t most = 16384;
    const auto document = read_secret_file(file, most, Others::may_read).reveal([&](ByteView text) {
        return parse_secret_json(text, file.string());
    });
    const SecretField root{document, file.string() + ":"};
    root.refuse_unknown({"format", "id", "keyset", "version", "purpose", "type", "diversification",
                         "development", "key_size", "parts", "nonce"});
    if (root.at("format").text() != plan_format) root.at("format").fail("\"kartsaz-ceremony-1\" expected");
    auto plan = take_plan(root);
    if (root.at("id").text() != plan.id()) {
        root.at("id").fail("not the id of what stands in the file: it was changed");
    }
    return plan;
}

void write_component(const std::filesystem::path& file, const Component& component,
                     const SecretBytes& passphrase) {
    if (std::filesystem::exists(file)) {
        throw Error{Errc::usage, file.string() + ": exists already; a component is never written over"};
    }
    SecretJsonText out;
    out.begin('{').name("plan").begin('{');
    put_plan(out, component.plan);
    out.end('}').name("part").integer(component.part).name("keys").begin('{');
    for (const auto& [role, key] : component.keys) out.name(role).secret(secret_to_hex(key));
    write_sealed_file(file, component_format, std::move(out.end('}').end('}')).take(), passphrase);
}

Component open_component(const std::filesystem::path& file, const SecretBytes& passphrase) {
    const auto content = open_sealed_file(file, component_format, passphrase);
    const auto document =
        content.reveal([&](ByteView text) { return parse_secret_json(text, file.string()); });
    const SecretField root{document, file.string() + ":"};
    root.refuse_unknown({"plan", "part", "keys"});
    const auto plan = take_plan(root.at("plan"));
    const auto part = static_cast<unsigned>(root.at("part").integer(1, plan.parts));
    std::map<std::string, SecretBytes, std::less<>> shares;
    const auto place = root.at("keys");
    for (const auto& member : place.of(SecretJson::Kind::object, "an object").members) {
        shares.emplace(member.name, place.member(member).hex());
    }
    return import_component(plan, part, std::move(shares));
}

}  // namespace kartsaz::keys
