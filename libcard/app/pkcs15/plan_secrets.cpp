// SPDX-License-Identifier: Apache-2.0
// PIN and PUK. Both are derived from what the chip (or the document) is called, so a torn card can be gone on
// with; neither is shown to anybody but the holder, by the letter.
#include <fmt/format.h>

#include "apdu/error.h"
#include "libcard/app/pkcs15/plan_steps.h"

namespace kartsaz::app::pkcs15 {
namespace {

using keys::SecretBytes;
using perso::SecretAccess;

/// What PIN and PUK of one card are derived from.
struct Derivation {
    std::string keyset;
    std::string identity;
    std::size_t digits = 0;

    SecretBytes pin(const keys::KeyStore& store) const {
        return keys::derive_pin(store.keyset(keyset), "pin", identity, digits);
    }
    SecretBytes puk(const keys::KeyStore& store) const {
        return keys::derive_pin(store.keyset(keyset), "puk", identity, puk_length);
    }
};

/// One secret after the other, filled with 00 to `size` bytes.
SecretBytes joined(const SecretBytes& first, const SecretBytes& second, std::size_t size) {
    Botan::secure_vector<std::uint8_t> out;
    out.reserve(size);
    for (const auto* part : {&first, &second}) {
        part->reveal([&](ByteView bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); });
    }
    out.resize(size, 0);
    return SecretBytes{std::move(out)};
}

/// What a refusal is told with.
const char* label_of(PinSource source) {
    switch (source) {
        case PinSource::derived:
            return "PIN: verify";
        case PinSource::delivered:
            return "PIN: verify the delivered one (a PIN of the holder's own is given by --pin-file)";
        case PinSource::holder:
            return "PIN: verify the holder's";
    }
    return "";
}

}  // namespace

perso::Step Steps::secret_step(const std::string& id, std::string label, apdu::CommandApdu header,
                               std::size_t size, std::function<SecretBytes(const SecretAccess&)> data) {
    const auto& keyset = order_.keys.keyset(options_.pin.keyset);
    perso::SecretCommand command;
    command.header = std::move(header);
    command.data_size = size;
    command.names = fmt::format("{} v{:02X}{}", keyset.name, keyset.version,
                                keyset.development ? ", DEVELOPMENT KEYS" : "");
    command.data = std::move(data);
    auto out = step(id, std::move(label));
    out.written = 1;
    out.action = std::move(command);
    return out;
}

void Steps::set_puk() {
    const Derivation from{options_.pin.keyset, identity_, options_.pin.digits};
    auto set = secret_step("puk/set", "PUK: set", set_reference_header(puk_reference), puk_length,
                           [from](const SecretAccess& access) { return from.puk(access.store); });
    set.irreversible = true;
    add(std::move(set));
}

void Steps::set_pin() {
    const Derivation from{options_.pin.keyset, identity_, options_.pin.digits};
    keys::PinLetter letter;
    letter.chip = chip_;
    letter.holder_name = order_.record.name.given_fa + " " + order_.record.name.surname_fa;
    letter.document_number = order_.record.document_number;
    letter.must_change = options_.pin.transport;
    auto set = secret_step("pin/set", options_.pin.transport ? "PIN: set the transport PIN" : "PIN: set",
                           set_reference_header(pin_reference), from.digits,
                           [from, letter](const SecretAccess& access) {
                               SecretBytes pin = from.pin(access.store);
                               if (access.services.mailer != nullptr) {
                                   access.services.mailer->write(letter, pin, from.puk(access.store));
                               }
                               return pin;
                           });
    set.irreversible = true;
    add(std::move(set));
    plan_.transport_pin = perso::TransportPin{from.keyset, from.digits};
}

void Steps::prove_puk() {
    const Derivation from{options_.pin.keyset, identity_, options_.pin.digits};
    auto prove = secret_step("puk/prove", "PUK: prove that the one on the card is ours", reset_retry_header(),
                             puk_length + stored_pin_length, [from](const SecretAccess& access) {
                                 return joined(from.puk(access.store), from.pin(access.store),
                                               puk_length + stored_pin_length);
                             });
    prove.authenticates = true;
    prove.written = timing_.page_size + 1;  // the tries, and the PIN
    add(std::move(prove));
}

void Steps::verify_pin(PinSource source) {
    const Derivation from{options_.pin.keyset, identity_, options_.pin.digits};
    auto verify = secret_step("pin/verify", label_of(source), verify_header(), stored_pin_length,
                              [from, source](const SecretAccess& access) {
                                  if (source != PinSource::holder)
                                      return joined(from.pin(access.store), {}, stored_pin_length);
                                  return padded_pin(*access.services.holder_pin);
                              });
    if (source == PinSource::holder) {
        std::get<perso::SecretCommand>(verify.action).names = "the holder's PIN";
        verify.by_holder = true;
    }
    verify.delivered_pin = source == PinSource::delivered;
    verify.authenticates = true;
    add(std::move(verify));
    // the card takes it, else there is no receipt
    if (source != PinSource::holder) plan_.transport_pin = perso::TransportPin{from.keyset, from.digits};
}

}  // namespace kartsaz::app::pkcs15
