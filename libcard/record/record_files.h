// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "apdu/bytes.h"

namespace kartsaz::record {

/// Reads a file of at most `largest` bytes that a record names. Links are followed only inside the folder.
/// @param relative  a path that relative_path_fault accepts
/// @throws Error{input_invalid} "photo.jpg: rule" when it is missing, outside, no regular file, empty or too
///         large
Bytes read_record_file(const std::filesystem::path& folder, const std::string& relative, std::size_t largest);

/// record.json itself. @throws Error{store_failed} when it cannot be read, Error{input_invalid} when it has
/// more than `largest` bytes
std::string read_record_text(const std::filesystem::path& file, std::size_t largest);

}  // namespace kartsaz::record
