// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "keys/crypto.h"
#include "keys/openssl_handles.h"
#include "keys/secret.h"

/// Private keys that sign, wherever they are held: PEM text of a key file, or a token behind PKCS#11.
namespace kartsaz::keys {

class SigningKey {
public:
    SigningKey() = default;
    SigningKey(const SigningKey&) = delete;
    SigningKey& operator=(const SigningKey&) = delete;
    virtual ~SigningKey() = default;

    /// SubjectPublicKeyInfo, DER.
    virtual const Bytes& public_key() const = 0;
    /// Where it is, for people: "key file", "token kartsaz-hsm, object csca".
    virtual std::string place() const = 0;
    /// A signature over a digest: ECDSA-Sig-Value in DER (RFC 3279, 2.2.3), or RSASSA-PKCS1-v1_5 (RFC 8017,
    /// 8.2). @throws Error{keys_failed} in words when the key cannot be reached
    virtual Bytes sign_digest(HashAlgorithm algorithm, ByteView digest) const = 0;
    /// The same bytes for the same key, digest and `attempt` wherever the key can do it: RSA always, a
    /// curve's key in a key file by RFC 6979. A token makes a new ECDSA signature each time: only its length
    /// can be counted on. @param attempt  0, 1, ..: other signatures over the same digest (ECDSA)
    virtual Bytes sign_digest_again(HashAlgorithm algorithm, ByteView digest, unsigned attempt) const;
};

/// The key of a PEM text (PKCS#8 or the older forms, not encrypted). @throws Error{keys_failed}
std::shared_ptr<const SigningKey> signing_key_from_pem(const SecretBytes& pem);

/// The key for functions of OpenSSL that ask for one (certificates, CRLs, CMP, CMS): signing goes to
/// `sign_digest`, so a key in a token never leaves it. For the sources of keys/ only.
Owned<evp_pkey_st> openssl_key(std::shared_ptr<const SigningKey> key);

/// A key and the certificate that names its owner.
struct Identity {
    std::shared_ptr<const SigningKey> key;
    Bytes certificate;  ///< DER
};

/// Private key and certificate of a PEM text, in any order. @param what named in errors
/// @throws Error{keys_failed}
Identity identity_from_pem(const SecretBytes& pem, const std::string& what);

}  // namespace kartsaz::keys
