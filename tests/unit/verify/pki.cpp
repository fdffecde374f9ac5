// SPDX-License-Identifier: Apache-2.0
#include "pki.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <stdexcept>

namespace kartsaz::test {
namespace {

void done(bool ok, const char* what) {
    if (!ok) throw std::runtime_error{what};
}

template <class Write>
std::string pem_of(Write&& write) {
    BIO* out = BIO_new(BIO_s_mem());
    done(write(out) == 1, "PEM");
    char* data = nullptr;
    const long size = BIO_get_mem_data(out, &data);
    std::string text{data, static_cast<std::size_t>(size)};
    BIO_free(out);
    return text;
}

void extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    X509_EXTENSION* one = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
    done(one != nullptr && X509_add_ext(certificate, one, -1) == 1, "extension");
    X509_EXTENSION_free(one);
}

template <class Object, class Encode>
Bytes der_of(Object* object, Encode encode) {
    unsigned char* data = nullptr;
    const int size = encode(object, &data);
    done(size > 0, "DER");
    Bytes out(data, data + size);
    OPENSSL_free(data);
    return out;
}

EVP_PKEY* key_for(const CertificateWish& wish) {
    if (!wish.public_key.empty()) {
        const auto* at = wish.public_key.data();
        return d2i_PUBKEY(nullptr, &at, static_cast<long>(wish.public_key.size()));
    }
    if (wish.algorithm.starts_with("rsa-"))
        return EVP_RSA_gen(static_cast<unsigned>(std::stoul(wish.algorithm.substr(4))));
    return EVP_EC_gen(wish.algorithm == "ec-p384" ? "P-384" : "P-256");
}

}  // namespace

Identity::Identity(const CertificateWish& wish, const Identity* issuer)
    : key_{key_for(wish), EVP_PKEY_free}, certificate_{X509_new(), X509_free} {
    done(key_ != nullptr, "key");
    X509* certificate = certificate_.get();
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), wish.serial);
    ASN1_TIME_set(X509_getm_notBefore(certificate), wish.not_before);
    ASN1_TIME_set(X509_getm_notAfter(certificate), wish.not_after);
    X509_NAME* name = X509_get_subject_name(certificate);
    const auto add = [&](const char* field, const std::string& value) {
        X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8,
                                   reinterpret_cast<const unsigned char*>(value.c_str()), -1, -1, 0);
    };
    add("C", "IR");
    add("CN", wish.common_name);
    if (!wish.serial_number.empty()) add("serialNumber", wish.serial_number);
    const Identity& signer = issuer != nullptr ? *issuer : *this;
    X509_set_issuer_name(certificate, X509_get_subject_name(signer.certificate_.get()));
    X509_set_pubkey(certificate, key_.get());
    extension(certificate, signer.certificate_.get(), NID_basic_constraints,
              wish.ca ? "critical,CA:TRUE" : "CA:FALSE");
    if (!wish.key_usage.empty())
        extension(certificate, signer.certificate_.get(), NID_key_usage, wish.key_usage);
    done(X509_sign(certificate, signer.key_.get(), EVP_sha256()) > 0, "sign certificate");
}

std::string Identity::pem() const {
    return pem_of([&](BIO* out) {
               return PEM_write_bio_PrivateKey(out, key_.get(), nullptr, nullptr, 0, nullptr, nullptr);
           }) +
           certificate_pem();
}

std::string Identity::certificate_pem() const {
    return pem_of([&](BIO* out) { return PEM_write_bio_X509(out, certificate_.get()); });
}

Bytes Identity::certificate() const {
    return der_of(certificate_.get(), i2d_X509);
}

Bytes Identity::public_key() const {
    return der_of(key_.get(), i2d_PUBKEY);
}

Bytes Identity::sign(ByteView message, const char* digest) const {
    const std::shared_ptr<EVP_MD_CTX> context{EVP_MD_CTX_new(), EVP_MD_CTX_free};
    done(EVP_DigestSignInit(context.get(), nullptr, EVP_get_digestbyname(digest), nullptr, key_.get()) == 1,
         "sign");
    std::size_t size = 0;
    done(EVP_DigestSign(context.get(), nullptr, &size, message.data(), message.size()) == 1, "sign");
    Bytes out(size);
    done(EVP_DigestSign(context.get(), out.data(), &size, message.data(), message.size()) == 1, "sign");
    out.resize(size);
    return out;
}

std::string Identity::crl(const std::vector<long>& serials, std::int64_t this_update,
                          std::int64_t next_update, long crl_number) const {
    const std::shared_ptr<X509_CRL> crl{X509_CRL_new(), X509_CRL_free};
    X509_CRL_set_version(crl.get(), X509_CRL_VERSION_2);
    X509_CRL_set_issuer_name(crl.get(), X509_get_subject_name(certificate_.get()));
    const std::shared_ptr<ASN1_TIME> from{ASN1_TIME_set(nullptr, this_update), ASN1_TIME_free};
    const std::shared_ptr<ASN1_TIME> to{ASN1_TIME_set(nullptr, next_update), ASN1_TIME_free};
    X509_CRL_set1_lastUpdate(crl.get(), from.get());
    X509_CRL_set1_nextUpdate(crl.get(), to.get());
    for (const long serial : serials) {
        X509_REVOKED* one = X509_REVOKED_new();
        const std::shared_ptr<ASN1_INTEGER> number{ASN1_INTEGER_new(), ASN1_INTEGER_free};
        ASN1_INTEGER_set(number.get(), serial);
        X509_REVOKED_set_serialNumber(one, number.get());
        X509_REVOKED_set_revocationDate(one, from.get());
        X509_CRL_add0_revoked(crl.get(), one);
    }
    X509_CRL_sort(crl.get());
    if (crl_number >= 0) {
        const std::shared_ptr<ASN1_INTEGER> counted{ASN1_INTEGER_new(), ASN1_INTEGER_free};
        ASN1_INTEGER_set(counted.get(), crl_number);
        done(X509_CRL_add1_ext_i2d(crl.get(), NID_crl_number, counted.get(), 0, 0) == 1, "CRL number");
    }
    done(X509_CRL_sign(crl.get(), key_.get(), EVP_sha256()) > 0, "sign CRL");
    return pem_of([&](BIO* out) { return PEM_write_bio_X509_CRL(out, crl.get()); });
}

}  // namespace kartsaz::test
