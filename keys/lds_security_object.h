// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "keys/crypto.h"

namespace kartsaz::keys {

/// LDSSecurityObject, the signed hashes of a passport's EF.SOD and of a PIV card's security object.
/// Source: ICAO Doc 9303-10, 4.6.2.3.
struct LdsSecurityObject {
    HashAlgorithm algorithm = HashAlgorithm::sha256;
    struct Group {
        std::uint8_t number = 0;  ///< data group, 1 to 16
        Bytes hash;
        friend bool operator==(const Group&, const Group&) = default;
    };
    std::vector<Group> groups{};                   ///< in the order of the object, each number once
    int version = 0;                               ///< 0, or 1, which carries the two versions below
    std::string lds_version{}, unicode_version{};  ///< "0108", "040000"; empty in version 0
    bool null_parameters = false;                  ///< the hash algorithm is written with NULL after its OID

    /// The group's hash, or null.
    const Bytes* find(unsigned number) const;
};

/// @throws Error{input_invalid}: no group, one twice or outside 1..16, a hash of the wrong size, another
/// version than 0 and 1, versions of the wrong form
Bytes encode_lds_security_object(const LdsSecurityObject& object);
/// @throws Error{input_invalid} naming offset and rule
LdsSecurityObject decode_lds_security_object(ByteView der);

/// "2.16.840.1.101.3.4.2.1"
std::string_view dotted_oid(HashAlgorithm algorithm);

}  // namespace kartsaz::keys
