// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/pkcs15/made_card.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "keys/card_identity.h"
#include "keys/citizen_certificate.h"
#include "keys/crypto.h"
#include "libcard/app/pkcs15/objects.h"
#include "libcard/reader/sim_transport.h"
#include "tests/support/vectors.h"

namespace kartsaz::test {
namespace {

namespace pkcs15 = app::pkcs15;

std::string shipped_text(const std::string& name) {
    return to_text(
        read_bytes(std::filesystem::path{KARTSAZ_SOURCE_DIR} / "libcard/profile/shipped" / (name + ".toml")));
}

void replace(std::string& text, const std::string& from, const std::string& to) {
    const auto at = text.find(from);
    if (at == std::string::npos) throw std::runtime_error{"no \"" + from + "\" in the profile"};
    text.replace(at, from.size(), to);
}

std::string file_of(const std::optional<pkcs15::Path>& path) {
    return "EF." + to_hex(Bytes(path->path.end() - 2, path->path.end()));
}

/// What the authority has for a key and for its slot: exactly one valid certificate.
std::string authority_faults(Bureau& bureau, const Bytes& public_key) {
    const std::string key = to_hex(keys::sha256(public_key));
    const auto entries = bureau.authority().entries();
    std::size_t of_key = 0, of_slot = 0;
    std::string chip, slot;
    for (const auto& entry : entries) {
        if (entry.key != key || !entry.valid_at(bureau.order().now)) continue;
        ++of_key;
        chip = entry.chip;
        slot = entry.slot;
    }
    for (const auto& entry : entries) {
        if (entry.chip == chip && entry.slot == slot && entry.valid_at(bureau.order().now)) ++of_slot;
    }
    if (of_key != 1) return fmt::format("{} valid certificates for one key\n", of_key);
    return of_slot == 1 ? "" : fmt::format("{} valid certificates for one slot\n", of_slot);
}

std::string key_faults(const app::DumpApplication& card, Bureau& bureau, std::size_t n) {
    const auto fact = [&](const char* name) { return card.fact(fmt::format("key.{}.{}", n, name)); };
    const auto keys = pkcs15::decode_prkdf(card.file("EF.PrKDF")->content);
    const auto publics = pkcs15::decode_pukdf(card.file("EF.PuKDF")->content);
    const auto certificates = pkcs15::decode_cdf(card.file("EF.CDF")->content);
    const auto& key = keys.at(n);
    const auto with_id = [&](const auto& object) { return object.id == key.id; };
    const auto pub = std::ranges::find_if(publics, with_id);
    const auto cert = std::ranges::find_if(certificates, with_id);
    if (pub == publics.end() || cert == certificates.end()) return "a key without its two companions\n";
    const auto* key_file = card.file(file_of(pub->path));
    const auto* certificate = card.file(file_of(cert->path));
    if (key_file == nullptr || certificate == nullptr) return "an object whose file is not there\n";
    const Bytes spki = pkcs15::public_key_from_file(key_file->content, pub->type);
    std::string out;
    if (keys::key_identifier(spki) != key.id) out += "the iD is not the hash of the key\n";
    if (!keys::verify_signature(spki, from_hex(fact("message")), from_hex(fact("signature"))))
        out += "the challenge was not signed by the key of " + key_file->name + "\n";
    if (fact("plain.sw") == "9000") out += "the key signs without a PIN\n";
    const auto says = keys::read_citizen_certificate(certificate->content);
    if (!says || says->public_key != spki) return out + "the certificate is not of the key\n";
    const auto& name = bureau.record().name;
    if (says->subject.common_name != name.given_fa + " " + name.surname_fa) out += "another name\n";
    return out + authority_faults(bureau, spki);
}

}  // namespace

std::string signature_profile(const std::string& algorithm, const std::string& keys,
                              const std::string& more) {
    std::string text = shipped_text("signature");
    replace(text, "algorithm = \"ec-p256\"", "algorithm = \"" + algorithm + "\"");
    replace(text, "keys = \"signature\"", more + "keys = \"" + keys + "\"");
    const auto digest = to_hex(keys::sha256(to_bytes(text))).substr(0, 12);
    const auto file = scratch_dir() / ("signature-" + digest + ".toml");
    write_bytes(file, to_bytes(text));
    return file.string();
}

std::unique_ptr<sim::Body> signature_body(const std::string& kind, std::uint8_t seed) {
    sim::NewBody options;
    options.kind = kind;
    options.serial = 0x00C0FFEE;
    options.seed = Bytes(32, seed);
    return sim::Body::create(options);
}

perso::Receipt personalize(sim::Body& body, const Bureau& bureau, perso::Journal* journal,
                           perso::Permits permits) {
    const auto card = reader::sim_transport(body);
    return perso::personalize(*card, bureau.run(journal, permits));
}

perso::Plan plan_for(sim::Body& body, const Bureau& bureau, perso::Permits permits) {
    const auto card = reader::sim_transport(body);
    return perso::prepare(*card, bureau.run(nullptr, permits)).plan;
}

std::string labels(const perso::Plan& plan) {
    std::string out;
    for (const auto& step : plan.steps) out += (out.empty() ? "" : " | ") + step.label;
    return out;
}

std::string refusal(sim::Body& body, const Bureau& bureau, Errc* code, perso::Permits permits) {
    try {
        personalize(body, bureau, nullptr, permits);
    } catch (const Error& error) {
        if (code != nullptr) *code = error.code();
        return error.what();
    }
    return "";
}

unsigned send(sim::Body& body, const std::string& hex) {
    const Bytes answer = body.transmit(from_hex(hex));
    return static_cast<unsigned>(big_endian(ByteView{answer}.last(2)));
}

void select(sim::Body& body) {
    body.power_on();
    if (send(body, "00A404000CF276A288BCFBA69D34F31001") != 0x9000)
        throw std::runtime_error{"the application cannot be selected"};
}

app::DumpApplication read_back(sim::Body& body, const Bureau& bureau, const std::string& chip,
                               const keys::SecretBytes* pin) {
    const auto card = reader::sim_transport(body);
    pkcs15::ReadOptions options;
    options.keys = &bureau.keys();
    options.transport_pin = perso::TransportPin{};  // as the profile
    options.identity = keys::identity_of_card(chip, bureau.record().document_number);
    options.pin = pin;
    auto dump = pkcs15::read_application(*card, options);
    if (!dump) throw std::runtime_error{"there is no signature application"};
    return std::move(*dump);
}

std::string faults_of(sim::Body& body, Bureau& bureau, std::size_t keys, const std::string& chip) {
    const auto card = read_back(body, bureau, chip);
    std::string out;
    if (card.fact("pin.state") != "transport") out += "PIN: " + card.fact("pin.state") + "\n";
    if (card.fact("pin.tries") != "3") out += "PIN tries: " + card.fact("pin.tries") + "\n";
    for (const auto& [name, value] : card.facts) {
        if (name.starts_with("orphan.") || name == "fault") out += name + ": " + value + "\n";
    }
    for (const char* name :
         {"EF.DIR", "EF.ODF", "EF.TokenInfo", "EF.AODF", "EF.PrKDF", "EF.PuKDF", "EF.CDF"}) {
        if (card.file(name) == nullptr) return out + "no " + name + "\n";
    }
    const auto listed = pkcs15::decode_prkdf(card.file("EF.PrKDF")->content).size();
    const auto certificates = pkcs15::decode_cdf(card.file("EF.CDF")->content).size();
    if (listed != keys || certificates != keys)
        return out + fmt::format("{} keys and {} certificates are told of\n", listed, certificates);
    for (std::size_t n = 0; n < keys; ++n) out += key_faults(card, bureau, n);
    for (const auto& file : body.files()) {
        const bool certificate = file.fid >= 0x3400 && file.fid < 0x3440;
        if (certificate && card.file(fmt::format("EF.{:04X}", file.fid)) == nullptr)
            out += fmt::format("EF.{:04X} is left over\n", file.fid);
    }
    const auto rest = labels(plan_for(body, bureau, {.update = true}));
    return rest.empty() ? out : out + "still to be done: " + rest + "\n";
}

}  // namespace kartsaz::test
