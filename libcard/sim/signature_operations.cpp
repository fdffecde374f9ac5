// SPDX-License-Identifier: Apache-2.0
// The signature application's keys: which one, for what, and the work with it.
#include "libcard/sim/signature.h"
#include "libcard/sim/signature_keys.h"
#include "libcard/sim/status.h"

namespace kartsaz::sim {
namespace {

constexpr std::uint8_t generate_rsa_2048 = 0xF3, generate_rsa_3072 = 0xF4, generate_rsa_4096 = 0xF5,
                       generate_ec_key = 0xEC;
constexpr std::uint8_t rsa_pkcs1 = 0x11, rsa_pss = 0x12, ecdsa = 0x21;
constexpr std::size_t pkcs1_padding = 11;
constexpr std::size_t longest_checked = 247;  // version 0 looks for this, two bytes more than fit

}  // namespace

unsigned Signature::rsa_bits() const {
    switch (algorithm_) {
        case generate_rsa_2048:
            return 2048;
        case generate_rsa_3072:
            return 3072;
        case generate_rsa_4096:
            return 4096;
        default:
            return 0;
    }
}

void Signature::keep_key(SignatureKey key) {
    state().keys.at(static_cast<std::size_t>(slot_)) = std::move(key);
    chip_.changed = true;
    // a key is as long as some pages of the non-volatile memory
    chip_.meter.write_page();
    chip_.meter.write_page();
}

std::uint16_t Signature::check_environment(std::uint8_t p2, std::uint8_t algorithm, int slot) const {
    if (p2 == 0x00) {
        const bool known = algorithm == generate_ec_key || algorithm == generate_rsa_2048 ||
                           (algorithm == generate_rsa_3072 && traits().rsa_3072) ||
                           (algorithm == generate_rsa_4096 && traits().version != 0);
        if (!known) return status::unsupported;
        return slot < 0 ? status::invalid : std::uint16_t{0x9000};
    }
    if (p2 != 0xB6 && p2 != 0xB8) return status::unsupported;
    const bool pss = algorithm == rsa_pss && traits().version != 0;
    const bool known =
        p2 == 0xB8 ? algorithm == rsa_pkcs1 : algorithm == rsa_pkcs1 || pss || algorithm == ecdsa;
    if (p2 == 0xB6 && slot == -1) return status::invalid;
    if (!known) return status::unsupported;
    if (slot == -1) return status::invalid;
    if (slot < 0) return status::fault;  // past the table of keys
    const SignatureKey& key = chip_.state.signature.keys.at(static_cast<std::size_t>(slot));
    if (key.pkcs8.empty()) return status::fault;
    return key.rsa == (algorithm != ecdsa) ? 0x9000 : status::invalid;
}

Answer Signature::manage_environment(const Command& command) {
    if (!pin_given_) return refuse(status::denied);
    const ByteView data{command.data};
    if (!simple_tlv_sound(data)) return refuse(status::invalid);
    std::uint8_t algorithm = 0;
    int slot = -1;
    if (command.p1 == 0x41) {
        const auto reference = simple_tlv(data, 0x80), key = simple_tlv(data, 0x84);
        if (data.size() > 0x7F || !reference || reference->size() != 1) return refuse(status::invalid);
        if (!key || key->size() != 1) return refuse(status::invalid);
        algorithm = (*reference)[0];
        slot = static_cast<std::int8_t>((*key)[0]);  // the applet takes it as a signed number
        if (slot >= static_cast<int>(signature_key_slots)) return refuse(status::invalid);
    } else if (command.p1 != 0xF3) {
        return refuse(status::unsupported);
    }
    if (const auto sw = check_environment(command.p2, algorithm, slot); sw != 0x9000) return refuse(sw);
    algorithm_ = algorithm;
    slot_ = slot;
    return {};
}

Answer Signature::generate(const Command& command) {
    if (!pin_given_) return refuse(status::denied);
    SignatureKey key;
    Answer answer;
    if (const unsigned bits = rsa_bits(); bits != 0) {
        if (command.p1p2() != 0x4200) return refuse(status::wrong_p1p2);
        if ((command.cla & 0x10) != 0) return refuse(0x6884);
        answer = generate_rsa(chip_, bits, key);
    } else if (algorithm_ == generate_ec_key) {
        if (command.p1p2() != 0x0000) return refuse(status::wrong_p1p2);
        std::uint16_t sw = 0;
        const auto parameters = gather(command, sw);
        if (!parameters) return refuse(sw);
        answer = generate_ec(chip_, *parameters, key);
    } else {
        return refuse(status::no_condition);
    }
    if (answer.sw != 0x9000) return answer;
    keep_key(std::move(key));
    return send(std::move(answer));
}

Answer Signature::perform(const Command& command) {
    if (!pin_given_) return refuse(status::denied);
    if (command.p1p2() == 0x9E9A) return sign(command);
    if (command.p1p2() == 0x8086) return decipher(command);
    return refuse(status::wrong_p1p2);
}

Answer Signature::sign(const Command& command) {
    if (algorithm_ != rsa_pkcs1 && algorithm_ != rsa_pss && algorithm_ != ecdsa)
        return refuse(status::no_condition);
    const SignatureKey& key = state().keys.at(static_cast<std::size_t>(slot_));
    if (algorithm_ == ecdsa) {
        std::uint16_t sw = 0;
        const auto data = gather(command, sw);
        if (!data) return refuse(sw);
        return sign_ecdsa(chip_, key, *data, traits().version == 0);
    }
    const std::size_t size = modulus_size(key);
    if (algorithm_ == rsa_pkcs1 && command.data.size() > size - pkcs1_padding) {
        const bool passed = traits().version == 0 && command.data.size() <= longest_checked;
        return refuse(passed ? status::fault : status::wrong_length);
    }
    Answer answer =
        algorithm_ == rsa_pss ? sign_pss(chip_, key, command.data) : sign_pkcs1(chip_, key, command.data);
    // an extended Le of 0000 is a number to the applet, and too small
    const bool room = !command.open_ended && command.ne >= answer.data.size();
    if (answer.sw == 0x9000 && !room) return refuse(0x6C00);
    return answer;
}

Answer Signature::decipher(const Command& command) {
    std::uint16_t sw = 0;
    const auto data = gather(command, sw);
    if (!data) return refuse(sw);
    if (data->empty() || data->front() != 0x00) return refuse(0x6A80);
    if (algorithm_ != rsa_pkcs1) return refuse(status::unsupported);
    const SignatureKey& key = state().keys.at(static_cast<std::size_t>(slot_));
    if (data->size() - 1 != modulus_size(key)) return refuse(status::wrong_length);
    return decipher_rsa(chip_, key, ByteView{*data}.subspan(1));
}

Answer Signature::import(const Command& command) {
    if (!pin_given_) return refuse(status::denied);
    if (command.p1p2() != 0x3FFF) return refuse(status::wrong_p1p2);
    if (!state().import_allowed) return refuse(0x6900);
    const unsigned bits = rsa_bits();
    if (bits == 0 && algorithm_ != generate_ec_key) return refuse(status::no_condition);
    std::uint16_t sw = 0;
    const auto data = gather(command, sw);
    if (!data) return refuse(sw);
    SignatureKey key;
    sw = bits != 0 ? import_rsa(chip_, *data, bits, key) : import_ec(chip_, *data, key);
    if (sw != 0x9000) return refuse(sw);
    keep_key(std::move(key));
    return {};
}

}  // namespace kartsaz::sim
