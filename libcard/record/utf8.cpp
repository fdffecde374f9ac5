// SPDX-License-Identifier: Apache-2.0
#include "libcard/record/utf8.h"

#include <fmt/format.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <array>
#include <cstdint>

#include "apdu/error.h"

namespace kartsaz::record {

std::u32string to_code_points(std::string_view utf8) {
    std::u32string out;
    out.reserve(utf8.size());
    const auto size = static_cast<std::int32_t>(utf8.size());
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(utf8.data());
    for (std::int32_t at = 0; at < size;) {
        const std::int32_t start = at;
        UChar32 code_point = 0;
        U8_NEXT(bytes, at, size, code_point);
        if (code_point < 0) throw Error{Errc::input_invalid, fmt::format("not UTF-8 at byte {}", start)};
        out.push_back(static_cast<char32_t>(code_point));
    }
    return out;
}

std::string to_utf8(std::u32string_view code_points) {
    std::string out;
    for (const char32_t code_point : code_points) {
        std::array<char, 4> bytes{};
        std::int32_t length = 0;
        UBool failed = false;
        U8_APPEND(bytes.data(), length, 4, static_cast<UChar32>(code_point), failed);
        if (failed) throw Error{Errc::internal, "a code point outside Unicode"};
        out.append(bytes.data(), static_cast<std::size_t>(length));
    }
    return out;
}

std::string to_ascii_digits(std::string_view utf8) {
    std::string out;
    out.reserve(utf8.size());
    for (std::size_t i = 0; i < utf8.size(); ++i) {
        const auto lead = static_cast<unsigned char>(utf8[i]);
        const auto next = static_cast<unsigned char>(i + 1 < utf8.size() ? utf8[i + 1] : '\0');
        const bool arabic = lead == 0xD9 && next >= 0xA0 && next <= 0xA9;   // U+0660..0669
        const bool persian = lead == 0xDB && next >= 0xB0 && next <= 0xB9;  // U+06F0..06F9
        if (arabic || persian) {
            out.push_back(static_cast<char>('0' + (next & 0x0F)));
            ++i;
        } else {
            out.push_back(utf8[i]);
        }
    }
    return out;
}

std::string code_point_name(char32_t code_point) {
    std::array<char, 128> name{};
    UErrorCode status = U_ZERO_ERROR;
    u_charName(static_cast<UChar32>(code_point), U_EXTENDED_CHAR_NAME, name.data(),
               static_cast<std::int32_t>(name.size()), &status);
    if (U_FAILURE(status)) return fmt::format("U+{:04X}", static_cast<std::uint32_t>(code_point));
    return fmt::format("{} (U+{:04X})", name.data(), static_cast<std::uint32_t>(code_point));
}

}  // namespace kartsaz::record
