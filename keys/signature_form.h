// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "keys/crypto.h"
#include "keys/signing_key.h"

/// How a key signs structures of X.509 and CMS. For the sources of keys/ only.
namespace kartsaz::keys {

struct SignatureForm {
    HashAlgorithm hash = HashAlgorithm::sha256;
    Bytes hash_algorithm;            ///< AlgorithmIdentifier, without parameters (RFC 5754, 2)
    Bytes signature_algorithm;       ///< AlgorithmIdentifier; for RSA with NULL (RFC 4055, 5)
    std::size_t signature_size = 0;  ///< bytes of a signature of the usual length
};

/// SHA-256 with RSA and curves up to 256 bits, SHA-384 up to 384, SHA-512 above.
/// @param public_key  SubjectPublicKeyInfo  @param who  begins error texts
/// @throws Error{keys_failed} when the key is neither RSA of 2048 bits or more nor EC of 160 or more
SignatureForm signature_form(ByteView public_key, const std::string& who);

/// Signs `message`, and signs again until the signature has the usual length, so that what is signed has a
/// length that is known in advance. @throws Error{keys_failed} also when the signature is wrong
Bytes sign_usual(const SigningKey& key, const SignatureForm& form, ByteView message, const std::string& who);
/// The same by sign_digest_again(): of all signatures of the usual length the first, so the same one each
/// time.
Bytes sign_reproducibly(const SigningKey& key, const SignatureForm& form, ByteView message,
                        const std::string& who);

}  // namespace kartsaz::keys
