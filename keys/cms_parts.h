// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "apdu/bytes.h"
#include "keys/openssl_handles.h"

/// What a SignedData says beside the signature, which no signature covers, and where its parts stand: OpenSSL
/// neither judges nor tells it. For the sources of keys/ only.
namespace kartsaz::keys {

/// Offsets in the CMS. None when it is BER that is no DER.
struct CmsPlaces {
    std::optional<std::size_t> content_type, signer, attributes, digest, algorithm, signature;
};

struct CmsFormFault {
    std::optional<std::size_t> offset;  ///< in the CMS
    std::string text;
};

struct CmsParts {
    CmsPlaces places;
    std::vector<CmsFormFault> faults;
};

/// Judged are the versions of SignedData (3, and 1 for id-data with a signer of version 1) and SignerInfo (1
/// with issuer and serial, 3 with a key identifier), and that the signer's digest algorithm is among
/// digestAlgorithms, both without parameters or with NULL. RFC 5652, 5.1 and 5.3; RFC 5754, 2.
/// @param cms   as it stands on the card; `info` the same, parsed, with one signer
CmsParts cms_parts(ByteView cms, CMS_ContentInfo_st* info);

}  // namespace kartsaz::keys
