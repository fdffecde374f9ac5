// SPDX-License-Identifier: Apache-2.0
// The keys of a PIV card: that the card has them, and what it says of them.
#include <fmt/format.h>

#include <algorithm>

#include "apdu/error.h"
#include "libcard/verify/checks_piv.h"
#include "libcard/verify/observation.h"
#include "libcard/verify/piv_facts.h"
#include "libcard/verify/piv_proof.h"

namespace kartsaz::verify {
namespace {

namespace pv = app::piv;

constexpr std::size_t least_challenge = 16;

/// References of keys that have a certificate, or that something is told of.
std::vector<std::uint8_t> key_references(const Piv& card) {
    std::vector<std::uint8_t> out;
    for (const auto& container : pv::containers()) {
        if (!container.key || container.id == pv::id_sm_signer) continue;
        const auto told = [&](const char* name) { return !card.key_fact(*container.key, name).empty(); };
        if (card.certificate(*container.key) != nullptr || told("public") || told("algorithm") ||
            told("signature") || told("agreement.secret"))
            out.push_back(*container.key);
    }
    return out;
}

std::string key_name(std::uint8_t key) {
    return fmt::format("key {:02X}", key);
}

Bytes hex_fact(const Piv& card, std::uint8_t key, const char* name) {
    try {
        return from_hex(card.key_fact(key, name));
    } catch (const Error&) {
        return {};
    }
}

/// What the card must prove: the certificate's key, else what the card shows. Empty: neither.
Bytes key_to_prove(const Piv& card, std::uint8_t key) {
    const auto* one = card.certificate(key);
    if (one != nullptr && one->details) return one->details->public_key;
    return hex_fact(card, key, "public");
}

bool key_proved(const Piv& card, std::uint8_t key, const Bytes& public_key) {
    if (const Bytes secret = hex_fact(card, key, "agreement.secret"); !secret.empty()) {
        return proves_agreement(public_key, hex_fact(card, key, "agreement.private"),
                                hex_fact(card, key, "agreement.peer"), secret);
    }
    return proves_key(public_key, card.key_fact(key, "digest"), hex_fact(card, key, "message"),
                      hex_fact(card, key, "signature"));
}

void not_challenged(const Piv& card, std::uint8_t key, Verdicts& verdicts) {
    const std::string why = card.key_fact(key, "why");
    std::string text = fmt::format("{} was not challenged: {}", key_name(key),
                                   why.empty() ? "no challenge was put to it" : why);
    if (const std::string pin = card.fact("pin.why"); !pin.empty()) text += " (" + pin + ")";
    const std::string state = card.fact("pin.state");
    const bool told = key != key_card_authentication &&
                      (state == "changed" || state == "refused" || state == "blocked" || state == "none");
    told ? verdicts.skip(text) : verdicts.note("chip", text);
}

void key_possession_of(const Piv& card, std::uint8_t key, Verdicts& verdicts) {
    const std::string sw = card.key_fact(key, "sw");
    if (!sw.empty()) {
        if (card.certificate(key) == nullptr) return verdicts.skip(fmt::format("{}: {}", key_name(key), sw));
        return verdicts.fault("chip", {}, "an answer to a challenge", sw,
                              fmt::format("{} does not answer a challenge: {}", key_name(key), sw));
    }
    const bool agreement = !card.key_fact(key, "agreement.secret").empty();
    if (!agreement && card.key_fact(key, "signature").empty()) return not_challenged(card, key, verdicts);
    const Bytes public_key = key_to_prove(card, key);
    if (public_key.empty())
        return verdicts.skip(fmt::format("{}: neither certificate nor card shows it", key_name(key)));
    if (!agreement && hex_fact(card, key, "message").size() < least_challenge) {
        return verdicts.fault(
            "chip", {}, "a challenge of 16 bytes or more", card.key_fact(key, "message"),
            fmt::format("the challenge to {} is too short to prove anything", key_name(key)));
    }
    if (key_proved(card, key, public_key))
        return verdicts.pass(
            fmt::format("{}: {}", key_name(key), agreement ? "agreed on a secret" : "signed a challenge"));
    const bool certified = card.certificate(key) != nullptr;
    verdicts.fault(certified ? card.certificate(key)->object : "chip", {}, "a proof by the certificate's key",
                   "a proof by another",
                   fmt::format("{} of the card is not that of its {}", key_name(key),
                               certified ? "certificate" : "public key"));
}

void key_possession(const Piv& card, Verdicts& verdicts) {
    for (const auto key : key_references(card)) key_possession_of(card, key, verdicts);
    verdicts.skip("no keys");
}

void key_public(const Piv& card, Verdicts& verdicts) {
    for (const auto key : key_references(card)) {
        const auto* one = card.certificate(key);
        const Bytes shown = hex_fact(card, key, "public");
        if (one == nullptr || !one->details || shown.empty()) continue;
        if (shown == one->details->public_key) {
            verdicts.pass(key_name(key));
        } else {
            verdicts.fault(one->object, one->at(one->details->public_key_at), "the key that the card shows",
                           "another",
                           fmt::format("the card shows another {} than its certificate", key_name(key)));
        }
    }
    verdicts.skip("the card shows no public key");
}

void key_certified(const Piv& card, Verdicts& verdicts) {
    for (const auto key : key_references(card)) {
        if (card.certificate(key) != nullptr) {
            verdicts.pass(key_name(key));
        } else {
            verdicts.warn("chip", {}, "a certificate", "none",
                          fmt::format("{} has no certificate on the card", key_name(key)));
        }
    }
    verdicts.skip("no keys");
}

/// Authentication and signature keys are made on the card and never leave it.
void key_origin(const Piv& card, Verdicts& verdicts) {
    for (const std::uint8_t key : {key_piv_authentication, key_signature}) {
        const std::string origin = card.key_fact(key, "origin");
        if (origin.empty()) continue;
        if (origin == "generated") {
            verdicts.pass(fmt::format("{}: generated", key_name(key)));
        } else {
            piv_lacks(card, verdicts, "chip", "generated", plain_text(origin),
                      fmt::format("{} was not made on the card", key_name(key)));
        }
    }
    verdicts.skip("the card does not tell where its keys come from");
}

void key_without_pin(const Piv& card, Verdicts& verdicts) {
    for (const auto key : key_references(card)) {
        const std::string sw = card.key_fact(key, "plain.sw");
        if (sw.empty() || key == key_card_authentication) continue;
        if (sw == "9000") {
            verdicts.fault("chip", {}, "6982 (security status not satisfied)", sw,
                           fmt::format("{} answers without the PIN", key_name(key)));
        } else {
            verdicts.pass(fmt::format("{}: {}", key_name(key), sw));
        }
    }
    verdicts.skip("no key was asked without the PIN");
}

}  // namespace

bool piv_key_proved(const Piv& card, std::uint8_t key) {
    const auto* one = card.certificate(key);
    return one != nullptr && one->details && key_proved(card, key, one->details->public_key);
}

void add_piv_key_checks(std::vector<Check>& checks) {
    const auto fatal = Severity::fatal;
    add_piv(checks,
            {{"piv.key.possession", "The card proves the private key of each certificate by a challenge",
              fatal, "FIPS 201-2", "6.2.3", piv_depth_proof, key_possession},
             {"piv.key.public", "The public keys that the card shows are those of its certificates", fatal,
              "SP 800-73-4 part 1", "3.2.1", piv_depth_proof, key_public},
             {"piv.key.certificate", "Each key has a certificate (a warning)", Severity::warning,
              "FIPS 201-2", "4.2.2", piv_depth_agreement, key_certified},
             {"piv.key.origin",
              "The keys for authentication and signature were made on the card (another's card: a warning)",
              fatal, "FIPS 201-2", "4.2.2", piv_depth_access, key_origin},
             {"piv.key.pin", "No key but that of 9E answers without the PIN", fatal, "SP 800-73-4 part 1",
              "table 4b", piv_depth_access, key_without_pin}});
}

}  // namespace kartsaz::verify
