// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "keys/certificate_request.h"
#include "keys/pkcs11_objects.h"

/// Making keys inside a token, and bringing keys and certificates into it. Keys are made sensitive and not
/// extractable, and nothing that is there is ever replaced or removed: an object of the same name is an
/// error, but what an interrupted run of the same call left is completed.
namespace kartsaz::keys {

/// A key pair made in the token, both objects under `label`; CKA_ID is the key identifier (SHA-1 of the
/// public key bits). @throws Error{keys_failed} when a private key of that label is there already
std::shared_ptr<const SigningKey> generate_token_key(std::shared_ptr<const Pkcs11Token> token,
                                                     const std::string& label, KeyAlgorithm algorithm);

/// The key pair that an interrupted generate_token_key() left without a certificate. @throws
/// Error{keys_failed} when there is none, or it was not made in the token, is not held well or is of another
/// algorithm
std::shared_ptr<const SigningKey> finish_token_key(std::shared_ptr<const Pkcs11Token> token,
                                                   const std::string& label, KeyAlgorithm algorithm);

/// A certificate beside the private key of the same label, under the id of that key. Does nothing when the
/// very same one is there. @throws Error{keys_failed} when its key is not the token's, Error{input_invalid}
void write_token_certificate(const std::shared_ptr<const Pkcs11Token>& token, const std::string& label,
                             ByteView certificate);

/// What a keyset that is made in a token shall be.
struct NewTokenKeyset {
    std::string name;
    std::uint8_t version = 1;
    std::vector<std::string> roles;  ///< enc, mac, dek; or aa; or pin, puk
    Diversification diversification = Diversification::kdf3;
    std::size_t key_size = 32;  ///< bytes; all keys are AES
};

/// AES masters made in the token. @return KCVs by role, computed by the token
/// @throws Error{keys_failed} when the keyset is there already, or the token cannot
std::map<std::string, std::string> generate_token_keyset(std::shared_ptr<const Pkcs11Token> token,
                                                         const NewTokenKeyset& wanted);

/// Brings the keys of a keyset into the token: unwrapped under a key pair that the token makes for it
/// (CKM_RSA_PKCS_OAEP, so that the module sees no key in the clear), or as objects where it cannot do that.
/// The token's own KCVs are compared. A keyset whose bytes are needed (see KeysetHeader) is brought in
/// readable, and is then a weakness of the store.
/// @param keyset  with its keys here, not in a token
std::map<std::string, std::string> import_token_keyset(std::shared_ptr<const Pkcs11Token> token,
                                                       const Keyset& keyset);

}  // namespace kartsaz::keys
