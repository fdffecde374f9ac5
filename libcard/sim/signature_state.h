// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "apdu/bytes.h"

/// What the signature application keeps without power.
namespace kartsaz::sim {

constexpr std::uint16_t signature_master = 0x3F00;
constexpr std::size_t signature_key_slots = 16;
constexpr std::size_t reference_length = 16;  ///< a PIN as it is stored, filled with 00; a PUK
constexpr std::uint8_t pin_tries = 3, puk_tries = 5;

struct SignatureFile {
    enum class Type : std::uint8_t { transparent = 0x01, records = 0x02, df = 0x38 };
    std::uint16_t fid = 0;
    std::uint16_t parent = signature_master;
    Type type = Type::transparent;
    Bytes fcp{};      ///< the template as CREATE FILE brought it; SELECT gives it back
    Bytes content{};  ///< of a transparent EF, as long as its size
};

struct SignatureKey {
    bool rsa = false;
    bool imported = false;
    Bytes pkcs8{};  ///< empty: no key in this slot
};

/// PIN or PUK.
struct Reference {
    Bytes value{};
    std::uint8_t tries = 0;
};

/// ISO/IEC 7816-4, 7.4.10: creation, initialization (PUK set), operational (PIN set).
enum SignatureLife : std::uint8_t {
    signature_creation = 0x00,
    signature_puk_set = 0x01,
    signature_operational = 0x05
};

struct SignatureState {
    std::uint8_t life = signature_creation;
    Reference pin{Bytes(reference_length, 0), pin_tries};
    std::optional<Reference> puk{};
    bool import_allowed = false;
    std::vector<SignatureFile> files{};  ///< in the order of their creation, without the master file
    std::array<SignatureKey, signature_key_slots> keys{};

    SignatureFile* file(std::uint16_t fid);
    const SignatureFile* file(std::uint16_t fid) const;
};

/// What the name of a file of ISO/IEC 7816-15 is; empty when its identifier has no fixed meaning.
std::string_view signature_file_name(std::uint16_t fid);

/// The value of field G of a body file.
Bytes encode_signature(const SignatureState& state);
/// @return  the rule that `value` broke, empty when it is sound
std::string decode_signature(ByteView value, SignatureState& state);

}  // namespace kartsaz::sim
