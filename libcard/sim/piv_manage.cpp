// SPDX-License-Identifier: Apache-2.0
// The PIV application's administration: key pairs made and imported, the management key, what it tells of its
// keys.
#include <algorithm>

#include "libcard/sim/piv.h"
#include "libcard/sim/piv_keys.h"
#include "libcard/sim/status.h"

namespace kartsaz::sim {
namespace {

constexpr std::uint8_t control_template = 0xAC, tag_algorithm = 0x80, tag_parameter = 0x81, pin_policy = 0xAA,
                       touch_policy = 0xAB;
constexpr std::uint8_t touch_never = 0x01;
constexpr std::uint16_t no_such_key = 0x6A88;
constexpr std::uint8_t pin_reference = 0x80, puk_reference = 0x81;

}  // namespace

bool Piv::slot(std::uint8_t reference) const {
    if (reference == piv_attestation_key) return traits().attests;
    return piv_key_reference(reference) && (reference > 0x95 || reference <= traits().last_retired);
}

bool Piv::has(std::uint8_t algorithm) const {
    const auto list = traits().algorithms;
    return std::find(list.begin(), list.end(), algorithm) != list.end();
}

PivKey Piv::blank_key(std::uint8_t reference, std::uint8_t algorithm) const {
    PivKey key{.algorithm = algorithm, .pin = piv_default_policy(reference)};
    // a policy stays with the place, whatever key comes there
    const auto old = state().keys.find(reference);
    if (old != state().keys.end()) key.pin = old->second.pin;
    return key;
}

std::uint16_t Piv::take_policy(std::uint32_t tag, ByteView value, PivKey& key) const {
    if (!traits().policies) return 0x9000;
    if (value.size() != 1) return status::wrong_data;
    if (tag == touch_policy) return value[0] <= touch_never ? std::uint16_t{0x9000} : status::unsupported;
    if (value[0] > piv_always) return status::unsupported;
    if (value[0] != 0) key.pin = value[0];
    return 0x9000;
}

void Piv::keep(std::uint8_t reference, PivKey key) {
    state().keys[reference] = std::move(key);
    chip_.changed = true;
    // a key is as long as some pages of the non-volatile memory
    chip_.meter.write_page();
    chip_.meter.write_page();
}

Answer Piv::generate(const Command& command) {
    if (command.p1 != 0x00 || !slot(command.p2)) return refuse(status::wrong_p1p2);
    if (!managed_) return refuse(status::denied);
    ByteView rest{gathered_};
    const auto control = take_object(rest);
    if (!control || control->tag != control_template || !rest.empty()) return refuse(status::wrong_data);
    PivKey key = blank_key(command.p2, 0);
    rest = control->value;
    while (!rest.empty()) {
        const auto part = take_object(rest);
        if (!part) return refuse(status::wrong_data);
        if (part->tag == tag_algorithm && part->value.size() == 1) {
            key.algorithm = part->value[0];
        } else if (part->tag == pin_policy || part->tag == touch_policy) {
            if (const auto sw = take_policy(part->tag, part->value, key); sw != 0x9000) return refuse(sw);
        } else if (part->tag != tag_parameter) {
            return refuse(status::wrong_data);
        }
    }
    if (!has(key.algorithm)) return refuse(status::wrong_data);
    key.pkcs8 = piv_generate(chip_.rng, key.algorithm);
    if (piv_is_rsa(key.algorithm)) {
        chip_.meter.rsa_generate(piv_bits(key.algorithm));
    } else {
        chip_.meter.ecc(1, piv_bits(key.algorithm));
    }
    Answer answer{object(0x7F49, piv_public(key))};
    keep(command.p2, std::move(key));
    return answer;
}

Answer Piv::import(const Command& command) {
    if (!managed_) return refuse(status::denied);
    if (!slot(command.p2) || command.p2 == piv_attestation_key || !has(command.p1))
        return refuse(status::wrong_p1p2);
    PivKey key = blank_key(command.p2, command.p1);
    key.imported = true;
    ByteView rest{gathered_};
    while (!rest.empty()) {
        const auto part = take_object(rest);
        if (!part) return refuse(status::wrong_data);
        const bool policy = part->tag == pin_policy || part->tag == touch_policy;
        if (!policy && (part->tag == 0 || part->tag > 0x08)) return refuse(status::wrong_data);
        if (!policy) continue;
        if (const auto sw = take_policy(part->tag, part->value, key); sw != 0x9000) return refuse(sw);
    }
    auto pkcs8 = piv_import(chip_, command.p1, gathered_);
    if (!pkcs8) return refuse(status::wrong_data);
    key.pkcs8 = std::move(*pkcs8);
    keep(command.p2, std::move(key));
    return {};
}

/// FF FF: touch never; algorithm, reference 9B, length, key.
Answer Piv::set_management(const Command& command) {
    constexpr std::size_t head = 3;
    if (command.p1p2() != 0xFFFF) return refuse(status::wrong_p1p2);
    if (!managed_) return refuse(status::denied);
    const ByteView data{gathered_};
    if (data.size() <= head) return refuse(traits().wrong_length);
    const std::uint8_t algorithm = data[0];
    const auto list = traits().management;
    const bool known = std::find(list.begin(), list.end(), algorithm) != list.end();
    const std::size_t length = piv_management_length(algorithm);
    if (!known || data[1] != piv_management_key || data[2] != length) return refuse(status::wrong_data);
    if (data.size() != head + length) return refuse(traits().wrong_length);
    state().management = {algorithm, false, Bytes{data.begin() + head, data.end()}};
    chip_.changed = true;
    chip_.meter.write_page();
    return {};
}

Answer Piv::metadata(const Command& command) {
    if (command.p1 != 0x00) return refuse(status::wrong_p1p2);
    if (!gathered_.empty()) return refuse(status::wrong_length);
    const std::uint8_t reference = command.p2;
    const bool brief = traits().short_metadata;
    if (reference == pin_reference || reference == puk_reference) {
        const PivReference& told = reference == pin_reference ? state().pin : state().puk;
        Bytes out = brief ? Bytes{} : object(0x01, Bytes{0xFF});
        append(out, object(0x05, Bytes{static_cast<std::uint8_t>(told.factory)}));
        append(out, object(0x06, Bytes{told.full, told.tries}));
        return {std::move(out)};
    }
    if (reference == piv_management_key) {
        const PivManagement& key = state().management;
        const Bytes factory = object(0x05, Bytes{static_cast<std::uint8_t>(key.factory)});
        const Bytes algorithm = object(0x01, Bytes{key.algorithm});
        if (brief) return {concat({algorithm, factory, from_hex("02020101 030100")})};
        return {concat({algorithm, from_hex("02020001"), factory})};
    }
    if (!slot(reference) || (brief && reference == piv_attestation_key)) return refuse(status::wrong_p1p2);
    return key_metadata(reference);
}

Answer Piv::key_metadata(std::uint8_t reference) {
    const bool brief = traits().short_metadata;
    const auto found = state().keys.find(reference);
    if (found == state().keys.end()) {
        // the applet tells the policy of an empty place, a YubiKey nothing
        if (!brief) return refuse(no_such_key);
        const Bytes policy{piv_default_policy(reference), touch_never};
        return {concat({object(0x02, policy), object(0x03, Bytes{0x00})})};
    }
    const PivKey& key = found->second;
    const auto imported = static_cast<std::uint8_t>(key.imported);
    const auto origin = static_cast<std::uint8_t>(brief ? imported : imported + 1);
    return {concat({object(0x01, Bytes{key.algorithm}), object(0x02, Bytes{key.pin, key.touch}),
                    object(0x03, Bytes{origin}), object(0x04, piv_public(key))})};
}

/// A key of the card attested by the one in place F9.
Answer Piv::attest(const Command& command) {
    const auto subject = state().keys.find(command.p1);
    const auto signer = state().keys.find(piv_attestation_key);
    const bool both = subject != state().keys.end() && signer != state().keys.end();
    if (command.p2 != 0x00 || !slot(command.p1) || !both) return refuse(status::wrong_p1p2);
    return {piv_attestation(traits(), chip_.rng, command.p1, subject->second, signer->second)};
}

Answer Piv::wipe(const Command& command) {
    if (command.p1p2() != 0x0000) return refuse(status::wrong_p1p2);
    if (state().pin.tries != 0 || state().puk.tries != 0) return refuse(status::denied);
    state() = fresh_piv(traits(), chip_.rng);
    reset();
    chip_.changed = true;
    for (int page = 0; page < 4; ++page) chip_.meter.write_page();
    return {};
}

}  // namespace kartsaz::sim
