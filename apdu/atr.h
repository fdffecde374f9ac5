// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "apdu/bytes.h"
#include "apdu/transport.h"

namespace kartsaz::apdu {

/// TAi, TBi, TCi, TDi of one level, where present.
struct InterfaceBytes {
    std::optional<std::uint8_t> ta{};
    std::optional<std::uint8_t> tb{};
    std::optional<std::uint8_t> tc{};
    std::optional<std::uint8_t> td{};
};

/// Card capabilities, data object 7x of the historical bytes or 47 of EF.ATR/INFO.
/// Source: ISO/IEC 7816-4:2013, 12.1.1.9
struct CardCapabilities {
    bool chaining = false;
    bool extended_length = false;
    bool extended_length_info = false;  ///< EF.ATR/INFO says how long
    unsigned channels = 1;              ///< logical channels, 1..8 (8: eight or more)
};

/// An answer to reset. Source: ISO/IEC 7816-3:2006, 8.2; contactless form: PC/SC part 3, 3.1.3.2.3
struct Atr {
    Bytes raw{};
    bool inverse = false;                      ///< TS 3F
    std::vector<InterfaceBytes> interface {};  ///< levels 1, 2, ...
    std::vector<unsigned> protocols{};         ///< T of each TDi in order, without T=15; {0} without TD1
    Bytes historical{};
    std::optional<std::uint8_t> tck{};
    bool contactless = false;                        ///< built by a reader for ISO/IEC 14443 (3B 8n 80 01)
    unsigned fi = 372;                               ///< clock rate conversion, by TA1
    unsigned di = 1;                                 ///< baud rate adjustment, by TA1
    unsigned f_max_khz = 5000;                       ///< highest clock of the card, by TA1
    std::optional<CardCapabilities> capabilities{};  ///< empty: the historical bytes do not say

    bool offers(unsigned protocol) const;
    /// Bits per second on the wire at a card clock, in Hz.
    double bit_rate(double clock_hz) const { return clock_hz * di / fi; }
};

/// @throws Error{input_invalid} with offset and rule: TS, lengths, RFU codes of TA1, TCK
Atr parse_atr(ByteView atr);

/// For people, a few words each: "T=1, 312500 bit/s at 5 MHz, extended length, chaining".
std::string describe(const Atr& atr);

/// EF.ATR/INFO (2F01): what it says on lengths. Source: ISO/IEC 7816-4:2013, 12.2.2 and 12.7.1
struct AtrInfo {
    std::optional<std::uint32_t>
        command_apdu{};  ///< largest command APDU in bytes, header and lengths included
    std::optional<std::uint32_t> response_apdu{};  ///< largest response APDU in bytes, status word included
    std::optional<CardCapabilities> capabilities{};

    /// The limits that follow for data; empty without 7F66 or where it leaves no room.
    std::optional<BlockLimits> limits() const;
};

/// @param content  the file from its start; bytes 00 or FF after the last object are padding
/// @throws Error{input_invalid} with offset and rule
AtrInfo parse_atr_info(ByteView content);

}  // namespace kartsaz::apdu
