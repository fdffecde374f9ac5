// SPDX-License-Identifier: Apache-2.0
#include "piv_pki.h"

#include <openssl/bn.h>
#include <openssl/cms.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <cctype>
#include <map>
#include <stdexcept>

#include "apdu/tlv.h"

namespace kartsaz::test {
namespace {

void must(bool ok, const char* what) {
    if (!ok) throw std::runtime_error{std::string{"OpenSSL: "} + what};
}

template <class Object, class Encode>
Bytes encoded(Object* object, Encode encode) {
    unsigned char* data = nullptr;
    const int size = encode(object, &data);
    must(size > 0, "DER");
    Bytes out(data, data + size);
    OPENSSL_free(data);
    return out;
}

template <class Write>
std::string text_of(Write&& write) {
    const std::shared_ptr<BIO> out{BIO_new(BIO_s_mem()), BIO_free};
    must(write(out.get()) == 1, "PEM");
    char* data = nullptr;
    const long size = BIO_get_mem_data(out.get(), &data);
    return {data, static_cast<std::size_t>(size)};
}

std::shared_ptr<ASN1_INTEGER> integer(const std::string& hex) {
    BIGNUM* number = nullptr;
    must(BN_hex2bn(&number, hex.c_str()) > 0, "serial");
    std::shared_ptr<ASN1_INTEGER> out{BN_to_ASN1_INTEGER(number, nullptr), ASN1_INTEGER_free};
    BN_free(number);
    return out;
}

EVP_PKEY* rsa_of_exponent_3() {
    const std::shared_ptr<EVP_PKEY_CTX> context{EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr),
                                                EVP_PKEY_CTX_free};
    const std::shared_ptr<BIGNUM> exponent{BN_new(), BN_free};
    EVP_PKEY* key = nullptr;
    must(BN_set_word(exponent.get(), 3) == 1 && EVP_PKEY_keygen_init(context.get()) == 1 &&
             EVP_PKEY_CTX_set_rsa_keygen_bits(context.get(), 2048) == 1 &&
             EVP_PKEY_CTX_set1_rsa_keygen_pubexp(context.get(), exponent.get()) == 1 &&
             EVP_PKEY_generate(context.get(), &key) == 1,
         "RSA key");
    return key;
}

EVP_PKEY* new_key(const std::string& algorithm) {
    if (algorithm == "rsa-2048-e3") return rsa_of_exponent_3();
    if (algorithm.starts_with("rsa-"))
        return EVP_RSA_gen(static_cast<unsigned>(std::stoul(algorithm.substr(4))));
    const std::map<std::string, const char*> curves{
        {"ec-p256", "P-256"}, {"ec-p384", "P-384"}, {"ec-p521", "P-521"}, {"ec-secp256k1", "secp256k1"}};
    return EVP_EC_gen(curves.at(algorithm));
}

void add_extension(X509* certificate, X509* issuer, const std::string& name, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    X509_EXTENSION* one = X509V3_EXT_nconf(nullptr, &context, name.c_str(), value.c_str());
    must(one != nullptr && X509_add_ext(certificate, one, -1) == 1, name.c_str());
    X509_EXTENSION_free(one);
}

void add_raw(X509* certificate, int nid, ByteView value) {
    const std::shared_ptr<ASN1_OCTET_STRING> octets{ASN1_OCTET_STRING_new(), ASN1_OCTET_STRING_free};
    ASN1_OCTET_STRING_set(octets.get(), value.data(), static_cast<int>(value.size()));
    X509_EXTENSION* one = X509_EXTENSION_create_by_NID(nullptr, nid, 0, octets.get());
    must(one != nullptr && X509_add_ext(certificate, one, -1) == 1, "extension");
    X509_EXTENSION_free(one);
}

std::shared_ptr<ASN1_TIME> time_of(std::int64_t seconds) {
    return {ASN1_TIME_set(nullptr, seconds), ASN1_TIME_free};
}

}  // namespace

