// SPDX-License-Identifier: Apache-2.0
#include "keys/digest_name.h"

#include <openssl/obj_mac.h>

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

std::optional<HashAlgorithm> hash_of_nid(int nid) {
    switch (nid) {
        case NID_sha1:
            return HashAlgorithm::sha1;
        case NID_sha224:
            return HashAlgorithm::sha224;
        case NID_sha256:
            return HashAlgorithm::sha256;
        case NID_sha384:
            return HashAlgorithm::sha384;
        case NID_sha512:
            return HashAlgorithm::sha512;
        default:
            return std::nullopt;
    }
}

}  // namespace kartsaz::keys
