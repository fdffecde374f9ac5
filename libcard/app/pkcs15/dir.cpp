// SPDX-License-Identifier: Apache-2.0
// EF.DIR: application templates 61 { 4F aid, [50 label], [51 path], ... } one after the other.
#include "libcard/app/pkcs15/fields.h"

namespace kartsaz::app::pkcs15 {
namespace {

constexpr std::uint32_t tag_template = 0x61, tag_aid = 0x4F, tag_label = 0x50, tag_path = 0x51;
constexpr std::size_t longest_aid = 16;

DirEntry entry(const apdu::TlvReader& in, const apdu::Tlv& object) {
    auto inside = in.enter(object);
    DirEntry out;
    while (!inside.done()) {
        const apdu::Tlv field = inside.next();
        if (field.tag == tag_aid) {
            if (field.value.empty() || field.value.size() > longest_aid)
                in.fail(field.offset, "an AID is 1 to 16 bytes");
            out.aid = fields::octets(field);
        } else if (field.tag == tag_label) {
            out.label = to_text(field.value);
        } else if (field.tag == tag_path) {
            if (field.value.size() > fields::longest_path)
                in.fail(field.offset, "a path of more than 16 bytes");
            out.path = fields::octets(field);
        }
    }
    if (out.aid.empty()) in.fail(object.offset, "an application template without an AID");
    return out;
}

}  // namespace

Bytes encode_dir(const std::vector<DirEntry>& entries) {
    apdu::TlvWriter out;
    for (const auto& one : entries) {
        out.nest(tag_template, [&](apdu::TlvWriter& in) {
            in.put(tag_aid, one.aid);
            if (!one.label.empty()) in.put(tag_label, one.label);
            if (!one.path.empty()) in.put(tag_path, one.path);
        });
    }
    return std::move(out).take();
}

std::vector<DirEntry> decode_dir(ByteView file) {
    std::vector<DirEntry> out;
    fields::each_object(file, "EF.DIR", [&](const apdu::TlvReader& in, const apdu::Tlv& object) {
        if (object.tag == tag_template) out.push_back(entry(in, object));
    });
    return out;
}

}  // namespace kartsaz::app::pkcs15
