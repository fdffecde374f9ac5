// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "keys/crypto.h"

namespace kartsaz::keys {

/// OpenSSL's name of a digest: "SHA2-256". For the sources of keys/ only.
const char* openssl_digest_name(HashAlgorithm algorithm);
/// The digest of OpenSSL's number (NID_sha256); empty when it is none of SHA-1 to SHA-512.
std::optional<HashAlgorithm> hash_of_nid(int nid);

}  // namespace kartsaz::keys
