// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "keys/certificate_request.h"
#include "keys/certificate_source.h"

/// What is on a card already: public keys and citizens' certificates, judged before they are relied on.
namespace kartsaz::keys {

/// What a certificate says of its holder.
struct CitizenCertificate {
    Bytes public_key;            ///< SubjectPublicKeyInfo
    CertificateSubject subject;  ///< parts that it does not have are empty
    bool content_commitment = false;
    bool digital_signature = false;
    bool key_encipherment = false;
    bool key_agreement = false;
    Bytes fascn;                                 ///< of subjectAltName; empty: none
    std::string uri;                             ///< the first of subjectAltName; empty: none
    std::int64_t not_before = 0, not_after = 0;  ///< seconds since 1970
};
/// Empty when the bytes are not exactly one certificate.
std::optional<CitizenCertificate> read_citizen_certificate(ByteView der);

/// Whether the issuer's key signed the certificate (both DER); false, too, when either cannot be read. Says
/// nothing of validity. RFC 5280, 6.1.3 (a)(1).
bool is_signed_by(ByteView certificate, ByteView issuer);

/// True when the certificate contradicts what is ordered now: another name, number or usage. What a CA leaves
/// out by its own policy is no contradiction.
bool contradicts(const CitizenCertificate& there, const CertificateTemplate& wanted);

/// A public key that a chip made: of the kind that was asked for, its point on the curve, its modulus of full
/// length and without small factors, its exponent odd and above 2^16.
/// @throws Error{card_refused} naming `what` and the rule that is broken
void check_made_key(ByteView public_key, KeyAlgorithm wanted, const std::string& what);

}  // namespace kartsaz::keys
