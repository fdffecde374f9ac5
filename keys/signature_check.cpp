// SPDX-License-Identifier: Apache-2.0
#include "keys/signature_check.h"

#include <fmt/format.h>
#include <openssl/cms.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509.h>

#include <algorithm>

#include "apdu/error.h"
#include "keys/cms_parts.h"
#include "keys/cms_reader.h"
#include "keys/x509_der.h"
#include "keys/x509_text.h"

namespace kartsaz::keys {
namespace {

std::string dotted_oid(const ASN1_OBJECT* oid) {
    char text[128] = {};
    const int size = OBJ_obj2txt(text, sizeof text, oid, 1);
    return size > 0 && size < static_cast<int>(sizeof text) ? std::string{text} : to_hex(value_of(oid));
}

/// Empty when the algorithm is that of the key, with the hash that the signer names and no parameters that
/// mean nothing. OpenSSL goes by key and hash only. RFC 5652, 5.3; RFC 3370, 3.2; RFC 5754, 3.
std::string algorithm_fault(const X509_ALGOR* algorithm, const ASN1_OBJECT* digest, const EVP_PKEY* key) {
    const ASN1_OBJECT* oid = nullptr;
    int parameters = V_ASN1_UNDEF;
    X509_ALGOR_get0(&oid, &parameters, nullptr, algorithm);
    const int nid = OBJ_obj2nid(oid);
    int hash = NID_undef, kind = nid;
    if (nid != NID_rsaEncryption && OBJ_find_sigid_algs(nid, &hash, &kind) != 1) kind = NID_undef;
    const int of_key = EVP_PKEY_get_base_id(key);
    const bool pss = nid == NID_rsassaPss;
    const auto name = dotted_oid(oid);
    if (kind != of_key && !(pss && of_key == EVP_PKEY_RSA))
        return fmt::format("the signature algorithm {} is not one of the signer's key", name);
    if (hash != NID_undef && hash != OBJ_obj2nid(digest))
        return fmt::format("the signature algorithm {} has another hash than {}", name, words_of(digest));
    const bool null = parameters == V_ASN1_NULL && of_key == EVP_PKEY_RSA;
    if (!pss && parameters != V_ASN1_UNDEF && !null)
        return fmt::format("the signature algorithm {} has parameters", name);
    return {};
}

/// One check from front to back.
class Checking {
public:
    Checking(ByteView cms, const SignatureDemand& demand) : cms_{cms}, demand_{demand} {}

    SignatureCheck run() {
        try {
            info_ = parse_signed_data(cms_);
            signer_ = only_signer(info_.get());
        } catch (const Error& error) {
            if (error.code() != Errc::input_invalid) throw;
            add(SignatureFault::structure, {}, error.what());
            return std::move(out_);
        }
        auto parts = cms_parts(cms_, info_.get());
        places_ = parts.places;
        for (auto& fault : parts.faults) add(SignatureFault::structure, fault.offset, std::move(fault.text));
        read_content();
        read_signer();
        read_attributes();
        if (CMS_signed_get_attr_count(signer_) <= 0) {
            add(SignatureFault::attributes, places_.signer, "there are no signed attributes");
        } else {
            check_attributes();
        }
        check_signer();
        openssl_reason();
        return std::move(out_);
    }

private:
    void add(SignatureFault fault, std::optional<std::size_t> offset, std::string text) {
        out_.faults.push_back({fault, offset, std::move(text)});
    }

    void read_content() {
        auto** content = CMS_get0_content(info_.get());
        const bool inside = content != nullptr && *content != nullptr;
        if (inside) {
            const auto octets = view_of(*content);
            out_.content.assign(octets.begin(), octets.end());
        }
        if (inside == demand_.detached.has_value()) {
            add(SignatureFault::structure, places_.content_type,
                inside ? "the content stands inside of a signature that is to be detached"
                       : "the signed content is not inside");
            missing_ = !inside;
        }
        const auto* type = CMS_get0_eContentType(info_.get());
        if (value_of(type) != encode_oid(demand_.content_type)) {
            add(SignatureFault::content_type, places_.content_type,
                fmt::format("the content is signed as {}, not as {}", dotted_oid(type),
                            demand_.content_type));
        }
    }

    void read_signer() {
        X509_ALGOR* algorithm = nullptr;
        CMS_SignerInfo_get0_algs(signer_, nullptr, nullptr, &algorithm, nullptr);
        X509_ALGOR_get0(&hash_oid_, nullptr, nullptr, algorithm);
        out_.hash_algorithm = words_of(hash_oid_);
        ASN1_OCTET_STRING* key_id = nullptr;
        X509_NAME* issuer = nullptr;
        ASN1_INTEGER* serial = nullptr;
        if (CMS_SignerInfo_get0_signer_id(signer_, &key_id, &issuer, &serial) == 1 && serial != nullptr) {
            out_.signer_serial = to_hex(view_of(serial));
        }
    }

    void read_attributes() {
        for (int i = 0; i < CMS_signed_get_attr_count(signer_); ++i) {
            auto* attribute = CMS_signed_get_attr(signer_, i);
            const auto* value = X509_ATTRIBUTE_get0_type(attribute, 0);
            unsigned char* der = nullptr;
            const int size = value == nullptr ? 0 : i2d_ASN1_TYPE(value, &der);
            out_.attributes.emplace_back(dotted_oid(X509_ATTRIBUTE_get0_object(attribute)),
                                         size > 0 ? Bytes(der, der + size) : Bytes{});
            OPENSSL_free(der);
        }
    }

