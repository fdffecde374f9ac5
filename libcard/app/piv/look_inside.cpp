// SPDX-License-Identifier: Apache-2.0
// What is on a card that is not blank: whose management key answers, what can be read without PIN, which keys
// there are; and what its objects must be.
#include <fmt/format.h>

#include <algorithm>

#include "apdu/error.h"
#include "keys/card_identity.h"
#include "keys/crypto.h"
#include "keys/management_key.h"
#include "libcard/app/piv/certificate_order.h"
#include "libcard/app/piv/contents.h"
#include "libcard/app/piv/key_commands.h"
#include "libcard/app/piv/read_steps.h"

namespace kartsaz::app::piv {
namespace {

using Owner = Management::Owner;

std::string stage_in_words(Stage stage) {
    switch (stage) {
        case Stage::absent:
            return "none";
        case Stage::blank:
            return "blank";
        case Stage::begun:
            return "begun, not finished";
        case Stage::complete:
            return "complete";
    }
    return {};
}

void ask_key(apdu::Transport& card, std::uint8_t reference, State& own) {
    const auto response = card.transmit(metadata(reference));
    if (!response.sw.ok()) return;
    SeenKey key;
    try {
        const auto told = parse_metadata(response.data);
        if (!told.algorithm) return;
        key.algorithm = algorithm_of_id(*told.algorithm);
        key.imported = told.origin && own.capability.is_imported(*told.origin);
        if (key.algorithm && !told.public_key.empty())
            key.public_key = public_key_info(told.public_key, *key.algorithm);
    } catch (const Error& error) {
        if (error.code() != Errc::input_invalid) throw;  // a key is there, of whatever kind
    }
    own.keys[reference] = std::move(key);
}

class Insider {
public:
    Insider(apdu::Transport& card, const perso::Order& order, const Options& options, State& own,
            const std::string& identity)
        : card_{card}, order_{order}, options_{options}, own_{own}, identity_{identity} {}

    void operator()() {
        if (own_.management.owner == Owner::unknown) find_management_key();
        const bool blank = own_.management.owner == Owner::factory;
        if (!blank) {
            for (const auto id : {id_chuid, id_ccc, id_security_object}) {
                if (options_.wants(id)) read(id);
            }
        }
        // a maker's own is hashed, too
        if (options_.wants(id_key_history) || options_.wants(id_security_object)) read(id_key_history);
        for (const auto& slot : options_.slots) {
            read(slot.container);
            if (!blank && own_.has_metadata()) ask_key(card_, slot.reference, own_);
        }
        if (blank) look_for_others();
        if (!own_.discovery.empty()) own_.objects[id_discovery] = own_.discovery;
        own_.stage = blank ? Stage::blank : was_finished() ? Stage::complete : Stage::begun;
    }

private:
    bool was_finished() const {
        const Bytes* last = own_.object(options_.wants(id_ccc) ? id_ccc : id_chuid);
        if (last == nullptr) return false;
        if (options_.wants(id_ccc)) return *last == ccc_of(identity_);
        return is_whole_chuid(*last) && names_guid(*last, guid_of(identity_));
    }

    /// A card proves its key to nobody who has not proved it first, so each key that it can be is tried once:
    /// cards count no failures of it.
    void find_management_key() {
        for (const auto algorithm : algorithms()) {
            if (!own_.has_metadata()) {
                if (!card_.transmit(ask_witness(algorithm)).sw.ok()) continue;
                const bool possible = factory_management_key().size() == management_key_size(algorithm);
                if (possible && proves(algorithm, factory_management_key()))
                    return found(Owner::factory, algorithm, 0);
            }
            for (const auto* keyset : order_.keys.versions(options_.management_keyset)) {
                const auto key = keys::derive_management_key(*keyset, identity_, algorithm,
                                                             management_key_size(algorithm));
                if (proves(algorithm, key)) return found(Owner::issuer, algorithm, keyset->version);
            }
        }
    }

    std::vector<std::uint8_t> algorithms() const {
        if (!own_.has_metadata())
            return {algorithm_des3, algorithm_aes_192, algorithm_aes_256, algorithm_aes_128};
        const auto told = own_.management.algorithm;
        if (management_key_size(told) == 0) return {};
        return {told};
    }

    void found(Owner owner, std::uint8_t algorithm, std::uint8_t version) {
        own_.management = {owner, algorithm, version};
    }

    bool proves(std::uint8_t algorithm, const keys::SecretBytes& key) {
        const auto asked = card_.transmit(ask_witness(algorithm));
        if (!asked.sw.ok()) return false;
        try {
            const Bytes witness = under_management_key(algorithm, key, dynamic_data(asked.data, 0x80), false);
            const Bytes challenge = keys::random_bytes(management_block(algorithm));
            const auto answer = card_.transmit(answer_witness(algorithm, witness, challenge));
            return answer.sw.ok() &&
                   dynamic_data(answer.data, 0x82) == under_management_key(algorithm, key, challenge, true);
        } catch (const Error& error) {
            if (error.code() != Errc::input_invalid && error.code() != Errc::usage) throw;
            return false;
        }
    }

