// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "keys/signing_key.h"

/// Documents that a citizen signs, with any signing key: a card's, a token's, a file's.
namespace kartsaz::keys {

/// A detached CMS signature in DER over `document`: SignedData with the signer's certificate, signing time
/// and the ESS signing-certificate attribute, as CAdES-BES asks for (RFC 5652, RFC 5035, ETSI EN 319 122-1).
/// What `openssl cms -verify -inform DER -content DOCUMENT -binary` takes.
/// @throws Error{keys_failed} when the key does not sign or is not the certificate's
Bytes sign_document(const Identity& signer, ByteView document);

struct DocumentSignature {
    bool ok = false;
    std::string fault;   ///< why it is not, in OpenSSL's words
    Bytes certificate;   ///< of the signer, DER; empty when none is inside
    std::string signer;  ///< its subject, one line
};
/// "OpenSSL 3.0.17 1 Jul 2025": who verifies.
std::string verifier_name();
/// By OpenSSL's CMS code, with a path to one of `trusted` (DER) at `at` (seconds since 1970).
DocumentSignature verify_document(ByteView signature, ByteView document, const std::vector<Bytes>& trusted,
                                  std::int64_t at);

}  // namespace kartsaz::keys
