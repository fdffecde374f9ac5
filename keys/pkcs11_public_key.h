// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "apdu/bytes.h"

/// Keys and signatures in the forms of PKCS#11, made into those of X.509. For the sources of keys/ only.
namespace kartsaz::keys {

/// Bytes of a coordinate, and of half a signature, of the curve with these CKA_EC_PARAMS: P-256, P-384,
/// P-521; empty for others. Source: RFC 5480, 2.1.1.1.
std::optional<std::size_t> token_curve_size(ByteView parameters);

/// SubjectPublicKeyInfo, DER. @param point  CKA_EC_POINT: an OCTET STRING around the point, or the point
/// alone
/// @throws Error{input_invalid}
Bytes ec_public_key(ByteView parameters, ByteView point, std::size_t field_size);
/// The same of CKA_MODULUS and CKA_PUBLIC_EXPONENT.
Bytes rsa_public_key(ByteView modulus, ByteView exponent);

class Session;
/// The same of a public key object. @throws Error{input_invalid}, Error{keys_failed}, Pkcs11Failure when it
/// has not what its kind of key needs
Bytes public_key_of(const Session& session, unsigned long object);

/// ECDSA-Sig-Value of r and s, each half of what a token gave. Source: RFC 3279, 2.2.3.
Bytes ecdsa_der(ByteView raw);

}  // namespace kartsaz::keys
