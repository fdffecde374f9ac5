// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "apdu/bytes.h"

/// The objects of a PIV card. Source: NIST SP 800-73-4 part 1, tables 2 and 3 and appendix A.
namespace kartsaz::app::piv {

constexpr std::uint16_t id_ccc = 0xDB00, id_chuid = 0x3000, id_piv_certificate = 0x0101,
                        id_fingerprints = 0x6010, id_security_object = 0x9000, id_face = 0x6030,
                        id_card_certificate = 0x0500, id_signature_certificate = 0x0100,
                        id_management_certificate = 0x0102, id_printed = 0x3001, id_discovery = 0x6050,
                        id_key_history = 0x6060, id_retired_first = 0x1001, id_iris = 0x1015,
                        id_bit_group = 0x1016, id_sm_signer = 0x1017, id_pairing_code = 0x1018;

/// What reading over the contact interface asks for.
enum class ReadAccess { always, pin, pin_or_occ };
enum class Presence {
    mandatory,
    conditional,  ///< signature and key management certificates: as the holder's e-mail account demands
    optional
};

struct Container {
    std::uint32_t tag = 0;  ///< in the tag list of GET DATA and PUT DATA: 5FC102, 7E, 7F61
    std::uint16_t id = 0;   ///< container id, as the security object names it
    std::string name;       ///< "CHUID"; begins the error texts of the decoders
    std::string oid;        ///< dotted
    std::size_t size = 0;   ///< of the value a card must be able to hold; larger ones are not refused
    ReadAccess read = ReadAccess::always;
    Presence presence = Presence::optional;
    std::optional<std::uint8_t> key{};  ///< reference of the key that the certificate belongs to
    bool wrapped = true;  ///< the value stands under 53; discovery and BIT group are their own tag
};

/// All of them, in the order of SP 800-73-4 part 1, table 3.
const std::vector<Container>& containers();
/// Null when there is none.
const Container* container_of_tag(std::uint32_t tag);
const Container* container_of_id(std::uint16_t id);
const Container* container_of_key(std::uint8_t reference);

}  // namespace kartsaz::app::piv
