// SPDX-License-Identifier: Apache-2.0
#include "apdu/tlv.h"

#include <fmt/format.h>

#include "apdu/error.h"

namespace kartsaz::apdu {
namespace {

constexpr std::size_t max_tag_bytes = 4;
constexpr std::size_t max_length_bytes = 4;

/// Tag and length of one object, or why there is none.
struct Header {
    std::uint32_t tag = 0;
    std::size_t tag_size = 0;
    std::size_t length = 0;
    std::size_t size = 0;    ///< of tag and length
    std::size_t fault = 0;   ///< where the rule is broken
    std::string rule{};      ///< empty: none is
    bool truncated = false;  ///< the rule broken is only that the bytes end too early

    bool ok() const { return rule.empty(); }
};

Header& broken(Header& header, std::size_t at, std::string rule, bool truncated = false) {
    header.fault = at;
    header.rule = std::move(rule);
    header.truncated = truncated;
    return header;
}

Header read_tag(ByteView bytes) {
    Header header;
    if (bytes.empty()) return broken(header, 0, "the data ends where a tag is expected", true);
    if (bytes[0] == 0x00) return broken(header, 0, "00 is not a tag");
    header.tag = bytes[0];
    header.tag_size = 1;
    if ((bytes[0] & 0x1FU) != 0x1FU) return header;
    bool more = true;
    while (more) {
        if (header.tag_size == max_tag_bytes) return broken(header, 0, "tag of more than 4 bytes");
        if (header.tag_size == bytes.size()) {
            return broken(header, header.tag_size, "the data ends inside a tag", true);
        }
        const auto byte = bytes[header.tag_size++];
        header.tag = header.tag << 8U | byte;
        more = (byte & 0x80U) != 0;
    }
    return header;
}

Header read_header(ByteView bytes) {
    Header header = read_tag(bytes);
    if (!header.ok()) return header;
    std::size_t at = header.tag_size;
    if (at == bytes.size()) return broken(header, at, "the data ends where a length is expected", true);
    const auto first = bytes[at++];
    if (first < 0x80) {
        header.length = first;
        header.size = at;
        return header;
    }
    const std::size_t count = first & 0x7FU;
    if (count == 0) return broken(header, at - 1, "indefinite length");
    if (count > max_length_bytes) {
        return broken(header, at - 1, fmt::format("length of {} bytes, 4 at most", count));
    }
    if (bytes.size() - at < count) return broken(header, at, "the data ends inside a length", true);
    header.length = big_endian(bytes.subspan(at, count));
    header.size = at + count;
    return header;
}

[[noreturn]] void throw_fault(const std::string& what, std::size_t offset, const std::string& rule) {
    throw Error{Errc::input_invalid, fmt::format("{}: offset {}: {}", what, offset, rule)};
}

std::size_t significant_bytes(std::uint64_t value) {
    std::size_t count = 1;
    while (value > 0xFF) {
        value >>= 8U;
        ++count;
    }
    return count;
}

}  // namespace

TlvWriter& TlvWriter::put(std::uint32_t tag, ByteView value) {
    const Bytes tag_field = big_endian(tag, significant_bytes(tag));
    const Header check = read_tag(tag_field);
    if (!check.ok() || check.tag_size != tag_field.size()) {
        throw Error{Errc::usage, fmt::format("{:X} is not a BER-TLV tag", tag)};
    }
    append(out_, tag_field);
    if (value.size() < 0x80) {
        out_.push_back(static_cast<std::uint8_t>(value.size()));
    } else {
        const std::size_t count = significant_bytes(value.size());
        if (count > max_length_bytes) throw Error{Errc::usage, "a TLV value of more than 4 GiB"};
        out_.push_back(static_cast<std::uint8_t>(0x80U | count));
        append(out_, big_endian(value.size(), count));
    }
    return raw(value);
}

TlvWriter& TlvWriter::put(std::uint32_t tag, std::string_view text) {
    return put(tag, ByteView{to_bytes(text)});
}

TlvWriter& TlvWriter::raw(ByteView encoded) {
    append(out_, encoded);
    return *this;
}

bool Tlv::constructed() const noexcept {
    return !whole.empty() && (whole[0] & 0x20U) != 0;
}

TlvReader::TlvReader(ByteView bytes, std::string what, std::size_t base)
    : bytes_{bytes}, what_{std::move(what)}, base_{base} {}

std::optional<std::uint32_t> TlvReader::peek() {
    if (done()) return std::nullopt;
    const Header header = read_tag(bytes_.subspan(position_));
    if (!header.ok()) fail(offset() + header.fault, header.rule);
    return header.tag;
}

Tlv TlvReader::next() {
    const ByteView rest = bytes_.subspan(position_);
    const Header header = read_header(rest);
    if (!header.ok()) fail(offset() + header.fault, header.rule);
    if (header.length > rest.size() - header.size) {
        fail(offset() + header.tag_size, fmt::format("length {} runs past the end", header.length));
    }
    Tlv out{header.tag, rest.subspan(header.size, header.length), rest.first(header.size + header.length),
            offset(), offset() + header.size};
    position_ += out.whole.size();
    return out;
}

Tlv TlvReader::next(std::uint32_t tag) {
    const auto found = peek();
    if (!found) fail(offset(), fmt::format("tag {:02X} expected, but the data ends", tag));
    if (*found != tag) fail(offset(), fmt::format("tag {:02X} expected, {:02X} found", tag, *found));
    return next();
}

std::optional<Tlv> TlvReader::maybe(std::uint32_t tag) {
    if (peek() != tag) return std::nullopt;
    return next();
}

TlvReader TlvReader::enter(const Tlv& parent) const {
    return TlvReader{parent.value, what_, parent.value_offset};
}

void TlvReader::finish() {
    if (!done()) {
        fail(offset(), fmt::format("{} bytes left over after the last object", bytes_.size() - position_));
    }
}

void TlvReader::fail(std::size_t offset, const std::string& rule) const {
    throw_fault(what_, offset, rule);
}

std::optional<std::size_t> tlv_total_length(ByteView head, const std::string& what) {
    const Header header = read_header(head);
    if (header.ok()) return header.size + header.length;
    if (header.truncated) return std::nullopt;
    throw_fault(what, header.fault, header.rule);
}

std::optional<Tlv> find_tlv(ByteView bytes, std::uint32_t tag, const std::string& what) {
    TlvReader reader{bytes, what};
    while (!reader.done()) {
        const Tlv object = reader.next();
        if (object.tag == tag) return object;
    }
    return std::nullopt;
}

}  // namespace kartsaz::apdu
