// SPDX-License-Identifier: Apache-2.0
// Management key, PIN and PUK. All are derived from what the chip (or the document) is called, so a torn card
// can be gone on with; none is shown to anybody but PIN and PUK to the holder, by the letter.
#include <fmt/format.h>

#include "apdu/error.h"
#include "keys/crypto.h"
#include "keys/management_key.h"
#include "libcard/app/piv/key_commands.h"
#include "libcard/app/piv/plan_steps.h"

namespace kartsaz::app::piv {
namespace {

using keys::SecretBytes;
using perso::SecretAccess;

constexpr std::size_t puk_digits = 8;

/// What PIN and PUK of one card are derived from.
struct Derivation {
    std::string keyset;
    std::string identity;
    std::size_t digits = 0;

    SecretBytes pin(const keys::KeyStore& store) const {
        return keys::derive_pin(store.keyset(keyset), "pin", identity, digits);
    }
    SecretBytes puk(const keys::KeyStore& store) const {
        return keys::derive_pin(store.keyset(keyset), "puk", identity, puk_digits);
    }
};

SecretBytes one_after_other(const SecretBytes& first, const SecretBytes& second) {
    Botan::secure_vector<std::uint8_t> out;
    out.reserve(first.size() + second.size());
    for (const auto* part : {&first, &second}) {
        part->reveal([&](ByteView bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); });
    }
    return SecretBytes{std::move(out)};
}

/// What a refusal is told with.
const char* label_of_source(PinSource source) {
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

/// Between the two exchanges of a mutual proof. Nothing in it is a secret once it was sent.
struct Handshake {
    Bytes witness;   ///< as the card gave it, encrypted
    Bytes expected;  ///< what the card must make of our challenge
};

/// The management key that is on the card, when it is needed.
struct ManagementSource {
    Management on_card;
    std::string keyset, identity;

    SecretBytes key(const keys::KeyStore& store) const {
        if (on_card.owner == Management::Owner::factory) return factory_management_key();
        return keys::derive_management_key(store.keyset(keyset, on_card.version), identity, on_card.algorithm,
                                           management_key_size(on_card.algorithm));
    }
};

}  // namespace

perso::Step Steps::secret_step(const std::string& id, std::string label, apdu::CommandApdu header,
                               std::size_t size, const keys::Keyset& keyset,
                               std::function<SecretBytes(const SecretAccess&)> data) {
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

void Steps::authenticate() {
    const auto algorithm = own_.management.algorithm;
    const auto shared = std::make_shared<Handshake>();
    const std::size_t block = management_block(algorithm);
    auto ask = step("management/witness", "management key: ask for the card's witness");
    ask.action = ask_witness(algorithm);
    ask.response_size = 4 + block;
    ask.take = [shared](const apdu::ResponseApdu& answer, perso::Learned&) {
        shared->witness = dynamic_data(answer.data, 0x80);
    };
    add(std::move(ask));

    const ManagementSource source{own_.management, options_.management_keyset, identity_};
    perso::LateCommands late;
    late.expected = {answer_witness(algorithm, Bytes(block), Bytes(block))};
    late.make = [shared, source, algorithm](perso::Learned&, const perso::Services& services) {
        const auto key = source.key(services.store);
        const Bytes witness = under_management_key(algorithm, key, shared->witness, false);
        const Bytes challenge = keys::random_bytes(management_block(algorithm));
        shared->expected = under_management_key(algorithm, key, challenge, true);
        return std::vector{answer_witness(algorithm, witness, challenge)};
    };
    auto prove = step("management/prove",
                      fmt::format("management key: prove {} ({}), and have the card prove it",
                                  source.on_card.owner == Management::Owner::factory ? "the maker's" : "ours",
                                  management_name(algorithm)));
    prove.action = std::move(late);
    prove.response_size = 4 + block;
    prove.take = [shared](const apdu::ResponseApdu& answer, perso::Learned&) {
        if (keys::equal_constant_time(dynamic_data(answer.data, 0x82), shared->expected)) return;
        throw Error{Errc::card_refused,
                    "management key: the card did not prove that it has the key; nothing was written"};
    };
    add(std::move(prove));
}

void Steps::set_management_key() {
    const auto& keyset = order_.keys.keyset(options_.management_keyset);
    const auto algorithm = management_algorithm(options_, own_);
    const std::size_t size = management_key_size(algorithm);
    auto set = secret_step(
        "management/set", fmt::format("management key: set ours ({})", management_name(algorithm)),
        set_management_key_header(), 3 + size, keyset,
        [name = keyset.name, version = keyset.version, identity = identity_, algorithm,
         size](const SecretAccess& access) {
            return management_key_field(
                algorithm,
                keys::derive_management_key(access.store.keyset(name, version), identity, algorithm, size));
        });
    set.irreversible = true;
    add(std::move(set));
}

void Steps::set_puk() {
    const Derivation from{options_.pin.keyset, identity_, options_.pin.digits};
    auto set = secret_step(
        "puk/set", "PUK: set in place of the maker's", change_reference_header(puk_reference),
        2 * stored_pin_length, order_.keys.keyset(from.keyset), [from](const SecretAccess& access) {
            return one_after_other(padded_pin(factory_puk()), padded_pin(from.puk(access.store)));
        });
    set.irreversible = true;
    set.authenticates = true;
    set.written = timing_.page_size + 1;  // the tries, and the PUK
    // A card that does not tell whether its PUK is the maker's: the next step proves ours, and gives the try
    // back.
    if (!own_.puk_data) set.also_ok = {0x63C2, 0x63C4};
    add(std::move(set));
}

void Steps::set_pin() {
    const Derivation from{options_.pin.keyset, identity_, options_.pin.digits};
    keys::PinLetter letter;
    letter.chip = chip_;
    letter.holder_name = order_.record.name.given_fa + " " + order_.record.name.surname_fa;
    letter.document_number = order_.record.document_number;
    letter.must_change = options_.pin.transport;
    auto set = secret_step(
        "pin/set", options_.pin.transport ? "PIN: set the transport PIN by the PUK" : "PIN: set by the PUK",
        reset_retry_header(), 2 * stored_pin_length, order_.keys.keyset(from.keyset),
        [from, letter](const SecretAccess& access) {
            const SecretBytes pin = from.pin(access.store);
            const SecretBytes puk = from.puk(access.store);
            if (access.services.mailer != nullptr) access.services.mailer->write(letter, pin, puk);
            return one_after_other(padded_pin(puk), padded_pin(pin));
        });
    set.irreversible = true;
    set.authenticates = true;
    set.written = timing_.page_size + 1;
    add(std::move(set));
    plan_.transport_pin = perso::TransportPin{from.keyset, from.digits};
}

void Steps::verify_pin(PinSource source, const std::string& what_for) {
    const Derivation from{options_.pin.keyset, identity_, options_.pin.digits};
    auto verify = secret_step(fmt::format("pin/verify@{}", verified_++),
                              fmt::format("{}, for {}", label_of_source(source), what_for), verify_header(),
                              stored_pin_length, order_.keys.keyset(from.keyset),
                              [from, source](const SecretAccess& access) {
                                  if (source != PinSource::holder) return padded_pin(from.pin(access.store));
                                  return padded_pin(*access.services.holder_pin);
                              });
    verify.delivered_pin = source == PinSource::delivered;
    if (source == PinSource::holder) {
        std::get<perso::SecretCommand>(verify.action).names = "the holder's PIN";
        verify.by_holder = true;
    }
    verify.authenticates = true;
    add(std::move(verify));
    // the card takes it, else there is no receipt
    if (source != PinSource::holder) plan_.transport_pin = perso::TransportPin{from.keyset, from.digits};
}

}  // namespace kartsaz::app::piv
