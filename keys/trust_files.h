// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "keys/key_store.h"

/// What verifiers elsewhere need of an issuer: certificates and CRLs, nothing secret.
namespace kartsaz::keys {

struct TrustFile {
    std::string path;    ///< in the folder; "holders/.." for what judges citizens' certificates only
    Bytes content;       ///< DER
    std::string kind;    ///< "country signer", "citizens' CA", "CRL"
    std::string name;    ///< subject, or of a CRL its issuer, one line
    std::string serial;  ///< of the certificate, hexadecimal; of a CRL its number, empty without one
    std::int64_t from = 0, until = 0;  ///< seconds since 1970; of a CRL: this and next update, 0 without one
};

/// The certificates of "csca" and "citizen-ca" of a store, and CRLs that one of the two signed, as the folder
/// that `kartsaz verify --trust` takes. An identity that the store does not have is left out.
/// @param crls  each PEM or DER, with its name for errors
/// @throws Error{input_invalid} for a CRL that neither signed; Error{keys_failed} when the store has neither
std::vector<TrustFile> trust_files(const KeyStore& store,
                                   const std::vector<std::pair<std::string, Bytes>>& crls);

}  // namespace kartsaz::keys