Bytes fascn_name(ByteView fascn) {
    return apdu::TlvWriter{}
        .nest(0xA0,
              [&](apdu::TlvWriter& w) {
                  w.put(0x06, from_hex("60864801650306 06"));
                  w.nest(0xA0, [&](apdu::TlvWriter& value) { value.put(0x04, fascn); });
              })
        .bytes();
}

Bytes uuid_name(ByteView uuid) {
    std::string hex = to_hex(uuid);
    for (auto& c : hex) c = static_cast<char>(std::tolower(c));
    for (const std::size_t at : {20U, 16U, 12U, 8U}) hex.insert(at, "-");
    return apdu::TlvWriter{}.put(0x86, to_bytes("urn:uuid:" + hex)).bytes();
}

PivParty::PivParty(const PivWish& wish, const PivParty* issuer) {
    if (wish.key_of != nullptr) {
        key_ = static_cast<const PivParty*>(wish.key_of)->key_;
    } else if (!wish.public_key.empty()) {
        const auto* at = wish.public_key.data();
        key_ = {d2i_PUBKEY(nullptr, &at, static_cast<long>(wish.public_key.size())), EVP_PKEY_free};
    } else {
        key_ = {new_key(wish.algorithm), EVP_PKEY_free};
    }
    certificate_ = {X509_new(), X509_free};
    X509* x = certificate_.get();
    const PivParty& signer = issuer != nullptr ? *issuer : *this;
    X509_set_version(x, X509_VERSION_3);
    X509_set_serialNumber(x, integer(wish.serial).get());
    ASN1_TIME_set(X509_getm_notBefore(x), wish.not_before);
    ASN1_TIME_set(X509_getm_notAfter(x), wish.not_after);
    for (const auto& [field, value] : {std::pair{"C", std::string{"IR"}},
                                       {"CN", wish.common_name},
                                       {"serialNumber", wish.subject_serial}}) {
        if (value.empty()) continue;
        X509_NAME_add_entry_by_txt(X509_get_subject_name(x), field, MBSTRING_UTF8,
                                   reinterpret_cast<const unsigned char*>(value.c_str()), -1, -1, 0);
    }
    X509_set_issuer_name(x, X509_get_subject_name(signer.certificate_.get()));
    X509_set_pubkey(x, key_.get());
    for (const auto& [name, value] : wish.extensions)
        add_extension(x, signer.certificate_.get(), name, value);
    if (!wish.names.empty()) {
        Bytes all;
        for (const auto& one : wish.names) append(all, one);
        add_raw(x, NID_subject_alt_name, apdu::TlvWriter{}.put(0x30, all).bytes());
    }
    if (!wish.key_identifier.empty()) {
        add_raw(x, NID_subject_key_identifier, apdu::TlvWriter{}.put(0x04, wish.key_identifier).bytes());
    } else if (wish.with_key_identifier) {
        add_extension(x, signer.certificate_.get(), "subjectKeyIdentifier", "hash");
    }
    must(X509_sign(x, signer.key_.get(), EVP_get_digestbyname(wish.digest.c_str())) > 0, "certificate");
}

PivParty::PivParty(const std::string& pem, ByteView certificate) {
    const std::shared_ptr<BIO> in{BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free};
    key_ = {PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, nullptr), EVP_PKEY_free};
    const auto* at = certificate.data();
    certificate_ = {d2i_X509(nullptr, &at, static_cast<long>(certificate.size())), X509_free};
    must(key_ != nullptr && certificate_ != nullptr, "key and certificate");
}

std::string PivParty::pem() const {
    return text_of([&](BIO* out) {
               return PEM_write_bio_PrivateKey(out, key_.get(), nullptr, nullptr, 0, nullptr, nullptr);
           }) +
           text_of([&](BIO* out) { return PEM_write_bio_X509(out, certificate_.get()); });
}

