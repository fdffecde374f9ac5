// SPDX-License-Identifier: Apache-2.0
// EF.DG12: 6C { 5C tag list, then in its order 5F19 authority, 5F26 date of issue, A0 { other persons },
// 5F1B, 5F1C, 5F1D, 5F1E, 5F55 time of personalization, 5F56 serial number of the personalization system }.
#include "libcard/app/emrtd/lds.h"
#include "libcard/app/emrtd/lds_support.h"

namespace kartsaz::app::emrtd {
namespace {

constexpr std::uint32_t other_person_tag = 0x5F1A;

/// A0 { 02 count, count x 5F1A }: checked and passed over.
void check_other_persons(const apdu::TlvReader& parent, const apdu::Tlv& group) {
    auto in = parent.enter(group);
    const unsigned count = lds::small_integer(in, in.next(0x02));
    for (unsigned i = 0; i < count; ++i) lds::text(in, in.next(other_person_tag));
    in.finish();
}

}  // namespace

Bytes encode_dg12(const Dg12& details) {
    lds::require_text(details.authority, false, "EF.DG12: authority");
    lds::require_digits(details.issue_date, 8, "EF.DG12: date of issue");
    lds::require_digits(details.personalized_at, 14, "EF.DG12: time of personalization");
    lds::require_text(details.system_serial, false, "EF.DG12: serial number of the system");
    return lds::ListedWriter{}
        .text(0x5F19, details.authority)
        .text(0x5F26, details.issue_date)
        .text(0x5F55, details.personalized_at)
        .text(0x5F56, details.system_serial)
        .take(0x6C);
}

Dg12 decode_dg12(ByteView file) {
    auto in = lds::open(file, 0x6C, "EF.DG12");
    Dg12 out;
    for (const auto& object : lds::read_listed(in, other_person_tag)) {
        switch (object.tag) {
            case 0x5F19:
                out.authority = lds::text(in, object);
                break;
            case 0x5F26:
                out.issue_date = lds::date_digits(in, object, 8);
                break;
            case 0x5F55:
                out.personalized_at = lds::date_digits(in, object, 14);
                break;
            case 0x5F56:
                out.system_serial = lds::text(in, object);
                break;
            case 0xA0:
                check_other_persons(in, object);
                break;
            case 0x5F1D:
            case 0x5F1E:
                break;  // images of the front and the rear
            default:
                lds::text(in, object);  // endorsements, tax or exit requirements
        }
    }
    return out;
}

}  // namespace kartsaz::app::emrtd
