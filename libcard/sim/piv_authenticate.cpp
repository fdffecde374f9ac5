// SPDX-License-Identifier: Apache-2.0
// GENERAL AUTHENTICATE: the management key's proofs, and the use of key pairs.
#include <utility>

#include "libcard/sim/crypt.h"
#include "libcard/sim/piv.h"
#include "libcard/sim/piv_keys.h"
#include "libcard/sim/status.h"

namespace kartsaz::sim {
namespace {

constexpr std::uint8_t dynamic_template = 0x7C, tag_witness = 0x80, tag_challenge = 0x81, tag_response = 0x82,
                       tag_exponentiation = 0x85;
constexpr std::uint8_t any_algorithm = 0x00;
constexpr std::uint8_t key_management = 0x9D;

/// What stands in the dynamic authentication template, SP 800-73-4 part 2, table 7.
struct Proof {
    std::optional<ByteView> witness{}, challenge{}, response{}, exponentiation{};
};

std::optional<Proof> proof_in(ByteView data) {
    const auto outer = take_object(data);
    if (!outer || outer->tag != dynamic_template || !data.empty()) return std::nullopt;
    Proof proof;
    ByteView rest = outer->value;
    while (!rest.empty()) {
        const auto next = take_object(rest);
        if (!next) return std::nullopt;
        std::optional<ByteView>* place = nullptr;
        if (next->tag == tag_witness) place = &proof.witness;
        if (next->tag == tag_challenge) place = &proof.challenge;
        if (next->tag == tag_response) place = &proof.response;
        if (next->tag == tag_exponentiation) place = &proof.exponentiation;
        if (place == nullptr || *place) return std::nullopt;
        *place = next->value;
    }
    return proof;
}

bool asks(const std::optional<ByteView>& field) {
    return field && field->empty();
}

bool brings(const std::optional<ByteView>& field) {
    return field && !field->empty();
}

std::string cipher_of(std::uint8_t algorithm) {
    return algorithm == piv_des3 ? "TripleDES" : std::string{piv_algorithm_name(algorithm)};
}

std::size_t block_of(std::uint8_t algorithm) {
    return algorithm == piv_des3 ? 8 : 16;
}

Answer answer_with(std::uint8_t tag, ByteView value) {
    return {object(dynamic_template, object(tag, value))};
}

}  // namespace

Bytes Piv::under_management_key(ByteView blocks) {
    const PivManagement& key = state().management;
    if (key.algorithm == piv_des3) {
        chip_.meter.des(blocks.size());
    } else {
        chip_.meter.aes(blocks.size());
    }
    return encrypt_blocks(cipher_of(key.algorithm), key.value, blocks);
}

bool Piv::pin_satisfies(std::uint8_t policy) const {
    if (policy == piv_never) return true;
    return pin_given_ && (policy != piv_always || after_verify_ != 0);
}

Answer Piv::general_authenticate(const Command& command) {
    return command.p2 == piv_management_key ? administer(command) : use_key(command);
}

Answer Piv::use_key(const Command& command) {
    const std::uint8_t reference = command.p2;
    if (!slot(reference) || reference == piv_attestation_key) return refuse(status::wrong_p1p2);
    const auto found = state().keys.find(reference);
    const bool there = found != state().keys.end();
    const std::uint8_t policy = there ? found->second.pin : piv_default_policy(reference);
    if (!pin_satisfies(policy)) return refuse(status::denied);
    const auto proof = proof_in(gathered_);
    if (!proof) return refuse(status::wrong_data);
    if (!there || found->second.algorithm != command.p1) return refuse(status::wrong_p1p2);
    const bool one = brings(proof->challenge) != brings(proof->exponentiation);
    if (!asks(proof->response) || proof->witness || !one) return refuse(status::wrong_data);
    const bool agrees = brings(proof->exponentiation);
    if (agrees && traits().agreement_on_9d && reference > 0x95 && reference != key_management)
        return refuse(status::denied);
    const auto result = agrees ? piv_agree(chip_, found->second, *proof->exponentiation)
                               : piv_sign(chip_, found->second, *proof->challenge, traits().hashes_only);
    if (!result) return refuse(status::wrong_data);
    if (policy == piv_always && traits().pin_used_up) close_pin();
    return answer_with(tag_response, *result);
}

Answer Piv::administer(const Command& command) {
    // others' programs ask for random bytes by 00, whatever the key is
    const std::uint8_t any = traits().any_is_own ? state().management.algorithm : std::uint8_t{piv_des3};
    const std::uint8_t algorithm = command.p1 == any_algorithm ? any : command.p1;
    if (algorithm != state().management.algorithm) return refuse(status::wrong_p1p2);
    const auto proof = proof_in(gathered_);
    if (!proof || proof->exponentiation) return refuse(status::wrong_data);
    if (asks(proof->witness) && !proof->challenge && !proof->response) return ask_proof(tag_witness);
    if (asks(proof->challenge) && !proof->witness && !proof->response) return ask_proof(tag_challenge);
    if (brings(proof->witness) && brings(proof->challenge) && !brings(proof->response)) {
        return mutual_proof(*proof->witness, *proof->challenge);
    }
    if (brings(proof->response) && !proof->witness && !proof->challenge)
        return single_proof(*proof->response);
    const bool internal = brings(proof->challenge) && asks(proof->response) && !proof->witness;
    if (!internal) return refuse(status::wrong_data);
    if (!managed_) return refuse(status::denied);
    if (proof->challenge->size() != block_of(algorithm)) return refuse(status::wrong_data);
    return answer_with(tag_response, under_management_key(*proof->challenge));
}

Answer Piv::ask_proof(std::uint8_t tag) {
    managed_ = false;
    challenge_ = chip_.rng.bytes(block_of(state().management.algorithm));
    asked_ = tag == tag_witness ? Asked::witness : Asked::challenge;
    return answer_with(tag, tag == tag_witness ? under_management_key(challenge_) : challenge_);
}

/// Good for one attempt, as the next one.
Answer Piv::mutual_proof(ByteView witness, ByteView challenge) {
    const bool asked = std::exchange(asked_, Asked::nothing) == Asked::witness;
    const Bytes mine = std::exchange(challenge_, {});
    if (!asked || !same(mine, witness)) return refuse(traits().not_proved);
    if (challenge.size() != mine.size()) return refuse(status::wrong_data);
    managed_ = true;
    return answer_with(tag_response, under_management_key(challenge));
}

Answer Piv::single_proof(ByteView response) {
    const bool asked = std::exchange(asked_, Asked::nothing) == Asked::challenge;
    const Bytes mine = std::exchange(challenge_, {});
    if (!asked || !same(under_management_key(mine), response)) return refuse(traits().not_proved);
    managed_ = true;
    return {};
}

}  // namespace kartsaz::sim