Bytes PivParty::certificate() const {
    return encoded(certificate_.get(), i2d_X509);
}

Bytes PivParty::public_key() const {
    return encoded(key_.get(), i2d_PUBKEY);
}

std::string PivParty::serial() const {
    const auto* number = X509_get0_serialNumber(certificate_.get());
    return to_hex({ASN1_STRING_get0_data(number), static_cast<std::size_t>(ASN1_STRING_length(number))});
}

Bytes PivParty::sign(ByteView message, const char* digest) const {
    const std::shared_ptr<EVP_MD_CTX> context{EVP_MD_CTX_new(), EVP_MD_CTX_free};
    std::size_t size = 0;
    must(EVP_DigestSignInit(context.get(), nullptr, EVP_get_digestbyname(digest), nullptr, key_.get()) == 1 &&
             EVP_DigestSign(context.get(), nullptr, &size, message.data(), message.size()) == 1,
         "sign");
    Bytes out(size);
    must(EVP_DigestSign(context.get(), out.data(), &size, message.data(), message.size()) == 1, "sign");
    out.resize(size);
    return out;
}

Bytes PivParty::detached_cms(const char* type, ByteView content, const char* digest) const {
    constexpr unsigned flags = CMS_DETACHED | CMS_BINARY | CMS_PARTIAL | CMS_NOSMIMECAP;
    const std::shared_ptr<BIO> in{BIO_new_mem_buf(content.data(), static_cast<int>(content.size())),
                                  BIO_free};
    const std::shared_ptr<CMS_ContentInfo> cms{CMS_sign(nullptr, nullptr, nullptr, nullptr, flags),
                                               CMS_ContentInfo_free};
    const std::shared_ptr<ASN1_OBJECT> content_type{OBJ_txt2obj(type, 1), ASN1_OBJECT_free};
    const std::shared_ptr<ASN1_OBJECT> name{OBJ_txt2obj("2.16.840.1.101.3.6.5", 1), ASN1_OBJECT_free};
    must(CMS_set1_eContentType(cms.get(), content_type.get()) == 1, "content type");
    CMS_SignerInfo* signer =
        CMS_add1_signer(cms.get(), certificate_.get(), key_.get(), EVP_get_digestbyname(digest), flags);
    must(signer != nullptr, "signer");
    const Bytes subject = encoded(X509_get_subject_name(certificate_.get()), i2d_X509_NAME);
    must(CMS_signed_add1_attr_by_OBJ(signer, name.get(), V_ASN1_SEQUENCE, subject.data(),
                                     static_cast<int>(subject.size())) == 1 &&
             CMS_final(cms.get(), in.get(), nullptr, flags) == 1,
         "CMS");
    return encoded(cms.get(), i2d_CMS_ContentInfo);
}

Bytes PivParty::agree(ByteView peer) const {
    const std::shared_ptr<EVP_PKEY> other{EVP_PKEY_new(), EVP_PKEY_free};
    must(EVP_PKEY_copy_parameters(other.get(), key_.get()) == 1 &&
             EVP_PKEY_set1_encoded_public_key(other.get(), peer.data(), peer.size()) == 1,
         "peer");
    const std::shared_ptr<EVP_PKEY_CTX> context{EVP_PKEY_CTX_new(key_.get(), nullptr), EVP_PKEY_CTX_free};
    std::size_t size = 0;
    must(EVP_PKEY_derive_init(context.get()) == 1 &&
             EVP_PKEY_derive_set_peer(context.get(), other.get()) == 1 &&
             EVP_PKEY_derive(context.get(), nullptr, &size) == 1,
         "agree");
    Bytes out(size);
    must(EVP_PKEY_derive(context.get(), out.data(), &size) == 1, "agree");
    return out;
}

