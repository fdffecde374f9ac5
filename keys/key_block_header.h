// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "keys/key_block.h"

/// The clear part of key blocks as text. For the sources of keys/ only.
namespace kartsaz::keys {

/// Facts that depend on the version of a block.
struct KeyBlockMethod {
    std::size_t block;  ///< bytes of a cipher block; header and whole block are multiples in characters
    std::size_t mac;    ///< bytes of the MAC, at the end
};
/// @throws Error{input_invalid} for a version that is not spoken here
KeyBlockMethod key_block_method(char version, const std::string& what);

struct ParsedHeader {
    KeyBlockHeader header;
    std::size_t size = 0;  ///< characters, padding included
};
/// Header and length of a whole block. @throws Error{input_invalid} "what: offset N: rule"
ParsedHeader parse_key_block_header(std::string_view block, const std::string& what);

/// The text of a header for a block that has `rest` characters after it.
/// @throws Error{usage} naming the field that cannot be
std::string key_block_header_text(const KeyBlockHeader& header, std::size_t rest);

}  // namespace kartsaz::keys
