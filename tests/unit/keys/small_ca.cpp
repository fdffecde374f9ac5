// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/keys/small_ca.h"

#include <openssl/conf.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <stdexcept>

namespace kartsaz::test {
namespace {

void done(bool good, const char* what) {
    if (!good) throw std::runtime_error{std::string{"test CA: "} + what};
}

template <typename Object, typename Encode>
Bytes encoded(Object* object, Encode encode) {
    unsigned char* data = nullptr;
    const int size = encode(object, &data);
    done(size > 0, "encode");
    Bytes out(data, data + size);
    OPENSSL_free(data);
    return out;
}

std::shared_ptr<ASN1_TIME> time_of(std::int64_t seconds) {
    return {ASN1_TIME_set(nullptr, seconds), ASN1_TIME_free};
}

/// Some extensions are not made without one.
CONF* no_file() {
    static const std::shared_ptr<CONF> file{NCONF_new(nullptr), NCONF_free};
    return file.get();
}

template <typename Add>
void add_extensions(const Extensions& wanted, X509V3_CTX* context, Add add) {
    for (const auto& [name, value] : wanted) {
        auto* extension = X509V3_EXT_nconf(nullptr, context, name.c_str(), value.c_str());
        done(extension != nullptr, name.c_str());
        done(add(extension) == 1, name.c_str());
        X509_EXTENSION_free(extension);
    }
}

void spoil(const ASN1_BIT_STRING* signature) {
    const_cast<ASN1_BIT_STRING*>(signature)->data[signature->length - 1] ^= 1;
}

}  // namespace

Bytes Made::der() const {
    return encoded(x509.get(), i2d_X509);
}

std::shared_ptr<EVP_PKEY> rsa_key(unsigned bits) {
    return {EVP_RSA_gen(bits), EVP_PKEY_free};
}

Made make(const Wish& wish) {
    static long serial = 0x1000;
    Made out;
    out.key = wish.key ? wish.key : std::shared_ptr<EVP_PKEY>{EVP_EC_gen("P-256"), EVP_PKEY_free};
    out.x509 = {X509_new(), X509_free};
    auto* x509 = out.x509.get();
    const auto* issuer = wish.issuer != nullptr ? wish.issuer : &out;
    X509_set_version(x509, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(x509), ++serial);
    auto* name = X509_get_subject_name(x509);
    done(X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>("Test"),
                                    -1, -1, 0) == 1 &&
             X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                        reinterpret_cast<const unsigned char*>(wish.name.c_str()), -1, -1,
                                        0) == 1,
         "subject");
    X509_set_issuer_name(x509, X509_get_subject_name(issuer->x509.get()));
    X509_set1_notBefore(x509, time_of(wish.from).get());
    X509_set1_notAfter(x509, time_of(wish.until).get());
    X509_set_pubkey(x509, out.key.get());
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer->x509.get(), x509, nullptr, nullptr, 0);
    X509V3_set_nconf(&context, no_file());
    add_extensions(wish.extensions, &context,
                   [&](X509_EXTENSION* one) { return X509_add_ext(x509, one, -1); });
    done(X509_sign(x509, issuer->key.get(), EVP_get_digestbyname(wish.digest)) > 0, "sign");
    if (wish.broken_signature) {
        const ASN1_BIT_STRING* signature = nullptr;
        X509_get0_signature(&signature, nullptr, x509);
        spoil(signature);
    }
    return out;
}

Made make_ca(const std::string& name, const Made* issuer) {
    Wish wish{name,
              issuer,
              {{"basicConstraints", "critical,CA:TRUE"},
               {"keyUsage", "critical,keyCertSign,cRLSign"},
               {"subjectKeyIdentifier", "hash"}}};
    if (issuer != nullptr) wish.extensions.emplace_back("authorityKeyIdentifier", "keyid:always");
    return make(wish);
}

Made make_leaf(const std::string& name, const Made& issuer) {
    return make({name,
                 &issuer,
                 {{"keyUsage", "critical,digitalSignature"},
                  {"subjectKeyIdentifier", "hash"},
                  {"authorityKeyIdentifier", "keyid:always"}}});
}

