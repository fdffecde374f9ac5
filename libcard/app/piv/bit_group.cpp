// SPDX-License-Identifier: Apache-2.0
// Biometric information templates: 7F61 { 02 count, 7F60 { [83 reference], A1 { .. }, [B1 ..] } .. }.
// Source: ISO/IEC 7816-11, 5.2 and table C.1; SP 800-76-2, 7.
#include <fmt/format.h>

#include <array>
#include <utility>

#include "apdu/error.h"
#include "apdu/tlv.h"
#include "libcard/app/piv/containers.h"
#include "libcard/app/piv/objects.h"

namespace kartsaz::app::piv {
namespace {

constexpr std::uint32_t group_tag = 0x7F61, template_tag = 0x7F60, count_tag = 0x02, reference_tag = 0x83,
                        header_tag = 0xA1, parameters_tag = 0xB1;
constexpr std::size_t most_templates = 2;

using Member = Bytes BiometricTemplate::*;
constexpr std::array<std::pair<std::uint32_t, Member>, 7> header_fields{
    {{0x81, &BiometricTemplate::type},
     {0x82, &BiometricTemplate::subtype},
     {0x83, &BiometricTemplate::creation_date},
     {0x85, &BiometricTemplate::validity},
     {0x86, &BiometricTemplate::creator},
     {0x87, &BiometricTemplate::format_owner},
     {0x88, &BiometricTemplate::format_type}}};

BiometricTemplate read_template(const apdu::TlvReader& group, const apdu::Tlv& object) {
    BiometricTemplate out;
    auto in = group.enter(object);
    if (const auto reference = in.maybe(reference_tag)) {
        if (reference->value.size() != 1) in.fail(reference->offset, "a key reference (83) is one byte");
        out.reference = reference->value[0];
    }
    auto header = in.enter(in.next(header_tag));
    for (const auto& [tag, member] : header_fields) {
        const auto field = header.maybe(tag);
        if (!field) continue;
        if (field->value.empty()) header.fail(field->offset, fmt::format("{:02X} is empty", tag));
        (out.*member).assign(field->value.begin(), field->value.end());
    }
    header.finish();
    if (const auto parameters = in.maybe(parameters_tag)) {
        if (parameters->value.empty()) in.fail(parameters->offset, "B1 is empty");
        out.parameters.assign(parameters->value.begin(), parameters->value.end());
    }
    in.finish();
    return out;
}

void write_template(apdu::TlvWriter& out, const BiometricTemplate& from) {
    out.nest(template_tag, [&](apdu::TlvWriter& w) {
        if (from.reference) w.put(reference_tag, Bytes{*from.reference});
        w.nest(header_tag, [&](apdu::TlvWriter& header) {
            for (const auto& [tag, member] : header_fields) {
                if (!(from.*member).empty()) header.put(tag, from.*member);
            }
        });
        if (!from.parameters.empty()) w.put(parameters_tag, from.parameters);
    });
}

}  // namespace

Bytes encode_bit_group(const std::vector<BiometricTemplate>& templates) {
    const auto out = apdu::TlvWriter{}
                         .nest(group_tag,
                               [&](apdu::TlvWriter& w) {
                                   w.put(count_tag, Bytes{static_cast<std::uint8_t>(templates.size())});
                                   for (const auto& one : templates) write_template(w, one);
                               })
                         .bytes();
    decode_bit_group(out);
    return out;
}

std::vector<BiometricTemplate> decode_bit_group(ByteView object) {
    apdu::TlvReader outer{object, container_of_id(id_bit_group)->name};
    const auto whole = outer.next(group_tag);
    outer.finish();
    auto in = outer.enter(whole);
    const auto count = in.next(count_tag);
    if (count.value.size() != 1 || count.value[0] > most_templates) {
        in.fail(count.offset, "the number of templates (02) is one byte, 00 to 02");
    }
    std::vector<BiometricTemplate> out;
    while (!in.done()) out.push_back(read_template(in, in.next(template_tag)));
    if (out.size() != count.value[0]) {
        in.fail(count.value_offset,
                fmt::format("{} templates are told, {} are there", count.value[0], out.size()));
    }
    return out;
}

}  // namespace kartsaz::app::piv