Bytes PivParty::scalar() const {
    BIGNUM* number = nullptr;
    must(EVP_PKEY_get_bn_param(key_.get(), OSSL_PKEY_PARAM_PRIV_KEY, &number) == 1, "scalar");
    Bytes out(static_cast<std::size_t>((EVP_PKEY_get_bits(key_.get()) + 7) / 8));
    must(BN_bn2binpad(number, out.data(), static_cast<int>(out.size())) > 0, "scalar");
    BN_clear_free(number);
    return out;
}

Bytes PivParty::point() const {
    unsigned char* data = nullptr;
    const std::size_t size = EVP_PKEY_get1_encoded_public_key(key_.get(), &data);
    must(size > 0, "point");
    Bytes out(data, data + size);
    OPENSSL_free(data);
    return out;
}

Bytes PivParty::crl(const std::vector<std::string>& serials, std::int64_t from, std::int64_t to) const {
    const std::shared_ptr<X509_CRL> crl{X509_CRL_new(), X509_CRL_free};
    X509_CRL_set_version(crl.get(), X509_CRL_VERSION_2);
    X509_CRL_set_issuer_name(crl.get(), X509_get_subject_name(certificate_.get()));
    X509_CRL_set1_lastUpdate(crl.get(), time_of(from).get());
    X509_CRL_set1_nextUpdate(crl.get(), time_of(to).get());
    for (const auto& serial : serials) {
        X509_REVOKED* one = X509_REVOKED_new();
        X509_REVOKED_set_serialNumber(one, integer(serial).get());
        X509_REVOKED_set_revocationDate(one, time_of(from).get());
        X509_CRL_add0_revoked(crl.get(), one);
    }
    X509_CRL_sort(crl.get());
    must(X509_CRL_sign(crl.get(), key_.get(), EVP_sha256()) > 0, "CRL");
    return encoded(crl.get(), i2d_X509_CRL);
}

Bytes PivParty::ocsp(ByteView certificate, const PivParty& issuer, bool revoked, std::int64_t from,
                     std::int64_t to) const {
    const auto* at = certificate.data();
    const std::shared_ptr<X509> subject{d2i_X509(nullptr, &at, static_cast<long>(certificate.size())),
                                        X509_free};
    const std::shared_ptr<OCSP_CERTID> id{
        OCSP_cert_to_id(EVP_sha1(), subject.get(), issuer.certificate_.get()), OCSP_CERTID_free};
    const std::shared_ptr<OCSP_BASICRESP> basic{OCSP_BASICRESP_new(), OCSP_BASICRESP_free};
    const std::shared_ptr<ASN1_GENERALIZEDTIME> since{ASN1_GENERALIZEDTIME_set(nullptr, from),
                                                      ASN1_GENERALIZEDTIME_free};
    const std::shared_ptr<ASN1_GENERALIZEDTIME> next{ASN1_GENERALIZEDTIME_set(nullptr, to),
                                                     ASN1_GENERALIZEDTIME_free};
    must(OCSP_basic_add1_status(basic.get(), id.get(),
                                revoked ? V_OCSP_CERTSTATUS_REVOKED : V_OCSP_CERTSTATUS_GOOD,
                                OCSP_REVOKED_STATUS_NOSTATUS, revoked ? since.get() : nullptr, since.get(),
                                next.get()) != nullptr,
         "OCSP status");
    // OpenSSL would take producedAt from the clock
    auto* produced = const_cast<ASN1_GENERALIZEDTIME*>(OCSP_resp_get0_produced_at(basic.get()));
    must(ASN1_GENERALIZEDTIME_set(produced, from) != nullptr, "producedAt");
    must(
        OCSP_basic_sign(basic.get(), certificate_.get(), key_.get(), EVP_sha256(), nullptr, OCSP_NOTIME) == 1,
        "OCSP");
    const std::shared_ptr<OCSP_RESPONSE> response{
        OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic.get()), OCSP_RESPONSE_free};
    return encoded(response.get(), i2d_OCSP_RESPONSE);
}

}  // namespace kartsaz::test
