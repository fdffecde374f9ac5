// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "apdu/bytes.h"

/// gzip (RFC 1952) by zlib. Only the sources of this folder include it.
namespace kartsaz::app::piv {

/// The smallest form, without name and time: the same input gives the same bytes.
Bytes gzip(ByteView plain);
/// What one gzip member holds, at most `most` bytes; nothing may follow it.
/// @throws Error{input_invalid} naming `what` and the rule
Bytes gunzip(ByteView packed, std::size_t most, std::string_view what);

}  // namespace kartsaz::app::piv
