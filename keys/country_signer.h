// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "keys/ca_ledger.h"
#include "keys/certificate_request.h"
#include "keys/certificate_source.h"
#include "keys/signing_key.h"

/// The certificates above the citizens': country signer, document signers, citizens' CA, and their CRLs. The
/// keys may be in a token. Source of the profiles: ICAO Doc 9303-12, 7.1; RFC 5280, 4.
namespace kartsaz::keys {

struct AuthorityTemplate {
    /// country, organization and common name; serial_number tells generations of one name apart
    CertificateSubject subject;
    std::int64_t not_before = 0;  ///< seconds since 1970
    std::int64_t not_after = 0;
    std::string crl_url;  ///< empty: left out
    /// End of use of the private key, when earlier than the certificate's; 0: not said. A document signer
    /// signs for months and is verified for years.
    std::int64_t key_until = 0;
    /// Document signers only: types of documents, as in the MRZ ("I", "P"); empty: any
    std::vector<std::string> document_types{};
};

/// A private key that is made here, PKCS#8 as PEM; one that is made in a token is better. Source: FIPS 186-5.
SecretBytes new_private_key(KeyAlgorithm algorithm);
/// Key and certificate as key stores hold them, see identity_from_pem().
SecretBytes identity_text(const SecretBytes& private_key, ByteView certificate);

/// Signed by itself: keyCertSign and cRLSign, path length 0. For a CSCA, and for a citizens' CA that is its
/// own root. @throws Error{input_invalid}, Error{keys_failed}
Bytes make_root(const SigningKey& key, const AuthorityTemplate& content);

/// A root that has CAs below it: path length 1.
Bytes make_upper_root(const SigningKey& key, const AuthorityTemplate& content);

/// keyUsage digitalSignature, not valid beyond its issuer. @param csca key and certificate of the country
/// signer
/// @param public_key  SubjectPublicKeyInfo of the document signer
Bytes make_document_signer(const Identity& csca, ByteView public_key, const AuthorityTemplate& content);

/// Signs what PIV cards carry: keyUsage digitalSignature, critical extendedKeyUsage id-PIV-content-signing.
/// Source: FIPS 201-2, 4.2.1.
Bytes make_content_signer(const Identity& csca, ByteView public_key, const AuthorityTemplate& content);

/// A CA below a root with a path length of 1 or more: keyCertSign and cRLSign, path length 0.
Bytes make_citizen_ca(const Identity& root, ByteView public_key, const AuthorityTemplate& content);

/// Writes a certificate that one of these functions made into the ledger of its issuer, so that it can be
/// revoked. @param slot  "document-signer", "ca"
void record_authority(CaLedger& ledger, const std::string& slot, ByteView certificate, std::int64_t now);

/// A CRL of whoever holds the ledger, see LocalCa::crl().
Bytes make_crl(const Identity& issuer, CaLedger& ledger, std::int64_t now, int days);

}  // namespace kartsaz::keys
