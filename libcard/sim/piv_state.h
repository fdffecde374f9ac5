// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "apdu/bytes.h"

/// What the PIV application keeps without power.
namespace kartsaz::sim {

constexpr std::size_t piv_reference_length = 8;  ///< PIN (filled with FF) and PUK
constexpr std::uint8_t piv_management_key = 0x9B, piv_attestation_key = 0xF9;

/// Identifiers of algorithms: SP 800-78-4, table 6-2; 05, 16, E0 and E1 are YubiKeys'.
enum PivAlgorithm : std::uint8_t {
    piv_des3 = 0x03,
    piv_rsa_3072 = 0x05,
    piv_rsa_1024 = 0x06,
    piv_rsa_2048 = 0x07,
    piv_aes_128 = 0x08,
    piv_aes_192 = 0x0A,
    piv_aes_256 = 0x0C,
    piv_p256 = 0x11,
    piv_p384 = 0x14,
    piv_rsa_4096 = 0x16,
    piv_ed25519 = 0xE0,
    piv_x25519 = 0xE1
};

/// When a key wants the PIN; 00 in a command: as SP 800-73-4 has it for the key.
enum PivPolicy : std::uint8_t { piv_never = 1, piv_once = 2, piv_always = 3 };

struct PivReference {
    Bytes value{};
    std::uint8_t tries = 0, full = 0;
    bool factory = true;  ///< as the maker set it
};

struct PivKey {
    std::uint8_t algorithm = 0;
    bool imported = false;
    std::uint8_t pin = piv_once;
    std::uint8_t touch = 1;  ///< never
    Bytes pkcs8{};
};

struct PivManagement {
    std::uint8_t algorithm = piv_des3;
    bool factory = true;
    Bytes value{};
};

struct PivState {
    PivReference pin{}, puk{};
    PivManagement management{};
    std::map<std::uint32_t, Bytes> objects{};  ///< by tag: content of 53, of 7E, of 7F61
    std::map<std::uint8_t, PivKey> keys{};     ///< by reference

    std::size_t stored() const;
    /// The tag of the object whose last two bytes are `id`; 0: there is none.
    std::uint32_t tag_of(std::uint16_t id) const;
};

/// Name of a container in SP 800-73-4, part 1, table 3; empty when the tag is none of them.
std::string_view piv_object_name(std::uint32_t tag);
/// These are the last two bytes of a container's tag: C1xx, FFxx, 007E, 7F61.
bool piv_object_id(std::uint16_t id);
/// "RSA 2048", "EC P-256", "AES-128"; empty: no algorithm of this number.
std::string_view piv_algorithm_name(std::uint8_t algorithm);
/// Bytes of a management key of this algorithm; 0: it is none.
std::size_t piv_management_length(std::uint8_t algorithm);
/// SP 800-73-4, part 1, table 4b: 9C always, 9E never, the others once.
std::uint8_t piv_default_policy(std::uint8_t reference);
/// 9A, 9C, 9D, 9E, 82 to 95, F9.
bool piv_key_reference(std::uint8_t reference);

/// The value of field V of a body file.
Bytes encode_piv(const PivState& state);
/// @return  the rule that `value` broke, empty when it is sound
std::string decode_piv(ByteView value, PivState& state);

}  // namespace kartsaz::sim
