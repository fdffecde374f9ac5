// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

struct bignum_st;
struct bignum_ctx;
struct CMS_ContentInfo_st;
struct ec_point_st;
struct evp_cipher_ctx_st;
struct evp_mac_ctx_st;
struct evp_md_ctx_st;
struct evp_pkey_ctx_st;
struct evp_pkey_st;
struct x509_st;
struct X509_crl_st;
struct X509_req_st;
struct x509_store_ctx_st;
struct x509_store_st;

/// Owners of OpenSSL objects, without OpenSSL's headers. For the sources of keys/ only.
namespace kartsaz::keys {

struct OpensslFree {
    void operator()(bignum_st* object) const noexcept;  ///< wiped first
    void operator()(bignum_ctx* object) const noexcept;
    void operator()(CMS_ContentInfo_st* object) const noexcept;
    void operator()(ec_point_st* object) const noexcept;  ///< wiped first
    void operator()(evp_cipher_ctx_st* object) const noexcept;
    void operator()(evp_mac_ctx_st* object) const noexcept;
    void operator()(evp_md_ctx_st* object) const noexcept;
    void operator()(evp_pkey_ctx_st* object) const noexcept;
    void operator()(evp_pkey_st* object) const noexcept;
    void operator()(x509_st* object) const noexcept;
    void operator()(X509_crl_st* object) const noexcept;
    void operator()(X509_req_st* object) const noexcept;
    void operator()(x509_store_ctx_st* object) const noexcept;
    void operator()(x509_store_st* object) const noexcept;
};
template <typename Object>
using Owned = std::unique_ptr<Object, OpensslFree>;

/// Throws Error{internal} with `doing` and OpenSSL's reason, when it gave one.
[[noreturn]] void openssl_failed(const char* doing);
/// As a check: `object` when it is not null.
template <typename Object>
Object* openssl_made(Object* object, const char* doing) {
    if (object == nullptr) openssl_failed(doing);
    return object;
}
/// As a check: returns only when `result` is 1, OpenSSL's "done".
inline void openssl_done(int result, const char* doing) {
    if (result != 1) openssl_failed(doing);
}
/// OpenSSL's last reason in its words, or what one of our own keys said in between; its error queue is
/// emptied. Empty when there is none.
std::string openssl_reason();

}  // namespace kartsaz::keys
