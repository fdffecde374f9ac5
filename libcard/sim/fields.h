// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "apdu/bytes.h"

/// The fields that a body file is made of: one byte of name, four of length, the value.
namespace kartsaz::sim {

constexpr std::size_t field_head = 5;
constexpr std::size_t largest_file =
    32767;  ///< bytes of a file of the card, ISO/IEC 7816-4: 15 bits of offset

inline void put_field(Bytes& out, char name, ByteView value) {
    out.push_back(static_cast<std::uint8_t>(name));
    append(out, big_endian(value.size(), 4));
    append(out, value);
}

}  // namespace kartsaz::sim
