// SPDX-License-Identifier: Apache-2.0
// EF.DG11: 6B { 5C tag list, then in its order 5F0E name, A0 { other names }, 5F10, 5F2B, 5F11, 5F42, 5F12
// ... }.
#include <algorithm>

#include "apdu/error.h"
#include "libcard/app/emrtd/lds.h"
#include "libcard/app/emrtd/lds_support.h"

namespace kartsaz::app::emrtd {
namespace {

constexpr std::uint32_t other_name_tag = 0x5F0F;

/// One identifier of a name: its words are separated by one '<' (ICAO Doc 9303-10, 4.7.11; 9303-3, 4.6).
std::string with_fillers(std::string_view words, std::string_view what) {
    lds::require_text(words, true, what);
    std::string out;
    for (const char c : words) {
        if (c != ' ') {
            out += c;
        } else if (!out.empty() && out.back() != '<') {
            out += '<';
        }
    }
    while (!out.empty() && out.back() == '<') out.pop_back();
    return out;
}

std::string without_fillers(std::string text) {
    std::replace(text.begin(), text.end(), '<', ' ');
    const auto first = text.find_first_not_of(' ');
    if (first == std::string::npos) return {};
    return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

std::string encode_name(const Dg11& details) {
    std::string out = with_fillers(details.surname, "EF.DG11: surname");
    const std::string given = with_fillers(details.given, "EF.DG11: given names");
    if (out.empty() && !given.empty()) {
        throw Error{Errc::input_invalid,
                    "EF.DG11: given names without a surname; a single name is the surname"};
    }
    return given.empty() ? out : out + "<<" + given;
}

void decode_name(const std::string& name, Dg11& out) {
    const auto gap = name.find("<<");
    out.surname = without_fillers(name.substr(0, gap));
    if (gap != std::string::npos) out.given = without_fillers(name.substr(gap + 2));
}

/// A0 { 02 count, count x 5F0F }: checked and passed over.
void check_other_names(const apdu::TlvReader& parent, const apdu::Tlv& group) {
    auto in = parent.enter(group);
    const unsigned count = lds::small_integer(in, in.next(0x02));
    for (unsigned i = 0; i < count; ++i) lds::text(in, in.next(other_name_tag));
    in.finish();
}

}  // namespace

Bytes encode_dg11(const Dg11& details) {
    lds::require_digits(details.birth_date, 8, "EF.DG11: date of birth");
    lds::require_text(details.personal_number, false, "EF.DG11: personal number");
    lds::require_text(details.telephone, false, "EF.DG11: telephone");
    return lds::ListedWriter{}
        .text(0x5F0E, encode_name(details))
        .text(0x5F10, details.personal_number)
        .text(0x5F2B, details.birth_date)
        .text(0x5F11, lds::join_parts(details.birth_place, "EF.DG11: place of birth"))
        .text(0x5F42, lds::join_parts(details.address, "EF.DG11: address"))
        .text(0x5F12, details.telephone)
        .take(0x6B);
}

Dg11 decode_dg11(ByteView file) {
    auto in = lds::open(file, 0x6B, "EF.DG11");
    Dg11 out;
    for (const auto& object : lds::read_listed(in, other_name_tag)) {
        switch (object.tag) {
            case 0x5F0E:
                decode_name(lds::text(in, object), out);
                break;
            case 0x5F10:
                out.personal_number = lds::text(in, object);
                break;
            case 0x5F2B:
                out.birth_date = lds::date_digits(in, object, 8);
                break;
            case 0x5F11:
                out.birth_place = lds::split_parts(lds::text(in, object));
                break;
            case 0x5F42:
                out.address = lds::split_parts(lds::text(in, object));
                break;
            case 0x5F12:
                out.telephone = lds::text(in, object);
                break;
            case 0xA0:
                check_other_names(in, object);
                break;
            case 0x5F16:
                break;  // an image
            default:
                lds::text(in, object);  // profession, title, summary, other documents, custody
        }
    }
    return out;
}

}  // namespace kartsaz::app::emrtd
