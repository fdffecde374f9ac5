// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "keys/lds_security_object.h"
#include "libcard/app/piv/fields.h"

/// The security object: which containers are hashed, and the signed hashes. Source: SP 800-73-4 part 1, 3.1.7
/// and table 13.
namespace kartsaz::app::piv {

struct SecurityObject {
    struct Entry {
        std::uint8_t group = 0;  ///< data group number, 1..16: any, each card has its own
        std::uint16_t container = 0;
        friend bool operator==(const Entry&, const Entry&) = default;
    };
    std::vector<Entry> map;  ///< BA
    Bytes cms;               ///< BB
    Offsets offsets{};
};
/// @throws Error{input_invalid}: a group or container twice, a group outside 1..16
Bytes encode_security_object(const SecurityObject& object);
SecurityObject decode_security_object(ByteView value);

/// The signed hashes: an LDSSecurityObject of version 0, its hash algorithm with NULL.
using LdsHashes = keys::LdsSecurityObject;
Bytes encode_lds_hashes(const LdsHashes& hashes);
/// @throws Error{input_invalid}
LdsHashes decode_lds_hashes(ByteView der);

/// What of a container the security object hashes: the whole value; of the discovery object what stands
/// inside 7E. @throws Error{input_invalid}
Bytes hashed_part(std::uint16_t container, ByteView value);

struct HashFinding {
    enum class Kind {
        ok,
        mismatch,
        no_hash,   ///< the map names a group that no hash is signed for
        no_map,    ///< a hash is signed whose group the map does not name
        absent,    ///< the container is not there
        uncovered  ///< the container is there, and no hash is signed for it
    };
    Kind kind = Kind::ok;
    std::uint8_t group = 0;       ///< 0: none
    std::uint16_t container = 0;  ///< 0: not known
    Bytes expected, got;          ///< hashes; of ok and mismatch
    std::size_t map_offset = 0;   ///< of the entry in the container's value; 0: none
};
/// @param containers  what was read: container id to value; without the security object itself
std::vector<HashFinding> check_hashes(const SecurityObject& object, const LdsHashes& signed_hashes,
                                      const std::map<std::uint16_t, Bytes>& containers);

}  // namespace kartsaz::app::piv
