// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "keys/crypto.h"

namespace kartsaz::keys {

/// OpenSSL's name of a digest: "SHA2-256". For the sources of keys/ only.
const char* openssl_digest_name(HashAlgorithm algorithm);

}  // namespace kartsaz::keys
