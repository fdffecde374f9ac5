// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "apdu/bytes.h"

/// What comes in over the wire and what goes out, as the card sees it.
namespace kartsaz::sim {

/// A command as received. Source: ISO/IEC 7816-3, 12.1.
struct ApduIn {
    std::uint8_t cla = 0, ins = 0, p1 = 0, p2 = 0;
    Bytes data{};
    std::uint32_t ne = 0;  ///< bytes wanted, 0: no Le field
    bool extended = false;

    /// CLA INS P1 P2 and the Lc field as they stood in the command.
    Bytes header_with_lc() const;
};
/// Empty when the lengths do not fit one of the four cases.
std::optional<ApduIn> parse_apdu(ByteView wire);

/// Under which protection a command arrived.
struct Access {
    bool icao = false;  ///< BAC or PACE
    bool scp = false;   ///< inside an SCP03 session
    std::uint8_t level = 0;
    bool transport_keys = false;

    bool at_least(std::uint8_t wanted) const { return scp && (level & wanted) == wanted; }
};

/// A command with its protection taken off.
struct Command {
    std::uint8_t cla = 0, ins = 0, p1 = 0, p2 = 0;
    Bytes data{};
    std::uint32_t ne = 0;    ///< plain bytes wanted, 0: none
    std::uint32_t room = 0;  ///< plain bytes that fit the response
    Access access{};
    bool open_ended = false;  ///< a plain command with an extended Le of 0000

    std::uint16_t p1p2() const { return static_cast<std::uint16_t>(p1 << 8 | p2); }
};

struct Answer {
    Bytes data{};
    std::uint16_t sw = 0x9000;
};
inline Answer refuse(std::uint16_t sw) {
    return {{}, sw};
}

/// One BER-TLV object, as a card walks them: tags of up to two bytes, lengths of up to two bytes.
struct Object {
    std::uint32_t tag = 0;
    ByteView value{};
};
/// Takes the first object off `rest`; empty at the end and at anything malformed.
std::optional<Object> take_object(ByteView& rest);
/// The value of the first object `tag` in `data`.
std::optional<ByteView> find_object(ByteView data, std::uint32_t tag);
/// Tag, length, value.
Bytes object(std::uint32_t tag, ByteView value);

}  // namespace kartsaz::sim
