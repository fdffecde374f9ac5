// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "apdu/bytes.h"
#include "apdu/tlv.h"

/// What the files of the logical data structure have in common. Only the sources of this folder include it.
namespace kartsaz::app::emrtd::lds {

inline constexpr std::uint32_t sequence_tag = 0x30;  ///< ASN.1 SEQUENCE
inline constexpr std::uint32_t oid_tag = 0x06;       ///< ASN.1 OBJECT IDENTIFIER

/// Bytes that tag and length take for a value of `length` bytes.
std::size_t header_size(std::uint32_t tag, std::size_t length);
/// Appends tag and minimal length, so that a large value can be written once into its final place.
void put_header(Bytes& out, std::uint32_t tag, std::size_t length);
/// Appends a big-endian integer of `size` bytes.
void put_integer(Bytes& out, std::uint64_t value, std::size_t size);

/// A reader over what stands inside the one object of a file. Nothing may follow that object.
/// @throws Error{input_invalid}
apdu::TlvReader open(ByteView file, std::uint32_t tag, std::string_view name);
/// The one object of `bytes`; nothing may follow it.
apdu::Tlv only(ByteView bytes, std::uint32_t tag, std::string_view name);

/// The tags of a tag list (5C); none may stand twice, but those in `repeatable`.
std::vector<std::uint32_t> read_tag_list(const apdu::TlvReader& in, const apdu::Tlv& list,
                                         std::uint32_t repeatable = 0);
/// A tag list and then the objects that it names, in its order and no others. A0, the group of a repeated
/// object, may stand in the list as A0 or as the tag that is repeated in it.
/// Source: ICAO Doc 9303-10, 4.7.11.
std::vector<apdu::Tlv> read_listed(apdu::TlvReader& in, std::uint32_t repeatable);

/// Writes such a file: objects first, the list is made from them.
class ListedWriter {
public:
    /// Appends an object when `value` is not empty.
    ListedWriter& text(std::uint32_t tag, std::string_view value);
    ListedWriter& raw(std::uint32_t tag, ByteView whole_object);
    Bytes take(std::uint32_t file_tag) const;

private:
    Bytes list_;
    Bytes body_;
};

/// The value as UTF-8 text. @throws Error{input_invalid} with the offset of the first byte that is none
std::string text(const apdu::TlvReader& in, const apdu::Tlv& object);
/// The value as `count` digits: in ASCII, or packed two a byte as some issuers write dates.
std::string digits(const apdu::TlvReader& in, const apdu::Tlv& object, std::size_t count);
/// The value as `count` digits that begin with a date CCYYMMDD; 00 stands for an unknown month or day.
std::string date_digits(const apdu::TlvReader& in, const apdu::Tlv& object, std::size_t count);
/// The value as a small unsigned integer (an INTEGER of one or two bytes, not negative).
unsigned small_integer(const apdu::TlvReader& in, const apdu::Tlv& object);

/// For encoders: `value` must be `count` digits, or empty.
void require_digits(std::string_view value, std::size_t count, std::string_view what);
/// For encoders: UTF-8, and free of the separator `<` when `separator_free`.
void require_text(std::string_view value, bool separator_free, std::string_view what);

/// `text` cut at every `<`; joined by join_parts() it is the same again.
std::vector<std::string> split_parts(std::string_view text);
std::string join_parts(const std::vector<std::string>& parts, std::string_view what);

}  // namespace kartsaz::app::emrtd::lds
