// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

/// Code points and UTF-8 (RFC 3629).
namespace kartsaz::record {

/// @throws Error{input_invalid} with the byte offset when the text is not UTF-8: overlong forms, surrogates
///         and values above U+10FFFF included
std::u32string to_code_points(std::string_view utf8);
std::string to_utf8(std::u32string_view code_points);

/// Persian (U+06F0..) and Arabic-Indic (U+0660..) digits as ASCII; all else, also what is not UTF-8, stays.
std::string to_ascii_digits(std::string_view utf8);

/// "ARABIC LETTER YEH (U+064A)", the name as Unicode has it.
std::string code_point_name(char32_t code_point);

}  // namespace kartsaz::record
