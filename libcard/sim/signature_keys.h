// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "libcard/sim/chip.h"

/// Key pairs of the signature application: made in the card, imported, used. Every function answers with the
/// applet's status words; times go to the meter.
namespace kartsaz::sim {

/// A new pair: the answer holds 7F49{81 modulus, 82 exponent}, `key` the private key.
Answer generate_rsa(Chip& chip, unsigned bits, SignatureKey& key);
/// The same over the curve that `parameters` (81 p, 82 a, 83 b, 84 G, 85 n, 87 h) describe; the answer
/// repeats them and adds 86, the public point.
Answer generate_ec(Chip& chip, ByteView parameters, SignatureKey& key);

/// RSASSA-PKCS1-v1_5 over a DigestInfo that the host has made (padding alone is the card's).
Answer sign_pkcs1(Chip& chip, const SignatureKey& key, ByteView digest_info);
/// RSASSA-PSS over a hash; its length says which (20, 28, 32, 48, 64), the salt is as long.
Answer sign_pss(Chip& chip, const SignatureKey& key, ByteView hash);
/// ECDSA, DER. @param hashes  the card hashes the data with SHA-1 first (command-set version 0)
Answer sign_ecdsa(Chip& chip, const SignatureKey& key, ByteView data, bool hashes);
/// RSAES-PKCS1-v1_5.
Answer decipher_rsa(Chip& chip, const SignatureKey& key, ByteView cryptogram);

/// 7F48{92 p, 93 q, 94 1/q mod p, 95 d mod p-1, 96 d mod q-1}. @return 9000 or the refusal
std::uint16_t import_rsa(Chip& chip, ByteView data, unsigned bits, SignatureKey& key);
/// E0{81 p, 82 a, 83 b, 84 G, 85 n, 87 h, 88 d}. @return 9000 or the refusal
std::uint16_t import_ec(Chip& chip, ByteView data, SignatureKey& key);

/// Bytes of an RSA modulus.
std::size_t modulus_size(const SignatureKey& key);
/// "RSA 2048", "EC secp256r1".
std::string key_name(const SignatureKey& key);

}  // namespace kartsaz::sim