Bytes make_crl(const CrlWish& wish) {
    const std::shared_ptr<X509_CRL> crl{X509_CRL_new(), X509_CRL_free};
    X509_CRL_set_version(crl.get(), X509_CRL_VERSION_2);
    X509_CRL_set_issuer_name(crl.get(), X509_get_subject_name(wish.issuer->x509.get()));
    X509_CRL_set1_lastUpdate(crl.get(), time_of(wish.from).get());
    if (wish.until != 0) X509_CRL_set1_nextUpdate(crl.get(), time_of(wish.until).get());
    for (const auto& one : wish.revoked) {
        auto* entry = X509_REVOKED_new();
        X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(one.who->x509.get()));
        X509_REVOKED_set_revocationDate(entry, time_of(one.when).get());
        if (one.reason >= 0) {
            const std::shared_ptr<ASN1_ENUMERATED> reason{ASN1_ENUMERATED_new(), ASN1_ENUMERATED_free};
            ASN1_ENUMERATED_set(reason.get(), one.reason);
            X509_REVOKED_add1_ext_i2d(entry, NID_crl_reason, reason.get(), 0, 0);
        }
        X509_CRL_add0_revoked(crl.get(), entry);
    }
    if (wish.number != 0) {
        const std::shared_ptr<ASN1_INTEGER> number{ASN1_INTEGER_new(), ASN1_INTEGER_free};
        ASN1_INTEGER_set(number.get(), wish.number);
        X509_CRL_add1_ext_i2d(crl.get(), NID_crl_number, number.get(), 0, 0);
    }
    X509V3_CTX context;
    X509V3_set_ctx(&context, wish.issuer->x509.get(), nullptr, nullptr, crl.get(), 0);
    X509V3_set_nconf(&context, no_file());
    add_extensions(wish.extensions, &context,
                   [&](X509_EXTENSION* one) { return X509_CRL_add_ext(crl.get(), one, -1); });
    X509_CRL_sort(crl.get());
    const auto* signer = wish.signer != nullptr ? wish.signer : wish.issuer;
    done(X509_CRL_sign(crl.get(), signer->key.get(), EVP_sha256()) > 0, "sign a CRL");
    return encoded(crl.get(), i2d_X509_CRL);
}

Bytes make_ocsp(const OcspWish& wish) {
    const std::shared_ptr<OCSP_BASICRESP> basic{OCSP_BASICRESP_new(), OCSP_BASICRESP_free};
    auto* id =
        OCSP_cert_to_id(EVP_get_digestbyname(wish.hash), wish.about->x509.get(), wish.issuer->x509.get());
    const auto revoked = time_of(wish.revoked), from = time_of(wish.from), until = time_of(wish.until);
    done(OCSP_basic_add1_status(basic.get(), id, wish.status, wish.reason, revoked.get(), from.get(),
                                wish.until != 0 ? until.get() : nullptr) != nullptr,
         "status");
    OCSP_CERTID_free(id);
    auto* produced = const_cast<ASN1_GENERALIZEDTIME*>(OCSP_resp_get0_produced_at(basic.get()));
    done(ASN1_GENERALIZEDTIME_set(produced, wish.produced) != nullptr, "producedAt");
    unsigned long flags = OCSP_NOTIME;
    if (!wish.inside) flags |= OCSP_NOCERTS;
    if (wish.by_key) flags |= OCSP_RESPID_KEY;
    done(OCSP_basic_sign(basic.get(), wish.signer->x509.get(), wish.signer->key.get(), EVP_sha256(), nullptr,
                         flags) == 1,
         "sign a response");
    if (wish.broken_signature) spoil(OCSP_resp_get0_signature(basic.get()));
    const std::shared_ptr<OCSP_RESPONSE> response{
        OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic.get()), OCSP_RESPONSE_free};
    return encoded(response.get(), i2d_OCSP_RESPONSE);
}

}  // namespace kartsaz::test
