// SPDX-License-Identifier: Apache-2.0
// EF.DG1: 61 { 5F1F MRZ }, the lines one after the other without breaks.
#include <fmt/format.h>

#include <algorithm>

#include "apdu/error.h"
#include "libcard/app/emrtd/lds.h"
#include "libcard/app/emrtd/lds_support.h"

namespace kartsaz::app::emrtd {
namespace {

constexpr const char* size_rule = "the MRZ has {} characters; 90 (TD1), 72 (TD2) or 88 (TD3) are needed";
constexpr const char* letter_rule = "the MRZ holds a character other than A-Z, 0-9 and <";

bool is_mrz_size(std::size_t size) {
    return size == 90 || size == 72 || size == 88;
}

bool is_mrz_character(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '<';
}

}  // namespace

Bytes encode_dg1(std::string_view mrz) {
    if (!is_mrz_size(mrz.size())) {
        throw Error{Errc::input_invalid,
                    fmt::format("EF.DG1: {}", fmt::format(fmt::runtime(size_rule), mrz.size()))};
    }
    if (!std::all_of(mrz.begin(), mrz.end(), is_mrz_character)) {
        throw Error{Errc::input_invalid, fmt::format("EF.DG1: {}", letter_rule)};
    }
    return apdu::TlvWriter{}.nest(0x61, [&](apdu::TlvWriter& out) { out.put(0x5F1F, mrz); }).bytes();
}

std::string decode_dg1(ByteView file) {
    auto in = lds::open(file, 0x61, "EF.DG1");
    const apdu::Tlv object = in.next(0x5F1F);
    in.finish();
    if (!is_mrz_size(object.value.size())) {
        in.fail(object.offset, fmt::format(fmt::runtime(size_rule), object.value.size()));
    }
    std::string mrz = to_text(object.value);
    const auto bad = std::find_if_not(mrz.begin(), mrz.end(), is_mrz_character);
    if (bad != mrz.end()) {
        in.fail(object.value_offset + static_cast<std::size_t>(bad - mrz.begin()), letter_rule);
    }
    return mrz;
}

}  // namespace kartsaz::app::emrtd
