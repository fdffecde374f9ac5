// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "keys/crypto.h"
#include "keys/openssl_handles.h"

/// For the sources of keys/ only.
namespace kartsaz::keys {

/// An ECDSA signature (ECDSA-Sig-Value in DER) whose k is computed from key and digest, so that the same
/// input gives the same bytes. OpenSSL 3.0 has no such signature of its own. @param attempt  0: exactly
/// RFC 6979, 3.2; n: the n-th further signature over the same digest, n being the additional data k' of 3.6
/// @throws Error{internal} when `key` is no EC key of a named curve
Bytes sign_ecdsa_deterministic(evp_pkey_st* key, HashAlgorithm algorithm, ByteView digest, unsigned attempt);

}  // namespace kartsaz::keys
