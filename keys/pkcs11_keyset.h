// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "keys/keyset.h"
#include "keys/pkcs11_session.h"

/// Keysets as objects of a token. For the sources of keys/ only.
///
///   data object  "keyset/<name>/<version>"         CKA_APPLICATION "kartsaz", private; CKA_VALUE is a header
///   secret key   "keyset/<name>/<version>/<role>"  for each role that the header lists
///
/// <version> is two hexadecimal digits. The header is JSON:
///   {"format": "kartsaz-keyset-1", "type": "aes", "diversification": "kdf3", "development": false,
///    "roles": {"enc": 32, "mac": 32, "dek": 32}}
/// The numbers are lengths in bytes: of keys that were unwrapped, some tokens do not tell CKA_VALUE_LEN.
/// It is written last, so keys without one are what an interrupted ceremony left.
namespace kartsaz::keys {

inline constexpr std::string_view token_application = "kartsaz";

/// A keyset without its keys.
struct KeysetHeader {
    std::string name;
    std::uint8_t version = 0;
    KeyType type = KeyType::aes;
    Diversification diversification = Diversification::none;
    bool development = false;
    std::map<std::string, std::size_t, std::less<>> roles;  ///< with the length of the key in bytes

    std::string label() const;                           ///< of the data object
    std::string key_label(std::string_view role) const;  ///< of a key
    KeyType master_type() const;
    /// Secure-channel keys that cards hold as they are.
    bool needs_bytes() const;
    std::string json() const;
};

/// @throws Error{input_invalid} "token X, object keyset/..: rule"
KeysetHeader parse_keyset_header(std::string_view label, ByteView json, const std::string& where);
/// @throws Error{input_invalid} for a name, version or set of roles that cannot be
void check_keyset_header(const KeysetHeader& header, const std::string& where);

/// The keyset behind a header. Its keys stay in the token, unless header.needs_bytes().
/// @param weak  takes what can be read from the token or taken out of it
/// @throws Error{keys_failed} for a key that is missing or of the wrong type
Keyset token_keyset(const std::shared_ptr<const Pkcs11Token>& token, const KeysetHeader& header,
                    std::vector<std::string>& weak);

/// Type and size that a secret key object says it has.
struct TokenKeyFacts {
    KeyType type = KeyType::aes;
    std::size_t size = 0;  ///< bytes; 0: the token does not say
};
/// @throws Error{keys_failed} for another type or a size that the type has not
TokenKeyFacts secret_key_facts(const Session& session, CK_OBJECT_HANDLE key, const std::string& what);

/// Why this object is not held well; empty when it is.
std::string weakness(const Session& session, CK_OBJECT_HANDLE key);

/// The key check value of a secret key, computed by the token.
Bytes token_kcv(const Session& session, CK_OBJECT_HANDLE key, KeyType type);

}  // namespace kartsaz::keys
