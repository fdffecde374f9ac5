// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>

#include "apdu/bytes.h"
#include "apdu/status_word.h"

namespace kartsaz::apdu {

/// A command in fields; the wire form is made by encode(). Source: ISO/IEC 7816-4, 5.1.
struct CommandApdu {
    std::uint8_t cla = 0;
    std::uint8_t ins = 0;
    std::uint8_t p1 = 0;
    std::uint8_t p2 = 0;
    Bytes data{};                       ///< Nc bytes, 0..65535
    std::optional<std::uint32_t> ne{};  ///< bytes wanted, 1..65536; empty: no Le field
    bool extended = false;              ///< force the extended form where the short one would do

    friend bool operator==(const CommandApdu&, const CommandApdu&) = default;
};

struct ResponseApdu {
    Bytes data{};
    StatusWord sw{};

    friend bool operator==(const ResponseApdu&, const ResponseApdu&) = default;
};

/// True when the wire form has three-byte lengths: Nc above 255, Ne above 256, or forced.
bool is_extended(const CommandApdu& command);

/// Wire form, short or extended as the lengths need. Source: ISO/IEC 7816-3, 12.1.
/// @throws Error{usage} when a length is out of range.
Bytes encode(const CommandApdu& command);
/// Length in bytes of encode(command).
std::size_t encoded_size(const CommandApdu& command);

/// The command of a wire form; all four cases, short and extended.
/// @throws Error{input_invalid} that says which length rule is broken.
CommandApdu decode_command(ByteView wire);

/// Data and status word of a wire form of at least two bytes.
/// @throws Error{input_invalid} when it is shorter.
ResponseApdu decode_response(ByteView wire);
Bytes encode(const ResponseApdu& response);

/// Returns `response` when its word is 9000 or in `also_ok`; otherwise throws.
/// @param doing  what was being done, in words: "EF.DG1: select"
/// @throws Error{card_refused}, or Error{pin_blocked} for 63C0 and 6983; what():
///         "EF.DG1: select: SW 6A82 (file or application not found)".
ResponseApdu expect(ResponseApdu response, std::string_view doing,
                    std::initializer_list<std::uint16_t> also_ok = {});

}  // namespace kartsaz::apdu
