// SPDX-License-Identifier: Apache-2.0
// 7F61 { 02 count, count x 7F60 { A1 { 80 version, 81 type, 82 subtype, 87 owner, 88 format }, 5F2E block } }
#include "libcard/app/emrtd/biometric_group.h"

#include <fmt/format.h>

#include "apdu/error.h"
#include "libcard/app/emrtd/lds_support.h"

namespace kartsaz::app::emrtd::lds {
namespace {

constexpr std::uint32_t template_tag = 0x7F60;
constexpr std::uint32_t block_tag = 0x5F2E;
constexpr std::uint32_t block_tag_constructed = 0x7F2E;
constexpr unsigned most_templates = 127;  // the count is written in one byte

Bytes header_template(const TemplateToWrite& one) {
    Bytes out{0x80, 0x02, 0x01, 0x01, 0x81, 0x01, one.type};
    if (one.subtype) append(out, Bytes{0x82, 0x01, *one.subtype});
    append(out, Bytes{0x87, 0x02});
    put_integer(out, one.format.owner, 2);
    append(out, Bytes{0x88, 0x02});
    put_integer(out, one.format.type, 2);
    return out;
}

std::size_t with_header(std::uint32_t tag, std::size_t length) {
    return header_size(tag, length) + length;
}

std::uint16_t two_bytes(const apdu::TlvReader& in, const apdu::Tlv& object) {
    if (object.value.size() != 2)
        in.fail(object.offset, fmt::format("tag {:02X}: 2 bytes expected", object.tag));
    return static_cast<std::uint16_t>(big_endian(object.value));
}

/// The biometric header template. Creation date, validity and creator are passed over.
void read_header_template(const apdu::TlvReader& parent, const apdu::Tlv& object, BiometricTemplate& out) {
    auto in = parent.enter(object);
    bool owner = false, type = false;
    while (!in.done()) {
        const apdu::Tlv field = in.next();
        switch (field.tag) {
            case 0x82:
                // Some issuers write the subtype with its two-byte form; the last byte tells the finger.
                if (field.value.empty() || field.value.size() > 2)
                    in.fail(field.offset, "tag 82: 1 byte expected");
                out.subtype = field.value.back();
                break;
            case 0x87:
                out.format.owner = two_bytes(in, field);
                owner = true;
                break;
            case 0x88:
                out.format.type = two_bytes(in, field);
                type = true;
                break;
            default:
                if (field.tag < 0x80 || field.tag > 0x90) {
                    in.fail(field.offset,
                            fmt::format("tag {:02X} in a biometric header template", field.tag));
                }
        }
    }
    if (!owner || !type) in.fail(object.offset, "no format owner (87) or no format type (88)");
}

BiometricTemplate read_template(const apdu::TlvReader& parent, const apdu::Tlv& object) {
    BiometricTemplate out;
    out.offset = object.offset;
    auto in = parent.enter(object);
    const apdu::Tlv header = in.next();
    // A1 by the standard; A2, A3 ... were written for the second and third template by older issuers.
    if (header.tag < 0xA1 || header.tag > 0xAF) {
        in.fail(header.offset, fmt::format("tag A1 expected, {:02X} found", header.tag));
    }
    read_header_template(in, header, out);
    const apdu::Tlv block = in.next();
    if (block.tag != block_tag && block.tag != block_tag_constructed) {
        in.fail(block.offset, fmt::format("tag 5F2E or 7F2E expected, {:02X} found", block.tag));
    }
    in.finish();
    out.block = block.value;
    out.block_offset = block.value_offset;
    return out;
}

}  // namespace

std::vector<BiometricTemplate> read_biometric_group(const apdu::TlvReader& parent, const apdu::Tlv& group) {
    auto in = parent.enter(group);
    const apdu::Tlv count_field = in.next(0x02);
    const unsigned count = small_integer(in, count_field);
    std::vector<BiometricTemplate> out;
    while (!in.done()) {
        const apdu::Tlv object = in.next(template_tag);
        if (out.size() == count)
            in.fail(object.offset, fmt::format("more templates than the {} counted", count));
        out.push_back(read_template(in, object));
    }
    if (out.size() != count) {
        in.fail(count_field.offset, fmt::format("{} templates are counted, {} are there", count, out.size()));
    }
    return out;
}

Bytes write_biometric_group(const std::vector<TemplateToWrite>& templates, std::uint32_t outer_tag) {
    if (templates.size() > most_templates)
        throw Error{Errc::input_invalid, "more than 127 biometric templates"};
    struct Sizes {
        Bytes header;
        std::size_t block = 0, inside = 0;
    };
    std::vector<Sizes> sizes;
    std::size_t group = 3;
    for (const auto& one : templates) {
        Sizes s{header_template(one), one.head.size() + one.body.size(), 0};
        s.inside = with_header(0xA1, s.header.size()) + with_header(block_tag, s.block);
        group += with_header(template_tag, s.inside);
        sizes.push_back(std::move(s));
    }
    const std::size_t whole = with_header(biometric_group_tag, group);
    Bytes out;
    out.reserve(whole + (outer_tag == 0 ? 0 : header_size(outer_tag, whole)));
    if (outer_tag != 0) put_header(out, outer_tag, whole);
    put_header(out, biometric_group_tag, group);
    append(out, Bytes{0x02, 0x01, static_cast<std::uint8_t>(templates.size())});
    for (std::size_t i = 0; i < templates.size(); ++i) {
        put_header(out, template_tag, sizes[i].inside);
        put_header(out, 0xA1, sizes[i].header.size());
        append(out, sizes[i].header);
        put_header(out, block_tag, sizes[i].block);
        append(out, templates[i].head);
        append(out, templates[i].body);
    }
    return out;
}

}  // namespace kartsaz::app::emrtd::lds
