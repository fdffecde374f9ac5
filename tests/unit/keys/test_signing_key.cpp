// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <openssl/bio.h>
#include <openssl/cmp.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "apdu/error.h"
#include "keys/document_signature.h"
#include "keys/issuer.h"
#include "keys/key_store.h"
#include "keys/openssl_handles.h"
#include "keys/signing_key.h"
#include "tests/unit/keys/card_keys.h"
#include "tests/unit/keys/remote_key.h"

using namespace kartsaz;
using namespace kartsaz::keys;
using Catch::Contains;
using kartsaz::test::card_key;
using kartsaz::test::pki_secret;
using kartsaz::test::RemoteKey;

namespace {

std::shared_ptr<RemoteKey> remote(const std::string& name) {
    return std::make_shared<RemoteKey>(card_key(name));
}

const std::vector<std::string> kinds{"ec-p256", "ec-p384", "ec-p521", "rsa-2048", "rsa-3072"};

struct X509Free {
    void operator()(X509* x) const { X509_free(x); }
    void operator()(X509_CRL* x) const { X509_CRL_free(x); }
    void operator()(CMS_ContentInfo* x) const { CMS_ContentInfo_free(x); }
    void operator()(EVP_MD_CTX* x) const { EVP_MD_CTX_free(x); }
    void operator()(EVP_PKEY* x) const { EVP_PKEY_free(x); }
    void operator()(BIO* x) const { BIO_free_all(x); }
};
template <typename T>
using Held = std::unique_ptr<T, X509Free>;

const EVP_MD* digest_for(const std::string& kind) {
    return kind == "ec-p384" ? EVP_sha384() : kind == "ec-p521" ? EVP_sha512() : EVP_sha256();
}

/// A certificate of a key, signed by itself, with OpenSSL's own X509_sign.
Held<X509> own_certificate(EVP_PKEY* key, const EVP_MD* md) {
    Held<X509> out{X509_new()};
    X509_set_version(out.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(out.get()), 7);
    X509_gmtime_adj(X509_getm_notBefore(out.get()), 0);
    X509_gmtime_adj(X509_getm_notAfter(out.get()), 86400);
    auto* name = X509_get_subject_name(out.get());
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("far"), -1,
                               -1, 0);
    X509_set_issuer_name(out.get(), name);
    REQUIRE(X509_set_pubkey(out.get(), key) == 1);
    if (X509_sign(out.get(), key, md) <= 0) out.reset();
    return out;
}

}  // namespace

TEST_CASE("OpenSSL signs certificates, CRLs and CMS with a key that is elsewhere") {
    for (const auto& kind : kinds) {
        INFO(kind);
        const auto far = remote(kind);
        const auto key = openssl_key(far);
        const auto certificate = own_certificate(key.get(), digest_for(kind));
        REQUIRE(certificate);
        CHECK(X509_verify(certificate.get(), key.get()) == 1);
        CHECK(X509_verify(certificate.get(), X509_get0_pubkey(certificate.get())) == 1);
        CHECK(X509_check_private_key(certificate.get(), key.get()) == 1);

        const Held<X509_CRL> crl{X509_CRL_new()};
        X509_CRL_set_issuer_name(crl.get(), X509_get_subject_name(certificate.get()));
        X509_CRL_set1_lastUpdate(crl.get(), X509_get0_notBefore(certificate.get()));
        REQUIRE(X509_CRL_sign(crl.get(), key.get(), digest_for(kind)) > 0);
        CHECK(X509_CRL_verify(crl.get(), X509_get0_pubkey(certificate.get())) == 1);

        const Held<BIO> text{BIO_new_mem_buf("text", 4)};
        const Held<CMS_ContentInfo> cms{
            CMS_sign(certificate.get(), key.get(), nullptr, text.get(), CMS_BINARY)};
        REQUIRE(cms);
        CHECK(CMS_verify(cms.get(), nullptr, nullptr, nullptr, nullptr, CMS_NO_SIGNER_CERT_VERIFY) == 1);
        CHECK(far->calls == 3);
    }
}

TEST_CASE("OpenSSL's CMP client protects its messages with a key that is elsewhere") {
    const auto far = remote("ec-p256");
    const auto key = openssl_key(far);
    const auto certificate = own_certificate(key.get(), EVP_sha256());
    auto* context = OSSL_CMP_CTX_new(nullptr, nullptr);
    REQUIRE(OSSL_CMP_CTX_set1_cert(context, certificate.get()) == 1);
    REQUIRE(OSSL_CMP_CTX_set1_pkey(context, key.get()) == 1);
    // a request is made and protected before it is sent; nobody answers at this end
    int messages = 0;
    OSSL_CMP_CTX_set_transfer_cb_arg(context, &messages);
    OSSL_CMP_CTX_set_transfer_cb(context, [](OSSL_CMP_CTX* c, const OSSL_CMP_MSG* request) -> OSSL_CMP_MSG* {
        ++*static_cast<int*>(OSSL_CMP_CTX_get_transfer_cb_arg(c));
        CHECK(OSSL_CMP_MSG_get0_header(request) != nullptr);
        return nullptr;
    });
    CHECK(OSSL_CMP_exec_certreq(context, OSSL_CMP_IR, nullptr) == nullptr);
    CHECK(messages == 1);
    CHECK(far->calls == 3);  // the certificate, proof of possession, protection
    OSSL_CMP_CTX_free(context);
    ERR_clear_error();
}

