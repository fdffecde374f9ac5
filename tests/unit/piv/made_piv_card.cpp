// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/piv/made_piv_card.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "keys/card_identity.h"
#include "keys/citizen_certificate.h"
#include "keys/crypto.h"
#include "keys/issuer.h"
#include "libcard/app/piv/objects.h"
#include "libcard/app/piv/signatures.h"
#include "libcard/reader/sim_transport.h"
#include "tests/support/vectors.h"

namespace kartsaz::test {
namespace {

namespace piv = app::piv;

/// What the authority has for a key and for its slot: exactly one valid certificate.
std::string books_faults(Bureau& bureau, const Bytes& public_key) {
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

std::string faults_of_slot(const app::DumpApplication& card, Bureau& bureau, std::uint8_t reference) {
    const auto& container = *piv::container_of_key(reference);
    const std::string name = fmt::format("{:02X}", reference);
    const auto fact = [&](const char* what) { return card.fact(fmt::format("key.{}.{}", name, what)); };
    const auto* file = card.file(piv::file_name(container));
    if (file == nullptr) return name + ": no certificate\n";
    const Bytes der =
        piv::certificate_of(piv::decode_certificate_object(file->content, container.name), container.name);
    const auto says = keys::read_citizen_certificate(der);
    if (!says) return name + ": its certificate cannot be read\n";
    std::string out;
    const bool agreed = !fact("agreement.secret").empty();
    if (!agreed &&
        !keys::verify_signature(says->public_key, from_hex(fact("message")), from_hex(fact("signature"))))
        out += name + ": the challenge was not signed by the key of the certificate\n";
    if ((fact("plain.sw") == "9000") != (reference == 0x9E)) out += name + ": PIN is not asked as it must\n";
    if (const auto of_books = books_faults(bureau, says->public_key); !of_books.empty())
        out += name + ": " + of_books;
    return out;
}

std::map<std::uint16_t, Bytes> containers_in(const app::DumpApplication& card) {
    std::map<std::uint16_t, Bytes> out;
    for (const auto& file : card.files) {
        if (file.fid != piv::id_security_object && !file.content.empty()) out[file.fid] = file.content;
    }
    return out;
}

/// @returns the content signer's certificate
Bytes chuid_faults(const app::DumpApplication& card, std::string& out) {
    const auto* chuid = card.file("CHUID");
    if (chuid == nullptr) {
        out += "no CHUID\n";
        return {};
    }
    const auto check = piv::check_chuid_signature(chuid->content);
    for (const auto& fault : check.faults) out += "CHUID: " + fault.text + "\n";
    return check.certificate;
}

std::string signature_faults(const app::DumpApplication& card) {
    std::string out;
    const Bytes signer = chuid_faults(card, out);
    for (const auto* name : {"face", "fingerprints"}) {
        const auto* file = card.file(name);
        if (file == nullptr) {
            out += fmt::format("no {}\n", name);
            continue;
        }
        const auto check = piv::check_biometric_signature(piv::decode_biometric(file->content, name), signer);
        for (const auto& fault : check.signature.faults) out += fmt::format("{}: {}\n", name, fault.text);
    }
    const auto* security = card.file("security-object");
    if (security == nullptr) return out;
    const auto object = piv::decode_security_object(security->content);
    const auto check = piv::check_security_object_signature(object, signer);
    for (const auto& fault : check.faults) out += "security object: " + fault.text + "\n";
    for (const auto& finding :
         piv::check_hashes(object, piv::decode_lds_hashes(check.content), containers_in(card))) {
        const bool covered =
            finding.kind == piv::HashFinding::Kind::ok || finding.kind == piv::HashFinding::Kind::uncovered;
        if (!covered)
            out += fmt::format("security object: container {:04X} is not as hashed\n", finding.container);
    }
    return out;
}

}  // namespace

std::string piv_profile(const Changes& changes) {
    std::string text =
        to_text(read_bytes(std::filesystem::path{KARTSAZ_SOURCE_DIR} / "libcard/profile/shipped/piv.toml"));
    for (const auto& [from, to] : changes) {
        const auto at = text.find(from);
        if (at == std::string::npos) throw std::runtime_error{"no \"" + from + "\" in the profile"};
        text.replace(at, from.size(), to);
    }
    const auto digest = to_hex(keys::sha256(to_bytes(text))).substr(0, 12);
    const auto file = scratch_dir() / ("piv-" + digest + ".toml");
    write_bytes(file, to_bytes(text));
    return file.string();
}

std::unique_ptr<sim::Body> piv_body(const std::string& kind, std::uint8_t seed) {
    sim::NewBody options;
    options.kind = kind;
    options.serial = 0x00C0FFEE;
    options.seed = Bytes(32, seed);
    return sim::Body::create(options);
}

perso::Receipt make_piv(sim::Body& body, const Bureau& bureau, perso::Journal* journal,
                        perso::Permits permits) {
    const auto card = reader::sim_transport(body);
    return perso::personalize(*card, bureau.run(journal, permits));
}

perso::Prepared prepare_piv(sim::Body& body, const Bureau& bureau, perso::Permits permits) {
    const auto card = reader::sim_transport(body);
    return perso::prepare(*card, bureau.run(nullptr, permits));
}

std::string labels_of(const perso::Plan& plan) {
    std::string out;
    for (const auto& step : plan.steps) out += (out.empty() ? "" : " | ") + step.label;
    return out;
}

std::string piv_refusal(sim::Body& body, const Bureau& bureau, Errc* code, perso::Permits permits) {
    try {
        make_piv(body, bureau, nullptr, permits);
    } catch (const Error& error) {
        if (code != nullptr) *code = error.code();
        return error.what();
    }
    return {};
}

app::DumpApplication read_piv(sim::Body& body, const Bureau& bureau, const keys::SecretBytes* pin) {
    const std::string chip = prepare_piv(body, bureau).state.chip.name;
    const auto card = reader::sim_transport(body);
    card->reset();
    piv::ReadOptions options;
    options.keys = &bureau.keys();
    options.identity = keys::identity_of_card(chip, bureau.record().document_number);
    options.pin = pin;
    if (pin == nullptr) options.transport_pin = perso::TransportPin{};
    auto read = piv::read_application(*card, options);
    if (!read) throw std::runtime_error{"no PIV application"};
    return std::move(*read);
}

unsigned send_piv(sim::Body& body, const std::string& hex) {
    const Bytes answer = body.transmit(from_hex(hex));
    return static_cast<unsigned>(big_endian(ByteView{answer}.last(2)));
}

void select_piv(sim::Body& body) {
    body.power_on();
    if (send_piv(body, "00A404000BA00000030800001000010000") != 0x9000)
        throw std::runtime_error{"the application is not selected"};
}

std::string faults_of_piv(sim::Body& body, Bureau& bureau) {
    const auto card = read_piv(body, bureau);
    std::string out = signature_faults(card);
    for (const auto reference : std::initializer_list<std::uint8_t>{0x9A, 0x9C, 0x9D, 0x9E})
        out += faults_of_slot(card, bureau, reference);
    if (card.fact("management.keys") != "issuer") out += "the management key is not ours\n";
    if (card.fact("pin.tries") != card.fact("pin.tries.after")) out += "a try of the PIN was spent\n";
    if (card.fact("pin.factory") == "yes" || card.fact("puk.factory") == "yes")
        out += "PIN or PUK is the maker's\n";
    const auto prepared = prepare_piv(body, bureau);
    if (!prepared.plan.empty()) out += "still to be done: " + labels_of(prepared.plan) + "\n";
    return out;
}

}  // namespace kartsaz::test
