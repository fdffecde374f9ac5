// SPDX-License-Identifier: Apache-2.0
// EF.ODF: CHOICE [0] to [8] { Path }, one for each object directory file.
#include <fmt/format.h>

#include "libcard/app/pkcs15/fields.h"

namespace kartsaz::app::pkcs15 {
namespace {

constexpr std::uint32_t first_tag = 0xA0, last_tag = 0xA8;

}  // namespace

Bytes encode_odf(const std::vector<OdfEntry>& entries) {
    apdu::TlvWriter out;
    for (const auto& one : entries) {
        out.nest(first_tag + static_cast<std::uint32_t>(one.directory),
                 [&](apdu::TlvWriter& in) { fields::put_path(in, one.path); });
    }
    return std::move(out).take();
}

std::vector<OdfEntry> decode_odf(ByteView file) {
    std::vector<OdfEntry> out;
    fields::each_object(file, "EF.ODF", [&](const apdu::TlvReader& in, const apdu::Tlv& object) {
        if (object.tag < first_tag || object.tag > 0xAF)
            in.fail(object.offset, fmt::format("tag {:02X} is no object directory", object.tag));
        if (object.tag > last_tag) return;  // a kind of a later edition
        auto inside = in.enter(object);
        OdfEntry entry;
        entry.directory = static_cast<Directory>(object.tag - first_tag);
        entry.path = fields::path(inside, inside.next(fields::sequence));
        out.push_back(std::move(entry));
    });
    return out;
}

}  // namespace kartsaz::app::pkcs15