    void read(std::uint16_t id) {
        const auto& container = *container_of_id(id);
        const auto response = card_.transmit(get_data(container.tag, own_.capability.response));
        if (!response.sw.ok()) return;
        try {
            own_.objects[id] = value_in(container, response.data);
        } catch (const Error& error) {
            if (error.code() != Errc::input_invalid) throw;
            own_.objects[id] = response.data;  // something is there
        }
    }

    /// What somebody with the maker's management key may have put on the card: every key and certificate that
    /// is to be made, every object that is to be written, and the first of the retired keys. Those with a
    /// certificate begin at 82 and go up, the others at 95 and go down: SP 800-73-4 part 1, 3.3.3.
    void look_for_others() {
        constexpr std::uint8_t first_retired = 0x82, last_retired = 0x95;
        read(id_retired_first);
        if (own_.has_metadata()) {
            for (const auto reference : {first_retired, last_retired}) ask_key(card_, reference, own_);
            for (const auto& slot : options_.slots) ask_key(card_, slot.reference, own_);
        }
        if (options_.wants(id_security_object)) read(id_security_object);
        read_by_makers_pin();
    }

    /// Where the card says that its PIN is the maker's, so that no try is spent.
    void read_by_makers_pin() {
        std::vector<std::uint16_t> wanted;
        for (const auto id : {id_printed, id_fingerprints, id_face}) {
            if (options_.wants(id)) wanted.push_back(id);
        }
        const bool makers = own_.pin_data && own_.pin_data->factory.value_or(false);
        if (wanted.empty() || !makers || own_.pin_tries().value_or(0) < 2) return;
        if (!reading::verify_pin(card_, factory_pin()).ok()) return;
        for (const auto id : wanted) read(id);
    }

    apdu::Transport& card_;
    const perso::Order& order_;
    const Options& options_;
    State& own_;
    const std::string& identity_;
};

/// A card that carries another citizen's certificate is never gone on with for this record.
void refuse_other_citizen(const perso::Order& order, const Slot& slot, const State& own) {
    const auto certificate = certificate_of_slot(slot, own);
    if (!certificate || !slot.names_holder() || order.reassign) return;
    const auto& number = certificate->says.subject.serial_number;
    if (number.empty() || number == order.record.national_id) return;
    throw Error{Errc::card_refused,
                fmt::format("this card holds a certificate of another record (the national ID differs in the "
                            "{})",
                            container_of_id(slot.container)->name)};
}

void tell_slot(const Slot& slot, const State& own, perso::CardState& state) {
    const auto certificate = certificate_of_slot(slot, own);
    const auto key = own.keys.find(slot.reference);
    std::string text = key == own.keys.end() ? "none that is told of" : "there";
    if (key != own.keys.end() && key->second.imported) text = "imported";
    if (certificate)
        text +=
            fmt::format(", certificate until {}", record::from_unix(certificate->says.not_after).gregorian());
    state.facts[fmt::format("PIV key {:02X}", slot.reference)] = text;
}

std::string management_in_words(const Management& management) {
    const auto name = management_name(management.algorithm);
    switch (management.owner) {
        case Owner::factory:
            return fmt::format("{}, the maker's", name);
        case Owner::issuer:
            return fmt::format("{}, ours v{:02X}", name, management.version);
        case Owner::unknown:
            return "neither the maker's nor ours";
    }
    return {};
}

}  // namespace

void ask_keys(apdu::Transport& card, State& own) {
    for (const auto& container : containers()) {
        constexpr std::uint8_t secure_messaging = 0x04;  // the card's own, of its maker
        if (container.key && *container.key != secure_messaging) ask_key(card, *container.key, own);
    }
}

void look_inside(apdu::Transport& card, const perso::Order& order, perso::CardState& state) {
    auto& own = dynamic_cast<State&>(*state.applications.at("piv"));
    if (own.stage == Stage::absent) return;
    const Options options = read_options(order.profile);
    const std::string identity = keys::identity_of_card(state.chip.name, order.record.document_number);
    state.pending.reset();
    if (order.profile.applications.size() > 1)
        apdu::expect(card.transmit(own.select), "PIV application: select");
    Insider{card, order, options, own, identity}();
    for (const auto& slot : options.slots) {
        refuse_other_citizen(order, slot, own);
        if (own.stage != Stage::blank) tell_slot(slot, own, state);
    }
    own.contents = make_contents(order, options, own, identity);
    auto& facts = state.facts;
    facts["PIV state"] = stage_in_words(own.stage);
    facts["PIV management key"] = management_in_words(own.management);
    if (!own.contents.left_out.empty())
        facts["PIV left out"] = fmt::format("{}", fmt::join(own.contents.left_out, "; "));
    if (!own.contents.shrunk.empty()) facts["PIV photo"] = own.contents.shrunk;
    const bool complete = own.stage == Stage::complete;
    state.sealed = state.sealed || (complete && order.profile.applications.back() == "piv");
}

}  // namespace kartsaz::app::piv
