// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "apdu/bytes.h"
#include "apdu/tlv.h"
#include "libcard/app/pkcs15/objects.h"

/// What the files of ISO/IEC 7816-15 have in common. Only the sources of this folder include it.
namespace kartsaz::app::pkcs15::fields {

constexpr std::uint32_t sequence = 0x30, integer = 0x02, bit_string = 0x03, octet_string = 0x04, oid = 0x06,
                        enumerated = 0x0A, utf8 = 0x0C, boolean = 0x01, generalized_time = 0x18;
/// Context tags of objects: the EC choice, subclass attributes, type attributes.
constexpr std::uint32_t ec_choice = 0xA0, subclass = 0xA0, type_attributes = 0xA1, direct_value = 0xA0;

/// No file here holds more objects than this; a file that does is hostile.
constexpr std::size_t most_objects = 100;
constexpr std::size_t longest_path = 16;

/// A BIT STRING of named bits: bit 0 is the most significant of the first byte, zero bits at the end are cut.
/// Source: ISO/IEC 8825-1, 11.2.2.
void put_bits(apdu::TlvWriter& out, std::uint32_t bits);
/// Bits behind the 32nd are left out. @throws Error{input_invalid}
std::uint32_t bits(const apdu::TlvReader& in, const apdu::Tlv& object);

void put_integer(apdu::TlvWriter& out, std::uint32_t tag, std::uint64_t value);
/// Not negative, below 2^31.
unsigned small_integer(const apdu::TlvReader& in, const apdu::Tlv& object);
/// A reference as cards have it: one byte with its highest bit set means 128 to 255, not a negative number.
unsigned reference(const apdu::TlvReader& in, const apdu::Tlv& object);
bool truth(const apdu::TlvReader& in, const apdu::Tlv& object);
Bytes octets(const apdu::Tlv& object);

void put_path(apdu::TlvWriter& out, const Path& path);
Path path(const apdu::TlvReader& in, const apdu::Tlv& object);

void put_common(apdu::TlvWriter& out, const Common& common);
Common common(const apdu::TlvReader& in, const apdu::Tlv& object);

/// What an object stands for: a path, or the thing itself under A0. `direct` is kept in the form that OpenSC
/// writes, whole; the standard's implicit tag is put back.
void put_value(apdu::TlvWriter& out, const std::optional<Path>& path, ByteView direct);
void value(apdu::TlvReader& in, std::optional<Path>& path, Bytes& direct);

/// The parts of one object of a directory, `at` the outer one. Source: 7816-15, 8.2.9 (PKCS15Object).
struct Parts {
    apdu::Tlv common, class_attributes, type;
};
Parts parts(const apdu::TlvReader& in, const apdu::Tlv& object);

/// True at the end of a file or where padding (00, FF) begins.
bool at_padding(ByteView file, std::size_t offset);

/// Calls `one(reader, object)` for each object that stands before padding. @throws Error{input_invalid}
template <typename One>
void each_object(ByteView file, const char* what, One&& one) {
    std::size_t at = 0;
    for (std::size_t count = 0; !at_padding(file, at); ++count) {
        apdu::TlvReader in{file.subspan(at), what, at};
        if (count == most_objects) in.fail(at, "more than 100 objects");
        const apdu::Tlv object = in.next();
        one(in, object);
        at += object.whole.size();
    }
}

}  // namespace kartsaz::app::pkcs15::fields
