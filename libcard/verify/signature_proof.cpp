// SPDX-License-Identifier: Apache-2.0
#include "libcard/verify/signature_proof.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>

#include "keys/certificate_request.h"

namespace kartsaz::verify {

bool proves(ByteView public_key, ByteView message, ByteView signature, bool sha1) {
    if (!sha1) return keys::verify_signature(public_key, message, signature);
    const auto* at = public_key.data();
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key{
        d2i_PUBKEY(nullptr, &at, static_cast<long>(public_key.size())), EVP_PKEY_free};
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(), EVP_MD_CTX_free};
    const bool good =
        key && context && EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha1(), nullptr, key.get()) == 1 &&
        EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(), message.size()) ==
            1;
    ERR_clear_error();
    return good;
}

}  // namespace kartsaz::verify
