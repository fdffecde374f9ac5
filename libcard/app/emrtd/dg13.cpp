// SPDX-License-Identifier: Apache-2.0
// EF.DG13, defined by us (docs/formats.md, "DG13"): 6D { 5C tag list, DF40 version "1", DF41 birth
// certificate number, DF42 its serial, DF43 father's name, DF44 Solar Hijri birth date, 7F61 finger templates
// ... }.
#include <fmt/format.h>

#include "apdu/error.h"
#include "libcard/app/emrtd/biometric_group.h"
#include "libcard/app/emrtd/lds.h"
#include "libcard/app/emrtd/lds_support.h"

namespace kartsaz::app::emrtd {
namespace {

constexpr std::uint32_t version_tag = 0xDF40;
constexpr std::string_view version = "1";

/// YYYY-MM-DD with a month of 01..12 and a day of 01..31; the calendar itself is the record's business.
bool is_solar_hijri_date(std::string_view text) {
    static constexpr std::string_view shape = "0000-00-00";
    if (text.size() != shape.size()) return false;
    for (std::size_t i = 0; i < shape.size(); ++i) {
        const bool ok = shape[i] == '-' ? text[i] == '-' : text[i] >= '0' && text[i] <= '9';
        if (!ok) return false;
    }
    const auto month = text.substr(5, 2), day = text.substr(8, 2);
    return month >= "01" && month <= "12" && day >= "01" && day <= "31";
}

}  // namespace

Bytes encode_dg13(const Dg13& registry) {
    lds::require_text(registry.certificate_number, false, "EF.DG13: birth certificate number");
    lds::require_text(registry.certificate_serial, false, "EF.DG13: birth certificate serial");
    lds::require_text(registry.father_name, false, "EF.DG13: father's name");
    if (!registry.birth_date_sh.empty() && !is_solar_hijri_date(registry.birth_date_sh)) {
        throw Error{Errc::input_invalid, "EF.DG13: the Solar Hijri birth date is not YYYY-MM-DD"};
    }
    lds::ListedWriter out;
    out.text(version_tag, version)
        .text(0xDF41, registry.certificate_number)
        .text(0xDF42, registry.certificate_serial)
        .text(0xDF43, registry.father_name)
        .text(0xDF44, registry.birth_date_sh);
    for (const auto& group : registry.finger_records) {
        decode_finger_group(group);
        out.raw(lds::biometric_group_tag, group);
    }
    return out.take(0x6D);
}

Dg13 decode_dg13(ByteView file) {
    auto in = lds::open(file, 0x6D, "EF.DG13");
    Dg13 out;
    bool versioned = false;
    for (const auto& object : lds::read_listed(in, lds::biometric_group_tag)) {
        switch (object.tag) {
            case version_tag:
                versioned = true;
                if (to_text(object.value) != version)
                    in.fail(object.offset, "a version of DG13 other than 1");
                break;
            case 0xDF41:
                out.certificate_number = lds::text(in, object);
                break;
            case 0xDF42:
                out.certificate_serial = lds::text(in, object);
                break;
            case 0xDF43:
                out.father_name = lds::text(in, object);
                break;
            case 0xDF44:
                out.birth_date_sh = lds::text(in, object);
                if (!is_solar_hijri_date(out.birth_date_sh))
                    in.fail(object.value_offset, "not a date YYYY-MM-DD");
                break;
            case lds::biometric_group_tag:
                lds::read_biometric_group(in, object);
                out.finger_records.emplace_back(object.whole.begin(), object.whole.end());
                break;
            default:
                in.fail(object.offset, fmt::format("tag {:02X} is not defined for DG13", object.tag));
        }
    }
    if (!versioned) in.fail(0, "no version (DF40)");
    return out;
}

}  // namespace kartsaz::app::emrtd
