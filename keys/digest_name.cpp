// SPDX-License-Identifier: Apache-2.0
#include "keys/digest_name.h"

#include "apdu/error.h"

namespace kartsaz::keys {

const char* openssl_digest_name(HashAlgorithm algorithm) {
    switch (algorithm) {
        case HashAlgorithm::sha1:
            return "SHA1";
        case HashAlgorithm::sha224:
            return "SHA2-224";
        case HashAlgorithm::sha256:
            return "SHA2-256";
        case HashAlgorithm::sha384:
            return "SHA2-384";
        case HashAlgorithm::sha512:
            return "SHA2-512";
    }
    throw Error{Errc::internal, "unknown hash"};
}

}  // namespace kartsaz::keys
