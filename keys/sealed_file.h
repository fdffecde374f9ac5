// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string_view>

#include "keys/secret.h"

/// Files that a passphrase opens: a JSON header (format, KDF parameters) and an AEAD ciphertext: Argon2id,
/// RFC 9106, and AES-256/GCM by Botan. docs/keys.md describes them. For the sources of keys/ only.
namespace kartsaz::keys {

/// @param format  what kind of file it must say it is
/// @throws Error{input_invalid} naming file, field or offset, and rule; Error{keys_failed} when the
/// passphrase
///         does not open it
SecretBytes open_sealed_file(const std::filesystem::path& file, std::string_view format,
                             const SecretBytes& passphrase);

/// Written encrypted, atomically, mode 0600. @throws Error{store_failed}; Error{keys_failed} for an empty
/// passphrase
void write_sealed_file(const std::filesystem::path& file, std::string_view format, const SecretBytes& content,
                       const SecretBytes& passphrase);

}  // namespace kartsaz::keys
