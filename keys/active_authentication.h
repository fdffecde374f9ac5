// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "keys/crypto.h"
#include "keys/keyset.h"
#include "keys/secret.h"

/// Active Authentication keys and their proof. Source: ICAO Doc 9303-11, 6.1; 9303-10, 4.7.14 and 4.7.15.
namespace kartsaz::keys {

enum class AaAlgorithm { ecdsa_p256, rsa_1024 };

/// A chip's key pair. The private part is fetched when the step that loads it runs.
struct AaKeyPair {
    AaAlgorithm algorithm = AaAlgorithm::ecdsa_p256;
    Bytes public_key;      ///< SubjectPublicKeyInfo, DER
    SecretBytes scalar;    ///< ECDSA: private scalar, 32 bytes
    SecretBytes modulus;   ///< RSA: 128 bytes
    SecretBytes exponent;  ///< RSA: private exponent, 128 bytes
};

/// The key pair of one chip: a function of master key and chip identity (SP 800-108 by AES-CMAC, FIPS 186-5
/// A.2.1 for EC, an HMAC_DRBG seeded by it for RSA), so that a torn card is completed with the same key
/// and none is ever stored.
/// @param master  16, 24 or 32 bytes  @param chip_identity  1 to 64 bytes  @throws Error{usage}
AaKeyPair derive_aa_key(const SecretBytes& master, AaAlgorithm algorithm, ByteView chip_identity);
/// The same under the master of role "aa", computed by the token where the keyset is held in one: what comes
/// back from there is the seed of this one chip. @throws Error{keys_failed} when there is no such role
AaKeyPair derive_aa_key(const Keyset& keyset, AaAlgorithm algorithm, ByteView chip_identity);

/// Proves that the answer of INTERNAL AUTHENTICATE was made by the private key of `public_key`.
/// RSA: ISO/IEC 9796-2 scheme 1 with recovery (trailers BC, 33CC .. 38CC); ECDSA: plain r||s or DER, hash
/// by `ecdsa_hash` (SHA-256 unless DG14 says otherwise).
/// @return empty when proved, else what is wrong, in words
/// @param public_key  SubjectPublicKeyInfo, DER  @param challenge  RND.IFD, 8 bytes
std::string check_active_authentication(ByteView public_key, ByteView challenge, ByteView signature,
                                        HashAlgorithm ecdsa_hash = HashAlgorithm::sha256);

}  // namespace kartsaz::keys
