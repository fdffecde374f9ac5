// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "keys/key_store.h"
#include "keys/pkcs11_token.h"

/// Keys and certificates that are in a token. Layout of objects: docs/hsm.md.
namespace kartsaz::keys {

/// A private key of the token, EC P-256, P-384, P-521 or RSA; it never leaves. Each signature that the token
/// gives is verified before it is used. @param label  CKA_LABEL  @param id  CKA_ID, where labels repeat
/// @throws Error{keys_failed} when there is none or several, or its public key cannot be had
std::shared_ptr<const SigningKey> token_key(std::shared_ptr<const Pkcs11Token> token,
                                            const std::string& label, ByteView id = {});

/// Certificates (DER) under this label and, when it is not empty, this id.
std::vector<Bytes> token_certificates(const Pkcs11Token& token, const std::string& label, ByteView id = {});

/// Key and certificate of one label; of several certificates for the key the one that is valid longest.
/// @throws Error{keys_failed}
Identity token_identity(const std::shared_ptr<const Pkcs11Token>& token, const std::string& label,
                        ByteView id = {});

/// A key store made of a token and, where the token has no keyset or identity of a name, of `rest` (may be
/// null). Keysets stay in the token; only undiversified secure-channel keys are read, because cards are
/// spoken to with their bytes. weaknesses() names what can be read from the token or taken out of it.
/// @throws Error{keys_failed}, Error{input_invalid} for a keyset whose objects do not fit its header
std::unique_ptr<KeyStore> token_key_store(std::shared_ptr<const Pkcs11Token> token,
                                          std::unique_ptr<KeyStore> rest = nullptr);

}  // namespace kartsaz::keys
