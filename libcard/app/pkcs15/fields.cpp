// SPDX-License-Identifier: Apache-2.0
#include "libcard/app/pkcs15/fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace kartsaz::app::pkcs15::fields {
namespace {

constexpr std::size_t longest_label = 255;
constexpr std::size_t longest_id = 255;

std::uint8_t reversed(std::uint8_t byte) {
    std::uint8_t out = 0;
    for (unsigned i = 0; i < 8; ++i) {
        if ((byte & (1U << i)) != 0) out = static_cast<std::uint8_t>(out | (0x80U >> i));
    }
    return out;
}

}  // namespace

void put_bits(apdu::TlvWriter& out, std::uint32_t value) {
    Bytes body{0};
    for (std::uint32_t rest = value; rest != 0; rest >>= 8U)
        body.push_back(reversed(static_cast<std::uint8_t>(rest & 0xFFU)));
    unsigned unused = 0;
    while (body.size() > 1 && (body.back() & (1U << unused)) == 0) ++unused;
    body.front() = static_cast<std::uint8_t>(unused);
    out.put(bit_string, body);
}

std::uint32_t bits(const apdu::TlvReader& in, const apdu::Tlv& object) {
    const ByteView body = object.value;
    if (body.empty()) in.fail(object.offset, "a BIT STRING without its count of unused bits");
    if (body[0] > 7 || (body.size() == 1 && body[0] != 0)) {
        in.fail(object.value_offset, fmt::format("{} unused bits in a BIT STRING", body[0]));
    }
    std::uint32_t value = 0;
    for (std::size_t i = 1; i < std::min<std::size_t>(body.size(), 5); ++i)
        value |= static_cast<std::uint32_t>(reversed(body[i])) << (8U * static_cast<unsigned>(i - 1));
    return value;
}

void put_integer(apdu::TlvWriter& out, std::uint32_t tag, std::uint64_t value) {
    Bytes body = big_endian(value, 8);
    const auto first = std::find_if(body.begin(), body.end() - 1, [](std::uint8_t b) { return b != 0; });
    body.erase(body.begin(), first);
    if ((body.front() & 0x80U) != 0) body.insert(body.begin(), 0);
    out.put(tag, body);
}

unsigned small_integer(const apdu::TlvReader& in, const apdu::Tlv& object) {
    const ByteView body = object.value;
    if (body.empty()) in.fail(object.offset, "an INTEGER without bytes");
    if ((body[0] & 0x80U) != 0) in.fail(object.value_offset, "a negative number");
    if (body.size() > 5 || (body.size() == 5 && body[0] != 0)) in.fail(object.offset, "a number above 2^31");
    const std::uint64_t value = big_endian(body);
    if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int32_t>::max()))
        in.fail(object.offset, "a number above 2^31");
    return static_cast<unsigned>(value);
}

unsigned reference(const apdu::TlvReader& in, const apdu::Tlv& object) {
    if (object.value.size() == 1) return object.value[0];
    return small_integer(in, object);
}

bool truth(const apdu::TlvReader& in, const apdu::Tlv& object) {
    if (object.value.size() != 1) in.fail(object.offset, "a BOOLEAN that is not one byte");
    return object.value[0] != 0;
}

Bytes octets(const apdu::Tlv& object) {
    return {object.value.begin(), object.value.end()};
}

void put_path(apdu::TlvWriter& out, const Path& path) {
    out.nest(sequence, [&](apdu::TlvWriter& in) {
        in.put(octet_string, path.path);
        if (path.index) put_integer(in, integer, *path.index);
        if (path.length) put_integer(in, 0x80, *path.length);
    });
}

Path path(const apdu::TlvReader& in, const apdu::Tlv& object) {
    auto inside = in.enter(object);
    Path out;
    const apdu::Tlv name = inside.next(octet_string);
    if (name.value.size() > longest_path) in.fail(name.offset, "a path of more than 16 bytes");
    out.path = octets(name);
    if (const auto index = inside.maybe(integer)) out.index = small_integer(inside, *index);
    if (const auto length = inside.maybe(0x80)) out.length = small_integer(inside, *length);
    if (out.length && !out.index) in.fail(object.offset, "a path with a length but no index");
    return out;
}

void put_common(apdu::TlvWriter& out, const Common& common) {
    out.nest(sequence, [&](apdu::TlvWriter& in) {
        if (!common.label.empty()) in.put(utf8, common.label);
        if (common.flags != 0) put_bits(in, common.flags);
        if (!common.auth_id.empty()) in.put(octet_string, common.auth_id);
        if (common.user_consent) put_integer(in, integer, *common.user_consent);
    });
}

Common common(const apdu::TlvReader& in, const apdu::Tlv& object) {
    auto inside = in.enter(object);
    Common out;
    if (const auto label = inside.maybe(utf8)) {
        if (label->value.size() > longest_label) in.fail(label->offset, "a label of more than 255 bytes");
        out.label = to_text(label->value);
    }
    if (const auto flags = inside.maybe(bit_string)) out.flags = bits(inside, *flags);
    if (const auto id = inside.maybe(octet_string)) {
        if (id->value.size() > longest_id) in.fail(id->offset, "an identifier of more than 255 bytes");
        out.auth_id = octets(*id);
    }
    if (const auto consent = inside.maybe(integer)) out.user_consent = small_integer(inside, *consent);
    return out;  // accessControlRules and what later editions add are left out
}

void put_value(apdu::TlvWriter& out, const std::optional<Path>& where, ByteView direct) {
    if (where) {
        put_path(out, *where);
    } else {
        out.put(direct_value, direct);
    }
}

void value(apdu::TlvReader& in, std::optional<Path>& where, Bytes& direct) {
    const std::size_t at = in.offset();
    const auto tag = in.peek();
    if (tag == sequence) {
        where = path(in, in.next());
        return;
    }
    if (tag != direct_value) in.fail(at, "neither a path nor the object itself");
    const apdu::Tlv object = in.next();
    auto inside = in.enter(object);
    if (inside.done()) in.fail(at, "an empty object");
    inside.next();
    const bool whole = inside.done();
    direct = whole ? octets(object) : apdu::TlvWriter{}.put(sequence, object.value).bytes();
}

Parts parts(const apdu::TlvReader& in, const apdu::Tlv& object) {
    auto inside = in.enter(object);
    Parts out;
    out.common = inside.next(sequence);
    out.class_attributes = inside.next(sequence);
    inside.maybe(subclass);
    out.type = inside.next(type_attributes);
    return out;
}

bool at_padding(ByteView file, std::size_t offset) {
    return offset >= file.size() || file[offset] == 0x00 || file[offset] == 0xFF;
}

}  // namespace kartsaz::app::pkcs15::fields
