// SPDX-License-Identifier: Apache-2.0
// A challenge to each key, and to the management key.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "apdu/error.h"
#include "keys/issuer.h"
#include "keys/key_agreement.h"
#include "libcard/app/piv/key_commands.h"
#include "libcard/app/piv/objects.h"
#include "libcard/app/piv/read_steps.h"

namespace kartsaz::app::piv::reading {
namespace {

constexpr std::size_t challenge_size = 32;
constexpr std::uint8_t key_management = 0x9D, last_retired = 0x95, signature_key = 0x9C;
constexpr std::uint16_t denied = 0x6982;
constexpr std::uint8_t rsa_1024 = 0x06;

/// These may be keys that agree and do not sign: SP 800-78-4, table 6-1.
bool may_agree(const Slot& slot) {
    const bool curve = slot.algorithm && !is_rsa(*slot.algorithm);
    return curve && (slot.reference == key_management || slot.reference <= last_retired);
}

Bytes key_of_certificate(const DumpApplication& dump, const Container& container) {
    const auto* file = dump.file(file_name(container));
    if (file == nullptr || file->content.empty()) return {};
    try {
        const auto object = decode_certificate_object(file->content, container.name);
        return keys::certificate_facts(certificate_of(object, container.name)).public_key;
    } catch (const Error& error) {
        if (error.code() != Errc::input_invalid) throw;  // verification says what is wrong with it
        return {};
    }
}

/// The key as the card tells it; empty when it tells none that is known here.
Bytes told_key(const Metadata& told) {
    const auto algorithm = told.algorithm ? algorithm_of_id(*told.algorithm) : std::nullopt;
    if (!algorithm || told.public_key.empty()) return {};
    try {
        return public_key_info(told.public_key, *algorithm);
    } catch (const Error& error) {
        if (error.code() != Errc::input_invalid) throw;
        return {};
    }
}

void note_metadata(const Metadata& told, std::uint8_t reference, Facts& facts) {
    if (told.algorithm) {
        const auto known = algorithm_of_id(*told.algorithm);
        if (known) facts[key_fact(reference, "algorithm")] = keys::name(*known);
        if (*told.algorithm == rsa_1024) facts[key_fact(reference, "algorithm")] = "rsa-1024";
    }
    const auto key = told_key(told);
    if (!key.empty()) facts[key_fact(reference, "public")] = to_hex(key);
}

/// Cards number the origin from 0 (PivApplet) or from 1 (YubiKeys); one that tells 0 for anything is of the
/// first kind, and so is one whose empty places tell an origin.
std::string_view origin_in_words(std::uint8_t told, bool from_zero) {
    return told == (from_zero ? 0 : 1) ? "generated" : "imported";
}

struct Proof {
    apdu::StatusWord sw;
    Facts facts;  ///< without "key.<ref>."
};

Proof sign_challenge(apdu::Transport& card, const Slot& slot) {
    const Bytes message = keys::random_bytes(challenge_size);
    const auto digest = keys::digest_of(*slot.algorithm);
    apdu::ResponseApdu answer;
    for (const auto& part : sign(slot.reference, *slot.algorithm, keys::hash(digest, message))) {
        answer = card.transmit(part);
        if (!answer.sw.ok()) return {answer.sw, {}};
    }
    Proof out{answer.sw, {{"message", to_hex(message)}, {"digest", digest_name(digest)}}};
    try {
        out.facts["signature"] = to_hex(dynamic_data(answer.data, 0x82));
    } catch (const Error& error) {
        if (error.code() != Errc::input_invalid) throw;
        out.facts["why"] = fmt::format("it answered with no signature: {}", error.what());
    }
    return out;
}

Proof agree_challenge(apdu::Transport& card, const Slot& slot) {
    const auto challenge = keys::make_agreement_challenge(*slot.algorithm);
    const auto answer = card.transmit(agree(slot.reference, *slot.algorithm, challenge.point));
    if (!answer.sw.ok()) return {answer.sw, {}};
    Proof out{answer.sw,
              {{"agreement.private", to_hex(challenge.scalar)}, {"agreement.peer", to_hex(challenge.point)}}};
    try {
        out.facts["agreement.secret"] = to_hex(dynamic_data(answer.data, 0x82));
    } catch (const Error& error) {
        if (error.code() != Errc::input_invalid) throw;
        out.facts["why"] = fmt::format("it answered with no secret: {}", error.what());
    }
    return out;
}

Proof challenge(apdu::Transport& card, const Slot& slot) {
    auto proof = sign_challenge(card, slot);
    const bool other_use = !proof.sw.ok() && proof.sw.value() != denied && may_agree(slot);
    return other_use ? agree_challenge(card, slot) : proof;
}

void note(const Slot& slot, const Proof& proof, Facts& facts) {
    for (const auto& [name, value] : proof.facts) facts[key_fact(slot.reference, name)] = value;
    if (!proof.sw.ok()) facts[key_fact(slot.reference, "sw")] = sw_hex(proof.sw);
}

bool proved(const Slot& slot, const Facts& facts) {
    return facts.contains(key_fact(slot.reference, "message")) ||
           facts.contains(key_fact(slot.reference, "agreement.peer"));
}

}  // namespace

std::vector<Slot> find_slots(apdu::Transport& card, DumpApplication& out) {
    std::vector<Slot> slots;
    std::map<std::uint8_t, std::uint8_t> origins;
    bool from_zero = false, asks = true;
    for (const auto& container : containers()) {
        if (!container.key || container.id == id_sm_signer) continue;
        const std::uint8_t reference = *container.key;
        const auto told = asks ? ask_metadata(card, reference) : std::nullopt;
        // what answers for the PIN answers for keys, too; a card without it is not asked 24 times
        asks = asks && (told || out.facts.contains("pin.factory"));
        const bool has_key = told && told->algorithm;
        if (told && told->origin) from_zero = from_zero || *told->origin == 0;
        if (has_key) note_metadata(*told, reference, out.facts);
        if (has_key && told->origin) origins[reference] = *told->origin;
        const auto* file = out.file(file_name(container));
        if (!has_key && file == nullptr) continue;
        Bytes key = has_key ? told_key(*told) : Bytes{};
        if (key.empty() && !has_key) key = key_of_certificate(out, container);
        Slot slot{reference, key.empty() ? std::nullopt : keys::algorithm_of(key), {}};
        if (!slot.algorithm && has_key) slot.algorithm = algorithm_of_id(*told->algorithm);
        if (!slot.algorithm) slot.obstacle = "its algorithm is not known, or none that is proved here";
        if (slot.algorithm) out.facts[key_fact(reference, "algorithm")] = keys::name(*slot.algorithm);
        slots.push_back(std::move(slot));
    }
    for (const auto& [reference, told] : origins) {
        out.facts[key_fact(reference, "origin")] = origin_in_words(told, from_zero);
    }
    return slots;
}

void challenge_without_pin(apdu::Transport& card, const std::vector<Slot>& slots, Facts& facts) {
    for (const auto& slot : slots) {
        if (!slot.obstacle.empty()) continue;
        const auto proof = challenge(card, slot);
        facts[key_fact(slot.reference, "plain.sw")] = sw_hex(proof.sw);
        if (proof.sw.ok()) note(slot, proof, facts);
    }
}

void challenge_with_pin(apdu::Transport& card, const std::vector<Slot>& slots, PinDoor& door, bool verified,
                        Facts& facts) {
    for (const auto& slot : slots) {
        if (proved(slot, facts)) continue;
        const bool wants_pin =
            facts[key_fact(slot.reference, "plain.sw")] == sw_hex(apdu::StatusWord{denied});
        if (!slot.obstacle.empty()) {
            facts[key_fact(slot.reference, "why")] = slot.obstacle;
        } else if (wants_pin && !verified) {
            facts[key_fact(slot.reference, "why")] = "it needs the PIN";
        } else {
            if (slot.reference == signature_key && verified) door.again();
            auto proof = challenge(card, slot);
            if (proof.sw.value() == denied && verified && door.again()) proof = challenge(card, slot);
            note(slot, proof, facts);
        }
    }
}

}  // namespace kartsaz::app::piv::reading