TEST_CASE("what a key that is elsewhere has to say about a failure is told") {
    for (const std::string kind : {"ec-p256", "rsa-2048"}) {
        const auto far = remote(kind);
        const auto key = openssl_key(far);
        far->reachable = false;
        CHECK_FALSE(own_certificate(key.get(), EVP_sha256()));
        CHECK(openssl_reason() == "token far away: the line is dead");
        CHECK(openssl_reason().empty());
    }
}

TEST_CASE("the private part of a key that is elsewhere is not there, and other ways to use it are refused") {
    for (const std::string kind : {"ec-p256", "rsa-2048"}) {
        const auto far = remote(kind);
        const auto key = openssl_key(far);
        const Held<BIO> out{BIO_new(BIO_s_mem())};
        const int der = i2d_PrivateKey(key.get(), nullptr);
        ERR_clear_error();
        CHECK(der <= 0);
        CHECK(far->calls == 0);
    }
    const auto far = remote("rsa-2048");
    const auto key = openssl_key(far);
    auto* context = EVP_PKEY_CTX_new(key.get(), nullptr);
    REQUIRE(EVP_PKEY_sign_init(context) == 1);
    REQUIRE(EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1);
    EVP_PKEY_CTX_set_signature_md(context, EVP_sha256());
    Bytes signature(256);
    std::size_t size = signature.size();
    CHECK(EVP_PKEY_sign(context, signature.data(), &size, Bytes(32).data(), 32) <= 0);
    CHECK_THAT(openssl_reason(), Contains("PKCS#1 v1.5"));
    EVP_PKEY_CTX_free(context);
    CHECK(far->calls == 0);
}

TEST_CASE("a copy of OpenSSL's key signs too, and the far key lives as long as the last of them") {
    auto far = remote("ec-p256");
    const std::weak_ptr<RemoteKey> watch = far;
    auto key = openssl_key(std::move(far));
    far.reset();
    Held<EVP_PKEY> copy{EVP_PKEY_dup(key.get())};
    ERR_clear_error();
    if (copy) {
        key.reset();
        CHECK_FALSE(watch.expired());
        const Held<X509> certificate = own_certificate(copy.get(), EVP_sha256());
        CHECK(certificate);
        copy.reset();
    } else {
        key.reset();
    }
    CHECK(watch.expired());
}

TEST_CASE("a document signer whose key is elsewhere signs, and its failures are its own") {
    const auto held = identity_from_pem(pki_secret("ds.pem"), "document signer");
    const auto far = std::make_shared<RemoteKey>(held.key);
    const DocumentSigner signer{Identity{far, held.certificate}};
    const Bytes content = from_hex("3009020101300406022A03");
    const auto usual = DocumentSigner{pki_secret("ds.pem")}.sign_lds_security_object(content).size();
    for (int i = 0; i < 20; ++i) {
        const auto cms = signer.sign_lds_security_object(content);
        CHECK(cms.size() == usual);
        CHECK(read_signed_object(cms).signature_ok);
    }
    CHECK(far->calls >= 20);
    far->reachable = false;
    CHECK_THROWS_WITH(signer.sign_lds_security_object(content), Contains("the line is dead"));
    CHECK_THROWS_WITH((DocumentSigner{Identity{card_key("ec-p256"), held.certificate}}),
                      Contains("does not belong") && Contains("Test Document Signer"));
    CHECK_THROWS_WITH((DocumentSigner{Identity{nullptr, held.certificate}}), Contains("no private key"));
    CHECK_THROWS_WITH((DocumentSigner{Identity{far, Bytes{0x30, 0x00}}}), Contains("cannot be read"));
}

TEST_CASE("an identity names what it is of when it cannot be read") {
    CHECK_THROWS_WITH(identity_from_pem(pki_secret("key-ec-p256.pem"), "citizen-ca"),
                      Contains("citizen-ca") && Contains("certificate"));
    const auto store = development_keys();
    CHECK(store->identity("citizen-ca").key->place() == "key file");
    CHECK_THROWS_WITH(store->identity("root"), Contains("no blob \"root\""));
}
