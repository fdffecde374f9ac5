// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "keys/key_store.h"

/// Changing encrypted key files; key_store.h opens them.
namespace kartsaz::keys {

/// Puts a keyset into a key file, which is made when it is not there. What is in the file stays, and there is
/// always the old or the new file. Programs that change one file do it one after the other: FILE.lock beside
/// it, which holds nothing and stays, is locked meanwhile, for which ten seconds are waited.
/// @throws Error{keys_failed} when the passphrase does not open it, or holds this name and version already;
///         Error{input_invalid}, Error{store_failed}
void add_keyset(const std::filesystem::path& file, const SecretBytes& passphrase, Keyset keyset);

/// The same for signing identities by name, all in one write. @throws as add_keyset()
void add_identities(const std::filesystem::path& file, const SecretBytes& passphrase,
                    std::map<std::string, SecretBytes> identities);

}  // namespace kartsaz::keys
