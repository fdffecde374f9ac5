// SPDX-License-Identifier: Apache-2.0
#include "libcard/sim/piv_state.h"

#include <algorithm>
#include <array>

#include "libcard/sim/fields.h"

namespace kartsaz::sim {
namespace {

constexpr std::size_t largest_object = 65535;
constexpr std::uint32_t discovery = 0x7E, biometric_group = 0x7F61;

struct ObjectName {
    std::uint32_t tag;
    std::string_view name;
};
constexpr std::array<ObjectName, 20> object_names{{
    {0x5FC101, "card authentication certificate"},
    {0x5FC102, "CHUID"},
    {0x5FC103, "fingerprints"},
    {0x5FC105, "PIV authentication certificate"},
    {0x5FC106, "security object"},
    {0x5FC107, "CCC"},
    {0x5FC108, "facial image"},
    {0x5FC109, "printed information"},
    {0x5FC10A, "digital signature certificate"},
    {0x5FC10B, "key management certificate"},
    {0x5FC10C, "key history"},
    {0x5FC121, "iris images"},
    {0x5FC122, "secure messaging certificate signer"},
    {0x5FC123, "pairing code reference"},
    {discovery, "discovery object"},
    {biometric_group, "biometric information templates"},
    {0x5FFF00, "administrator data"},
    {0x5FFF01, "attestation certificate"},
    {0x5FFF10, "key map"},
    {0x5FFF11, "root certificates"},
}};

bool object_tag(std::uint32_t tag) {
    const std::uint32_t group = tag >> 8;
    return group == 0x5FC1 || group == 0x5FFF || tag == discovery || tag == biometric_group;
}

Bytes reference(const PivReference& value) {
    return concat({Bytes{value.tries, value.full, static_cast<std::uint8_t>(value.factory)}, value.value});
}

std::string take(ByteView value, PivReference& out) {
    if (value.size() != 3 + piv_reference_length) return "a PIN or PUK of the PIV application has 11 bytes";
    if (value[0] > value[1]) return "a PIN or PUK of the PIV application has more tries than it began with";
    out = {Bytes{value.begin() + 3, value.end()}, value[0], value[1], value[2] != 0};
    return {};
}

std::string take_management(ByteView value, PivState& state) {
    const std::size_t length = value.size() < 2 ? 0 : piv_management_length(value[0]);
    if (length == 0 || value.size() != 2 + length) {
        return "a management key is as long as its algorithm (03, 08, 0A, 0C) wants";
    }
    state.management = {value[0], value[1] != 0, Bytes{value.begin() + 2, value.end()}};
    return {};
}

std::string take_object(ByteView value, PivState& state) {
    if (value.size() < 3 || value.size() > 3 + largest_object)
        return "a container has a tag of three bytes and at most 65535 more";
    const auto tag = static_cast<std::uint32_t>(big_endian(value.first(3)));
    if (!object_tag(tag)) return "a container's tag is 5FC1xx, 5FFFxx, 7E or 7F61";
    if (!state.objects.try_emplace(tag, value.begin() + 3, value.end()).second)
        return "a container is there twice";
    return {};
}

std::string take_key(ByteView value, PivState& state) {
    constexpr std::size_t head = 5;
    if (value.size() <= head) return "a PIV key has five bytes and a value";
    if (!piv_key_reference(value[0])) return "a PIV key's reference is 9A, 9C, 9D, 9E, 82 to 95 or F9";
    const bool pair = !piv_algorithm_name(value[1]).empty() && piv_management_length(value[1]) == 0;
    if (!pair) return "a PIV key has an algorithm of key pairs";
    if (value[3] < piv_never || value[3] > piv_always) return "a PIV key's PIN policy is 01, 02 or 03";
    PivKey key{value[1], value[2] != 0, value[3], value[4], Bytes{value.begin() + head, value.end()}};
    if (!state.keys.try_emplace(value[0], std::move(key)).second) return "a PIV key is there twice";
    return {};
}

std::string take_field(char name, ByteView value, PivState& state) {
    switch (name) {
        case 'p':
            return take(value, state.pin);
        case 'u':
            return take(value, state.puk);
        case 'a':
            return take_management(value, state);
        case 'o':
            return take_object(value, state);
        case 'k':
            return take_key(value, state);
        default:
            return "a field of the PIV application has an unknown name";
    }
}

}  // namespace

std::size_t PivState::stored() const {
    std::size_t sum = 0;
    for (const auto& [tag, content] : objects) sum += content.size();
    return sum;
}

std::uint32_t PivState::tag_of(std::uint16_t id) const {
    for (const auto& [tag, content] : objects) {
        if ((tag & 0xFFFF) == id) return tag;
    }
    return 0;
}

std::string_view piv_object_name(std::uint32_t tag) {
    if (tag >= 0x5FC10D && tag <= 0x5FC120) return "retired key management certificate";
    const auto* const found = std::find_if(object_names.begin(), object_names.end(),
                                           [tag](const ObjectName& known) { return known.tag == tag; });
    return found == object_names.end() ? std::string_view{} : found->name;
}

bool piv_object_id(std::uint16_t id) {
    return id >> 8 == 0xC1 || id >> 8 == 0xFF || id == discovery || id == biometric_group;
}

std::string_view piv_algorithm_name(std::uint8_t algorithm) {
    switch (algorithm) {
        case piv_des3:
            return "3DES";
        case piv_aes_128:
            return "AES-128";
        case piv_aes_192:
            return "AES-192";
        case piv_aes_256:
            return "AES-256";
        case piv_rsa_1024:
            return "RSA 1024";
        case piv_rsa_2048:
            return "RSA 2048";
        case piv_rsa_3072:
            return "RSA 3072";
        case piv_rsa_4096:
            return "RSA 4096";
        case piv_p256:
            return "EC P-256";
        case piv_p384:
            return "EC P-384";
        case piv_ed25519:
            return "Ed25519";
        case piv_x25519:
            return "X25519";
        default:
            return {};
    }
}

std::size_t piv_management_length(std::uint8_t algorithm) {
    switch (algorithm) {
        case piv_aes_128:
            return 16;
        case piv_des3:
        case piv_aes_192:
            return 24;
        case piv_aes_256:
            return 32;
        default:
            return 0;
    }
}

std::uint8_t piv_default_policy(std::uint8_t reference) {
    if (reference == 0x9C) return piv_always;
    return reference == 0x9E || reference == piv_attestation_key ? piv_never : piv_once;
}

bool piv_key_reference(std::uint8_t reference) {
    const bool retired = reference >= 0x82 && reference <= 0x95;
    return retired || reference == 0x9A || (reference >= 0x9C && reference <= 0x9E) ||
           reference == piv_attestation_key;
}

Bytes encode_piv(const PivState& state) {
    Bytes out;
    out.reserve(state.stored() + 256);
    put_field(out, 'p', reference(state.pin));
    put_field(out, 'u', reference(state.puk));
    const PivManagement& management = state.management;
    put_field(out, 'a',
              concat({Bytes{management.algorithm, static_cast<std::uint8_t>(management.factory)},
                      management.value}));
    for (const auto& [tag, content] : state.objects) {
        put_field(out, 'o', concat({big_endian(tag, 3), content}));
    }
    for (const auto& [slot, key] : state.keys) {
        const Bytes head{slot, key.algorithm, static_cast<std::uint8_t>(key.imported), key.pin, key.touch};
        put_field(out, 'k', concat({head, key.pkcs8}));
    }
    return out;
}

std::string decode_piv(ByteView value, PivState& state) {
    state = {};
    while (!value.empty()) {
        if (value.size() < field_head) return "a field of the PIV application needs five bytes";
        const std::size_t length = big_endian(value.subspan(1, 4));
        if (value.size() - field_head < length) return "a field of the PIV application is too long";
        const std::string rule =
            take_field(static_cast<char>(value[0]), value.subspan(field_head, length), state);
        if (!rule.empty()) return rule;
        value = value.subspan(field_head + length);
    }
    const bool whole =
        !state.pin.value.empty() && !state.puk.value.empty() && !state.management.value.empty();
    return whole ? "" : "the PIV application needs a PIN, a PUK and a management key";
}

}  // namespace kartsaz::sim
