// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "apdu/bytes.h"

namespace kartsaz::report {

/// Text that may come from a card, made safe for HTML and XML, in elements and in quoted attributes: markup
/// escaped, control characters and what is not UTF-8 replaced by U+FFFD, direction overrides taken out, so
/// that no card can change how the page around it reads.
std::string escaped(std::string_view text);

/// RFC 4648, 4.
std::string base64(ByteView bytes);

/// The bytes of the UTF-8 character at `at`, 1 to 4; 0 when there is none.
std::size_t utf8_length(std::string_view text, std::size_t at);

}  // namespace kartsaz::report
