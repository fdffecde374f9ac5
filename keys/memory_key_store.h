// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "keys/key_store.h"

/// Key stores that are held whole in memory, whatever they were read from. For the sources of keys/ only.
namespace kartsaz::keys {

struct KeyStoreContent {
    std::vector<Keyset> keysets;
    std::map<std::string, SecretBytes, std::less<>> blobs;
    bool development = false;  ///< marked as a whole; each keyset has its own mark too
};

/// @param what  the store's name in error texts
std::unique_ptr<KeyStore> memory_key_store(KeyStoreContent content, std::string what);

/// Reads the plain form of a key store (docs/keys.md) and checks every rule.
/// @throws Error{input_invalid} "what: keysets[0].keys.enc: rule"; never with a value
KeyStoreContent parse_key_store(ByteView json, const std::string& what);
/// The plain form again.
SecretBytes key_store_text(const KeyStoreContent& content);

class SecretField;
/// "aes", "des3"; "none", "kdf3", "emv-cps11", "visa2". @throws Error{input_invalid}
KeyType parse_key_type(const SecretField& field);
Diversification parse_diversification(const SecretField& field);

}  // namespace kartsaz::keys
