// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

/// How text comes to lie on a terminal.
namespace kartsaz::tools {

/// Columns that a UTF-8 text takes: none for combining marks, joiners and marks of direction, which Persian
/// text has, one for everything else.
std::size_t width(std::string_view text);

/// Lines of at most `room` columns, broken at blanks; a longer word is cut, so that long hexadecimal text
/// wraps too, never inside of a character. At least one line.
std::vector<std::string> wrap(std::string_view text, std::size_t room);

/// Text that may come from a card or a file, without what a terminal would obey: control characters become
/// '?'.
std::string harmless(std::string_view text);

}  // namespace kartsaz::tools
