// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <set>

#include "apdu/error.h"
#include "apdu/tlv.h"
#include "keys/crypto.h"
#include "libcard/app/pkcs15/commands.h"
#include "libcard/app/pkcs15/read_steps.h"

namespace kartsaz::app::pkcs15::reading {
namespace {

constexpr std::size_t message_size = 32;
constexpr std::uint8_t references = 16;
constexpr std::uint16_t security_status = 0x6982;
/// No key behind the reference, of whatever kind: IsoApplet's answer, and ISO/IEC 7816-4's.
constexpr std::uint16_t no_key = 0x6F00, not_found = 0x6A88;

std::string fact(std::size_t index, const char* name) {
    return fmt::format("key.{}.{}", index, name);
}

bool signs(const PrivateKeyObject& key) {
    return (key.usage & (usage_sign | usage_sign_recover | usage_non_repudiation)) != 0;
}

/// A signature over `message`, the way of its algorithm.
apdu::ResponseApdu sign_with(apdu::Transport& card, keys::KeyAlgorithm algorithm, std::uint8_t reference,
                             ByteView message, bool hashes) {
    auto response = card.transmit(mse_sign(algorithm, reference));
    if (!response.sw.ok()) return {{}, response.sw};
    if (hashes && !is_rsa(algorithm)) return card.transmit(sign(algorithm, message));
    return card.transmit(sign(algorithm, keys::hash(keys::digest_of(algorithm), message)));
}

/// Why a key cannot be challenged at all; empty when it can.
std::string obstacle(const PrivateKeyObject& key, const std::optional<keys::KeyAlgorithm>& algorithm) {
    if (!signs(key)) return "it is not for signing";
    if (!algorithm) return "its algorithm is not known here";
    if (!key.reference || *key.reference > 0xFF) return "EF.PrKDF gives no reference for it";
    return {};
}

void challenge(apdu::Transport& card, const Slots& slots, std::size_t index, PinDoor& door, Facts& facts) {
    const auto& key = slots.keys[index];
    const auto algorithm = *slots.algorithms[index];
    const Bytes message = keys::random_bytes(message_size);
    const auto reference = static_cast<std::uint8_t>(*key.reference);
    auto response = sign_with(card, algorithm, reference, message, slots.hashes);
    if (response.sw.value() == security_status && key.common.user_consent && door.again())
        response = sign_with(card, algorithm, reference, message, slots.hashes);
    facts[fact(index, "message")] = to_hex(message);
    if (slots.hashes && !is_rsa(algorithm)) facts[fact(index, "digest")] = "sha1";
    if (response.sw.ok()) {
        facts[fact(index, "signature")] = to_hex(response.data);
    } else {
        facts[fact(index, "sw")] = sw_hex(response.sw);
    }
}

}  // namespace

void probe_without_pin(apdu::Transport& card, const Slots& slots, Facts& facts) {
    for (std::size_t i = 0; i < slots.keys.size(); ++i) {
        const auto& key = slots.keys[i];
        if (!obstacle(key, slots.algorithms[i]).empty()) continue;
        const auto sw = sign_with(card, *slots.algorithms[i], static_cast<std::uint8_t>(*key.reference),
                                  keys::random_bytes(message_size), slots.hashes)
                            .sw;
        facts[fact(i, "plain.sw")] = sw_hex(sw);
    }
}

void challenge_keys(apdu::Transport& card, const Slots& slots, PinDoor& door, bool verified, Facts& facts) {
    for (std::size_t i = 0; i < slots.keys.size(); ++i) {
        const auto& key = slots.keys[i];
        facts[fact(i, "id")] = to_hex(key.id);
        if (key.reference) facts[fact(i, "reference")] = std::to_string(*key.reference);
        if (slots.algorithms[i]) facts[fact(i, "algorithm")] = keys::name(*slots.algorithms[i]);
        const std::string why = obstacle(key, slots.algorithms[i]);
        const bool open = verified || facts[fact(i, "plain.sw")] == "9000";
        if (!why.empty()) {
            facts[fact(i, "why")] = why;
        } else if (!open) {
            facts[fact(i, "why")] = "it needs the PIN";
        } else {
            challenge(card, slots, i, door, facts);
        }
    }
}

void find_orphans(apdu::Transport& card, const Slots& slots, Facts& facts) {
    std::set<unsigned> named;
    for (const auto& key : slots.keys) {
        if (key.reference) named.insert(*key.reference);
    }
    const Bytes message(message_size, 0x00);
    for (std::uint8_t reference = 0; reference < references; ++reference) {
        if (named.contains(reference)) continue;
        for (const auto algorithm : {keys::KeyAlgorithm::ec_p256, keys::KeyAlgorithm::rsa_2048}) {
            const auto sw = sign_with(card, algorithm, reference, message, slots.hashes).sw;
            // 6Cxx: the signature is longer than was asked for, so there is one
            if (sw.ok() || sw.sw1() == 0x6C)
                facts[fmt::format("orphan.{}", reference)] = is_rsa(algorithm) ? "rsa" : "ec";
            // the PIN is gone, or the card has no such commands: every further answer would be the same
            if (sw.value() == security_status || sw.sw1() == 0x6D || sw.sw1() == 0x6E) return;
            if (sw.ok() || sw.value() == no_key || sw.value() == not_found) break;
        }
    }
}

Bytes key_of_certificate(ByteView certificate) {
    apdu::TlvReader in{certificate, "certificate"};
    auto outer = in.enter(in.next(0x30));
    auto tbs = outer.enter(outer.next(0x30));
    tbs.maybe(0xA0);                                                       // version
    for (const std::uint32_t tag : {0x02U, 0x30U, 0x30U, 0x30U, 0x30U}) {  // serial to subject
        tbs.next(tag);
    }
    const apdu::Tlv key = tbs.next(0x30);
    return {key.whole.begin(), key.whole.end()};
}

}  // namespace kartsaz::app::pkcs15::reading
