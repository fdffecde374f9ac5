// SPDX-License-Identifier: Apache-2.0
#include "libcard/app/emrtd/lds_support.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "apdu/error.h"

namespace kartsaz::app::emrtd::lds {
namespace {

constexpr std::uint32_t tag_list_tag = 0x5C;
constexpr std::uint32_t group_tag = 0xA0;
constexpr std::size_t no_fault = std::string_view::npos;

std::size_t bytes_of(std::uint64_t value) {
    std::size_t count = 1;
    for (; value > 0xFF; value >>= 8U) ++count;
    return count;
}

struct Utf8Lead {
    std::uint8_t mask, bits;
    std::size_t size;
    std::uint32_t smallest;  ///< below it the form is overlong
};

/// Offset of the first byte that breaks UTF-8 (RFC 3629: shortest form, no surrogates), or no_fault.
std::size_t utf8_fault(ByteView bytes) {
    static constexpr std::array<Utf8Lead, 3> leads{
        {{0xE0, 0xC0, 2, 0x80}, {0xF0, 0xE0, 3, 0x800}, {0xF8, 0xF0, 4, 0x10000}}};
    std::size_t at = 0;
    while (at < bytes.size()) {
        if (bytes[at] < 0x80) {
            ++at;
            continue;
        }
        const auto lead = std::find_if(leads.begin(), leads.end(),
                                       [&](const Utf8Lead& l) { return (bytes[at] & l.mask) == l.bits; });
        if (lead == leads.end() || bytes.size() - at < lead->size) return at;
        std::uint32_t code = static_cast<std::uint8_t>(bytes[at] & ~lead->mask);
        for (std::size_t i = 1; i < lead->size; ++i) {
            if ((bytes[at + i] & 0xC0U) != 0x80U) return at + i;
            code = code << 6U | (bytes[at + i] & 0x3FU);
        }
        const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
        if (code < lead->smallest || code > 0x10FFFF || surrogate) return at;
        at += lead->size;
    }
    return no_fault;
}

bool digit(char c) {
    return c >= '0' && c <= '9';
}

ByteView view(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace

std::size_t header_size(std::uint32_t tag, std::size_t length) {
    return bytes_of(tag) + (length < 0x80 ? 1 : 1 + bytes_of(length));
}

void put_integer(Bytes& out, std::uint64_t value, std::size_t size) {
    for (std::size_t i = size; i-- > 0;) out.push_back(static_cast<std::uint8_t>(value >> (8U * i)));
}

void put_header(Bytes& out, std::uint32_t tag, std::size_t length) {
    put_integer(out, tag, bytes_of(tag));
    if (length < 0x80) {
        put_integer(out, length, 1);
        return;
    }
    put_integer(out, 0x80U | bytes_of(length), 1);
    put_integer(out, length, bytes_of(length));
}

apdu::Tlv only(ByteView bytes, std::uint32_t tag, std::string_view name) {
    apdu::TlvReader outer{bytes, std::string{name}};
    const apdu::Tlv object = outer.next(tag);
    outer.finish();
    return object;
}

apdu::TlvReader open(ByteView file, std::uint32_t tag, std::string_view name) {
    const apdu::Tlv object = only(file, tag, name);
    return apdu::TlvReader{object.value, std::string{name}, object.value_offset};
}

std::vector<std::uint32_t> read_tag_list(const apdu::TlvReader& in, const apdu::Tlv& list,
                                         std::uint32_t repeatable) {
    std::vector<std::uint32_t> tags;
    std::size_t at = 0;
    while (at < list.value.size()) {
        const std::size_t start = at;
        std::uint32_t tag = list.value[at++];
        bool more = (tag & 0x1FU) == 0x1FU;
        while (more) {
            if (at == list.value.size()) in.fail(list.value_offset + at, "the tag list ends inside a tag");
            if (at - start == 4)
                in.fail(list.value_offset + start, "tag of more than 4 bytes in the tag list");
            more = (list.value[at] & 0x80U) != 0;
            tag = tag << 8U | list.value[at++];
        }
        if (tag != repeatable && std::find(tags.begin(), tags.end(), tag) != tags.end()) {
            in.fail(list.value_offset + start, fmt::format("tag {:02X} stands twice in the tag list", tag));
        }
        tags.push_back(tag);
    }
    return tags;
}

std::vector<apdu::Tlv> read_listed(apdu::TlvReader& in, std::uint32_t repeatable) {
    const auto tags = read_tag_list(in, in.next(tag_list_tag), repeatable);
    std::vector<apdu::Tlv> objects;
    objects.reserve(tags.size());
    for (std::size_t i = 0; i < tags.size(); ++i) {
        const bool group = tags[i] == group_tag || (tags[i] == repeatable && in.peek() == group_tag);
        objects.push_back(in.next(group ? group_tag : tags[i]));
        // Some issuers name the repeated object once for each time it stands in the group.
        while (group && i + 1 < tags.size() && tags[i + 1] == repeatable) ++i;
    }
    in.finish();
    return objects;
}

ListedWriter& ListedWriter::text(std::uint32_t tag, std::string_view value) {
    if (value.empty()) return *this;
    put_integer(list_, tag, bytes_of(tag));
    put_header(body_, tag, value.size());
    append(body_, view(value));
    return *this;
}

ListedWriter& ListedWriter::raw(std::uint32_t tag, ByteView whole_object) {
    put_integer(list_, tag, bytes_of(tag));
    append(body_, whole_object);
    return *this;
}

Bytes ListedWriter::take(std::uint32_t file_tag) const {
    const std::size_t size = header_size(tag_list_tag, list_.size()) + list_.size() + body_.size();
    Bytes out;
    out.reserve(header_size(file_tag, size) + size);
    put_header(out, file_tag, size);
    put_header(out, tag_list_tag, list_.size());
    append(out, list_);
    append(out, body_);
    return out;
}

std::string text(const apdu::TlvReader& in, const apdu::Tlv& object) {
    const auto fault = utf8_fault(object.value);
    if (fault != no_fault) {
        in.fail(object.value_offset + fault, fmt::format("tag {:02X}: not UTF-8", object.tag));
    }
    return to_text(object.value);
}

std::string digits(const apdu::TlvReader& in, const apdu::Tlv& object, std::size_t count) {
    std::string out;
    if (object.value.size() == count) {
        out = to_text(object.value);
    } else if (object.value.size() * 2 == count) {
        out = to_hex(object.value);
    } else {
        in.fail(object.offset, fmt::format("tag {:02X}: {} digits expected, {} bytes found", object.tag,
                                           count, object.value.size()));
    }
    if (!std::all_of(out.begin(), out.end(), digit)) {
        in.fail(object.value_offset, fmt::format("tag {:02X}: not {} digits", object.tag, count));
    }
    return out;
}

std::string date_digits(const apdu::TlvReader& in, const apdu::Tlv& object, std::size_t count) {
    std::string out = digits(in, object, count);
    if (out.substr(4, 2) > "12" || out.substr(6, 2) > "31") {
        in.fail(object.value_offset, fmt::format("tag {:02X}: no date CCYYMMDD", object.tag));
    }
    return out;
}

unsigned small_integer(const apdu::TlvReader& in, const apdu::Tlv& object) {
    if (object.value.empty() || object.value.size() > 2 || object.value[0] > 0x7F) {
        in.fail(object.offset, "an INTEGER of one or two bytes, not negative, was expected");
    }
    return static_cast<unsigned>(big_endian(object.value));
}

void require_digits(std::string_view value, std::size_t count, std::string_view what) {
    if (value.empty()) return;
    if (value.size() != count || !std::all_of(value.begin(), value.end(), digit)) {
        throw Error{Errc::input_invalid, fmt::format("{}: {} digits are needed", what, count)};
    }
}

void require_text(std::string_view value, bool separator_free, std::string_view what) {
    const auto fault = utf8_fault(view(value));
    if (fault != no_fault) {
        throw Error{Errc::input_invalid, fmt::format("{}: not UTF-8 at offset {}", what, fault)};
    }
    if (separator_free && value.find('<') != std::string_view::npos) {
        throw Error{Errc::input_invalid, fmt::format("{}: '<' separates parts and cannot be in one", what)};
    }
}

std::vector<std::string> split_parts(std::string_view text) {
    std::vector<std::string> parts;
    for (;;) {
        const auto end = text.find('<');
        parts.emplace_back(text.substr(0, end));
        if (end == std::string_view::npos) return parts;
        text.remove_prefix(end + 1);
    }
}

std::string join_parts(const std::vector<std::string>& parts, std::string_view what) {
    std::string out;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        require_text(parts[i], true, what);
        if (i > 0) out += '<';
        out += parts[i];
    }
    return out;
}

}  // namespace kartsaz::app::emrtd::lds
