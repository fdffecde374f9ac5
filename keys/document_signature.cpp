// SPDX-License-Identifier: Apache-2.0
#include "keys/document_signature.h"

#include <openssl/bio.h>
#include <openssl/cms.h>
#include <openssl/crypto.h>
#include <openssl/x509_vfy.h>

#include <memory>

#include "apdu/error.h"
#include "keys/certificate_request.h"
#include "keys/x509_text.h"

namespace kartsaz::keys {
namespace {

struct FreeBio {
    void operator()(BIO* bio) const noexcept { BIO_free_all(bio); }
};
using Bio = std::unique_ptr<BIO, FreeBio>;

Bio reader(ByteView bytes) {
    return Bio{openssl_made(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())), "memory reader")};
}

[[noreturn]] void fail(const std::string& why) {
    throw Error{Errc::keys_failed, "sign a document: " + why};
}

Bytes encoded(CMS_ContentInfo* cms) {
    unsigned char* der = nullptr;
    const int size = i2d_CMS_ContentInfo(cms, &der);
    if (size <= 0) openssl_failed("encode a signature");
    Bytes out(der, der + size);
    OPENSSL_free(der);
    return out;
}

Owned<x509_store_st> store_of(const std::vector<Bytes>& trusted) {
    Owned<x509_store_st> store{openssl_made(X509_STORE_new(), "certificate store")};
    for (const auto& der : trusted) {
        const auto anchor = parse_certificate(der);
        if (!anchor) throw Error{Errc::input_invalid, "a trusted certificate is no X.509 certificate"};
        openssl_done(X509_STORE_add_cert(store.get(), anchor.get()), "add a trusted certificate");
    }
    return store;
}

/// The signer's certificate as the signature carries it.
void tell_signer(CMS_ContentInfo* cms, DocumentSignature& out) {
    STACK_OF(X509)* signers = CMS_get0_signers(cms);
    if (signers == nullptr || sk_X509_num(signers) != 1) {
        sk_X509_free(signers);
        return;
    }
    X509* certificate = sk_X509_value(signers, 0);
    out.certificate = to_der(certificate);
    out.signer = one_line(X509_get_subject_name(certificate));
    sk_X509_free(signers);
}

}  // namespace

Bytes sign_document(const Identity& signer, ByteView document) {
    const auto certificate = parse_certificate(signer.certificate);
    if (!certificate || !signer.key) fail("there is no key with a certificate");
    const auto algorithm = algorithm_of(signer.key->public_key());
    if (!algorithm) fail("a key of a kind that is not known");
    const auto key = openssl_key(signer.key);
    constexpr unsigned flags = CMS_DETACHED | CMS_BINARY | CMS_CADES | CMS_NOSMIMECAP;
    const Owned<CMS_ContentInfo_st> cms{
        openssl_made(CMS_sign(nullptr, nullptr, nullptr, nullptr, flags | CMS_PARTIAL), "a signature")};
    const EVP_MD* digest = digest_of(*algorithm) == HashAlgorithm::sha384 ? EVP_sha384() : EVP_sha256();
    const auto content = reader(document);
    const bool done = CMS_add1_signer(cms.get(), certificate.get(), key.get(), digest, flags) != nullptr &&
                      CMS_final(cms.get(), content.get(), nullptr, flags) == 1;
    const auto reason = openssl_reason();
    if (!done) fail(reason);
    return encoded(cms.get());
}

std::string verifier_name() {
    return OpenSSL_version(OPENSSL_VERSION);
}

DocumentSignature verify_document(ByteView signature, ByteView document, const std::vector<Bytes>& trusted,
                                  std::int64_t at) {
    DocumentSignature out;
    const unsigned char* cursor = signature.data();
    const Owned<CMS_ContentInfo_st> cms{
        d2i_CMS_ContentInfo(nullptr, &cursor, static_cast<long>(signature.size()))};
    if (!cms || cursor != signature.data() + signature.size()) {
        out.fault = "no CMS signature in DER " + openssl_reason();
        return out;
    }
    const auto store = store_of(trusted);
    X509_VERIFY_PARAM* parameters = X509_STORE_get0_param(store.get());
    X509_VERIFY_PARAM_set_time(parameters, at);
    X509_VERIFY_PARAM_set_purpose(parameters, X509_PURPOSE_ANY);  // e-signature, not e-mail
    X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_PARTIAL_CHAIN);
    const auto content = reader(document);
    out.ok = CMS_verify(cms.get(), nullptr, store.get(), content.get(), nullptr, CMS_BINARY | CMS_CADES) == 1;
    out.fault = out.ok ? std::string{} : openssl_reason();
    openssl_reason();
    if (out.ok) tell_signer(cms.get(), out);
    return out;
}

}  // namespace kartsaz::keys
