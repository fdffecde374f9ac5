// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "keys/certificate_source.h"
#include "keys/crypto.h"

/// PKCS#10 requests (RFC 2986) that a card signs: made in two halves, because the signature comes from the
/// chip.
namespace kartsaz::keys {

/// Kinds of key pair that a card can make.
enum class KeyAlgorithm { ec_p256, ec_p384, rsa_2048, rsa_3072, rsa_4096 };
std::string_view name(KeyAlgorithm algorithm);  ///< "ec-p256", ... as profiles write it
/// Of a SubjectPublicKeyInfo; empty when it is none of these.
std::optional<KeyAlgorithm> algorithm_of(ByteView public_key);
/// The digest that goes with it: SHA-256, for P-384 SHA-384.
HashAlgorithm digest_of(KeyAlgorithm algorithm);

/// The part of a request that is signed, DER.
Bytes request_info(const CertificateSubject& subject, ByteView public_key);
/// The whole request. @param signature  ECDSA-Sig-Value (DER) or RSA signature, by the request's key
Bytes assemble_request(ByteView info, KeyAlgorithm algorithm, ByteView signature);

/// What a request says; its own signature was verified.
struct ParsedRequest {
    Bytes public_key;     ///< SubjectPublicKeyInfo
    std::string subject;  ///< one line
};
/// @throws Error{input_invalid} naming what is wrong, also when the signature is
ParsedRequest parse_request(ByteView request);

/// True when `signature` over `message` verifies under `public_key` (SubjectPublicKeyInfo) with digest_of()
/// its algorithm. ECDSA as DER, RSA as PKCS#1 v1.5. Never throws on a wrong signature.
bool verify_signature(ByteView public_key, ByteView message, ByteView signature);

/// SHA-1 of the subjectPublicKey bits: the key identifier of certificates and the iD of PKCS#15 objects.
/// Source: RFC 5280, 4.2.1.2 (1).
Bytes key_identifier(ByteView public_key);

}  // namespace kartsaz::keys
