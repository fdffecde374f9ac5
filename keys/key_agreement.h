// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "keys/certificate_request.h"

/// A challenge for a key that agrees and does not sign (ECDH, NIST SP 800-56A, 5.7.1.2): a key pair made for
/// this one challenge, so its private half is nobody's secret and stands in what is kept of it.
namespace kartsaz::keys {

struct AgreementChallenge {
    Bytes scalar;  ///< as long as the field
    Bytes point;   ///< 04 X Y, for the card
};
/// @param algorithm  of a curve  @throws Error{usage} for RSA
AgreementChallenge make_agreement_challenge(KeyAlgorithm algorithm);

/// The x coordinate that comes of `scalar` and a public key; empty when the key is of no curve known here, or
/// does not fit. @param public_key  SubjectPublicKeyInfo
Bytes agreed_secret(ByteView public_key, ByteView scalar);

}  // namespace kartsaz::keys
