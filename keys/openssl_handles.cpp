// SPDX-License-Identifier: Apache-2.0
#include "keys/openssl_handles.h"

#include <openssl/bn.h>
#include <openssl/cms.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include "apdu/error.h"

namespace kartsaz::keys {

void OpensslFree::operator()(bignum_st* object) const noexcept {
    BN_clear_free(object);
}
void OpensslFree::operator()(bignum_ctx* object) const noexcept {
    BN_CTX_free(object);
}
void OpensslFree::operator()(CMS_ContentInfo_st* object) const noexcept {
    CMS_ContentInfo_free(object);
}
void OpensslFree::operator()(ec_point_st* object) const noexcept {
    EC_POINT_clear_free(object);
}
void OpensslFree::operator()(evp_cipher_ctx_st* object) const noexcept {
    EVP_CIPHER_CTX_free(object);
}
void OpensslFree::operator()(evp_mac_ctx_st* object) const noexcept {
    EVP_MAC_CTX_free(object);
}
void OpensslFree::operator()(evp_md_ctx_st* object) const noexcept {
    EVP_MD_CTX_free(object);
}
void OpensslFree::operator()(evp_pkey_ctx_st* object) const noexcept {
    EVP_PKEY_CTX_free(object);
}
void OpensslFree::operator()(evp_pkey_st* object) const noexcept {
    EVP_PKEY_free(object);
}
void OpensslFree::operator()(x509_st* object) const noexcept {
    X509_free(object);
}
void OpensslFree::operator()(X509_crl_st* object) const noexcept {
    X509_CRL_free(object);
}
void OpensslFree::operator()(X509_req_st* object) const noexcept {
    X509_REQ_free(object);
}
void OpensslFree::operator()(x509_store_ctx_st* object) const noexcept {
    X509_STORE_CTX_free(object);
}
void OpensslFree::operator()(x509_store_st* object) const noexcept {
    X509_STORE_free(object);
}

std::string openssl_reason() {
    const unsigned long last = ERR_peek_last_error();
    std::string ours;
    const char* data = nullptr;
    int flags = 0;
    while (const unsigned long code = ERR_get_error_all(nullptr, nullptr, nullptr, &data, &flags)) {
        // what a key that is elsewhere said (openssl_key.cpp) is told by OpenSSL's own words only in part
        if (ERR_GET_LIB(code) == ERR_LIB_USER && (flags & ERR_TXT_STRING) != 0 && ours.empty()) ours = data;
    }
    if (!ours.empty() || last == 0) return ours;
    const char* reason = ERR_reason_error_string(last);
    return reason != nullptr ? reason : "OpenSSL error " + std::to_string(last);
}

void openssl_failed(const char* doing) {
    const auto reason = openssl_reason();
    throw Error{Errc::internal, reason.empty() ? std::string{doing} : std::string{doing} + ": " + reason};
}

}  // namespace kartsaz::keys
