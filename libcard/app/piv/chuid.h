// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "libcard/app/piv/fascn.h"
#include "libcard/app/piv/fields.h"
#include "libcard/record/date.h"

namespace kartsaz::app::piv {

/// Cardholder unique identifier. Source: SP 800-73-4 part 1, 3.1.2 and table 9.
struct Chuid {
    std::optional<Bytes> buffer_length;       ///< EE: of older cards
    Bytes fascn;                              ///< 30: 25 bytes; decode_fascn() judges them
    std::optional<Bytes> agency;              ///< 31: of older cards
    std::optional<Bytes> organization;        ///< 32: deprecated
    std::optional<Bytes> duns;                ///< 33: deprecated
    Bytes guid;                               ///< 34: 16 bytes, the card's UUID
    std::string expiry;                       ///< 35: YYYYMMDD
    std::optional<Bytes> cardholder_uuid;     ///< 36: 16 bytes
    std::optional<Bytes> authentication_map;  ///< 3D: of older cards
    Bytes signature;                          ///< 3E: CMS; empty on cards that nobody signed
    Offsets offsets{};
};
/// @throws Error{input_invalid}: naming object, field (offset) and rule, as all decoders here
Bytes encode_chuid(const Chuid& chuid);
Chuid decode_chuid(ByteView value);
/// The last day. @throws Error{input_invalid} with the offset when 35 is no day
record::Date expiry_of(const Chuid& chuid);
/// What the signature covers: the value as it is, without the object 3E, with FE 00.
/// @throws Error{input_invalid}
Bytes signed_part_of_chuid(ByteView value);

}  // namespace kartsaz::app::piv