    /// The one value of an attribute that must be there once (-3), or null.
    const void* once(int nid, int type) {
        return CMS_signed_get0_data_by_OBJ(signer_, OBJ_nid2obj(nid), -3, type);
    }

    void check_attributes() {
        const auto* type = static_cast<const ASN1_OBJECT*>(once(NID_pkcs9_contentType, V_ASN1_OBJECT));
        if (type == nullptr) {
            add(SignatureFault::attributes, places_.attributes,
                "the signed attribute contentType is not there exactly once");
        } else if (value_of(type) != value_of(CMS_get0_eContentType(info_.get()))) {
            add(SignatureFault::attributes, places_.attributes,
                "the signed contentType is not that of the content");
        }
        check_digest();
        const auto* utc = once(NID_pkcs9_signingTime, V_ASN1_UTCTIME);
        const auto* time = utc != nullptr ? utc : once(NID_pkcs9_signingTime, V_ASN1_GENERALIZEDTIME);
        if (time != nullptr) out_.signing_time = seconds(static_cast<const ASN1_TIME*>(time));
    }

    void check_digest() {
        const auto* digest =
            static_cast<const ASN1_OCTET_STRING*>(once(NID_pkcs9_messageDigest, V_ASN1_OCTET_STRING));
        const auto known = hash_of(hash_oid_);
        if (digest == nullptr) {
            add(SignatureFault::attributes, places_.attributes,
                "the signed attribute messageDigest is not there exactly once");
        } else if (!known) {
            add(SignatureFault::attributes, places_.signer,
                "the digest algorithm " + out_.hash_algorithm + " is not one of SHA-1 to SHA-512");
        } else if (!missing_) {
            const auto got = hash(*known, demand_.detached ? *demand_.detached : ByteView{out_.content});
            if (equal_constant_time(got, view_of(digest))) return;
            add(SignatureFault::digest, places_.digest,
                fmt::format("the content has the hash {}, signed is {}", to_hex(got),
                            to_hex(view_of(digest))));
        }
    }

    /// What is inside and is named, else what was given, else what is inside and is not named.
    Owned<x509_st> choose_certificate() {
        auto inside = signer_certificate(info_.get(), signer_);
        out_.certificate_inside = inside != nullptr;
        if (inside) return inside;
        if (!demand_.certificate.empty()) {
            if (auto given = parse_certificate(demand_.certificate)) return given;
        }
        inside = first_certificate(info_.get());
        out_.certificate_inside = inside != nullptr;
        return inside;
    }

    void check_signer() {
        const auto certificate = choose_certificate();
        if (!certificate) {
            add(SignatureFault::certificate_missing, places_.signer, "there is no certificate of the signer");
            return;
        }
        out_.certificate = to_der(certificate.get());
        out_.signer = one_line(X509_get_subject_name(certificate.get()));
        const unsigned char* name = nullptr;
        std::size_t size = 0;
        openssl_done(X509_NAME_get0_der(X509_get_subject_name(certificate.get()), &name, &size), "subject");
        out_.signer_subject.assign(name, name + size);
        if (CMS_SignerInfo_cert_cmp(signer_, certificate.get()) != 0) {
            add(SignatureFault::signer, places_.signer,
                fmt::format(
                    "the signer identifier (serial {}) does not name the certificate \"{}\" (serial {})",
                    out_.signer_serial.empty() ? "none" : out_.signer_serial, out_.signer,
                    to_hex(view_of(X509_get0_serialNumber(certificate.get())))));
        }
        if (CMS_signed_get_attr_count(signer_) <= 0) return;
        const auto fault = signature_fault(signer_, certificate.get());
        if (!fault.empty()) return add(SignatureFault::signature, places_.signature, fault);
        X509_ALGOR* algorithm = nullptr;
        CMS_SignerInfo_get0_algs(signer_, nullptr, nullptr, nullptr, &algorithm);
        const auto form = algorithm_fault(algorithm, hash_oid_, X509_get0_pubkey(certificate.get()));
        if (!form.empty()) add(SignatureFault::structure, places_.algorithm, form);
    }

    ByteView cms_;
    const SignatureDemand& demand_;
    SignatureCheck out_;
    CmsPlaces places_;
    Owned<CMS_ContentInfo_st> info_;
    CMS_SignerInfo* signer_ = nullptr;
    const ASN1_OBJECT* hash_oid_ = nullptr;
    bool missing_ = false;
};

}  // namespace

std::string_view name_of(SignatureFault fault) {
    switch (fault) {
        case SignatureFault::structure:
            return "structure";
        case SignatureFault::content_type:
            return "content type";
        case SignatureFault::attributes:
            return "signed attributes";
        case SignatureFault::digest:
            return "digest";
        case SignatureFault::certificate_missing:
            return "certificate missing";
        case SignatureFault::signer:
            return "signer identifier";
        case SignatureFault::signature:
            return "signature";
    }
    throw Error{Errc::internal, "unknown signature fault"};
}

bool SignatureCheck::has(SignatureFault fault) const {
    return std::ranges::any_of(faults, [&](const SignatureFinding& one) { return one.fault == fault; });
}

const Bytes* SignatureCheck::attribute(std::string_view oid) const {
    for (const auto& [name, value] : attributes) {
        if (name == oid) return &value;
    }
    return nullptr;
}

SignatureCheck check_signature(ByteView cms, const SignatureDemand& demand) {
    return Checking{cms, demand}.run();
}

}  // namespace kartsaz::keys
