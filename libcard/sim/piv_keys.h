// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "libcard/sim/chip.h"

/// Key pairs of the PIV application. Times go to the meter. What Botan cannot load or compute is thrown as
/// its exception.
namespace kartsaz::sim {

bool piv_is_rsa(std::uint8_t algorithm);
/// Bits of an RSA modulus or of a curve's field; 0: no algorithm of key pairs.
unsigned piv_bits(std::uint8_t algorithm);

/// A new pair of this algorithm, as PKCS#8. Its time is the caller's to count.
Bytes piv_generate(Rng& rng, std::uint8_t algorithm);
/// The private key in the data of INS FE: 01 p, 02 q, 03 d mod p-1, 04 d mod q-1, 05 1/q mod p; 06 scalar of
/// an EC key; 07 seed of Ed25519; 08 scalar of X25519. Other objects are not looked at.
/// @return  PKCS#8, or empty when it is no key of this algorithm
std::optional<Bytes> piv_import(Chip& chip, std::uint8_t algorithm, ByteView data);
/// What stands inside 7F49: 81 modulus and 82 exponent, or 86 point.
Bytes piv_public(const PivKey& key);

/// RSA: the private operation over a block as long as the modulus. ECDSA: over a hash, DER. Ed25519: over a
/// message. Empty when the data do not fit the key.
std::optional<Bytes> piv_sign(Chip& chip, const PivKey& key, ByteView data, bool hashes_only);
/// ECDH or X25519 with the point of the other side: the x coordinate. Empty when the key cannot do that.
/// @throws Botan::Exception for a point that is none
std::optional<Bytes> piv_agree(Chip& chip, const PivKey& key, ByteView point);

/// A certificate over `subject`'s public key, signed with the attestation key. Source: what PivApplet writes.
/// @param reference  of the subject  @param signer  RSA or EC
Bytes piv_attestation(const PivTraits& traits, Rng& rng, std::uint8_t reference, const PivKey& subject,
                      const PivKey& signer);

}  // namespace kartsaz::sim
