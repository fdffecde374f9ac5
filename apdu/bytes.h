// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kartsaz {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

/// Bytes of a hexadecimal text; blanks are allowed anywhere between digits: "00A4 0400 07".
/// @throws Error{input_invalid} on an odd count of digits or a character that is no digit,
///         with its offset in the text.
Bytes from_hex(std::string_view text);

/// Upper case, no blanks.
std::string to_hex(ByteView bytes);

/// The bytes of a text, without a terminator.
Bytes to_bytes(std::string_view text);

/// The text made of these bytes, whatever they are.
std::string to_text(ByteView bytes);

/// `parts` one after the other.
Bytes concat(std::initializer_list<ByteView> parts);

/// Appends `tail` to `bytes`.
void append(Bytes& bytes, ByteView tail);

/// Big-endian unsigned integer of 1 to 8 bytes.
std::uint64_t big_endian(ByteView bytes);

/// Big-endian form of `value` in exactly `size` bytes (1 to 8); high bits that do not fit are cut.
Bytes big_endian(std::uint64_t value, std::size_t size);

}  // namespace kartsaz
