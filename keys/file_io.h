// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string_view>

#include "keys/secret.h"

/// Files with secrets. For the sources of keys/ only.
namespace kartsaz::keys {

enum class Others {
    may_read,      ///< what is inside is encrypted
    may_not_read,  ///< the mode must give nothing to group and others
};
/// The whole file. @throws Error{keys_failed} when it cannot be read or others may read it,
///         Error{input_invalid} when it has more than `most` bytes
SecretBytes read_secret_file(const std::filesystem::path& file, std::size_t most, Others others);

/// Writes `text` to a new file of mode 0600 beside `file` and moves it there: the old content or the new,
/// never a part. The new one is called ".NAME.tmp" until it is whole; one that a killed process left is
/// written anew by the next call for the same file, one that another process writes is waited for.
/// @throws Error{store_failed}
void replace_private_file(const std::filesystem::path& file, std::string_view text);

/// Makes a folder of mode 0700, and what it is in, when it is not there; an empty path is the current one.
/// @throws Error{store_failed}
void make_private_folder(const std::filesystem::path& folder);

/// Has the entries of a folder on disk. @throws Error{store_failed}
void sync_folder(const std::filesystem::path& folder);

}  // namespace kartsaz::keys
