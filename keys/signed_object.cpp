// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <openssl/cms.h>
#include <openssl/objects.h>
#include <openssl/x509.h>

#include <optional>

#include "apdu/error.h"
#include "keys/crypto.h"
#include "keys/issuer.h"
#include "keys/openssl_handles.h"
#include "keys/x509_text.h"

namespace kartsaz::keys {
namespace {

[[noreturn]] void refuse(const std::string& rule) {
    openssl_reason();
    throw Error{Errc::input_invalid, "CMS: " + rule};
}

Bytes value_of(const ASN1_OBJECT* oid) {
    const auto* data = OBJ_get0_data(oid);
    return data == nullptr ? Bytes{} : Bytes(data, data + OBJ_length(oid));
}

ByteView view_of(const ASN1_STRING* text) {
    return {ASN1_STRING_get0_data(text), static_cast<std::size_t>(ASN1_STRING_length(text))};
}

std::string words_of(const ASN1_OBJECT* oid) {
    char text[96] = {};
    OBJ_obj2txt(text, sizeof text, oid, 0);
    return text;
}

std::optional<HashAlgorithm> hash_of(const ASN1_OBJECT* oid) {
    switch (OBJ_obj2nid(oid)) {
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

Owned<CMS_ContentInfo_st> parse(ByteView cms) {
    constexpr std::size_t most = 16U << 20U;
    if (cms.empty() || cms.size() > most) refuse("no bytes, or more than 16 MiB");
    const auto* at = cms.data();
    Owned<CMS_ContentInfo_st> out{d2i_CMS_ContentInfo(nullptr, &at, static_cast<long>(cms.size()))};
    if (!out) refuse("not a ContentInfo: " + openssl_reason());
    if (at != cms.data() + cms.size()) {
        refuse(fmt::format("offset {}: {} bytes left over", at - cms.data(), cms.data() + cms.size() - at));
    }
    if (OBJ_obj2nid(CMS_get0_type(out.get())) != NID_pkcs7_signed) {
        refuse("the content is no SignedData");
    }
    return out;
}

/// The included certificate that the signer identifier (issuer and serial, or key identifier) names.
Owned<x509_st> signer_certificate(CMS_ContentInfo* cms, CMS_SignerInfo* signer) {
    auto* all = CMS_get1_certs(cms);
    Owned<x509_st> found;
    for (int i = 0; i < sk_X509_num(all); ++i) {
        auto* candidate = sk_X509_value(all, i);
        if (found || CMS_SignerInfo_cert_cmp(signer, candidate) != 0) continue;
        X509_up_ref(candidate);
        found.reset(candidate);
    }
    sk_X509_pop_free(all, X509_free);
    return found;
}

/// Empty when the signed attributes are there once each and say what is signed, else what is wrong.
std::string attribute_fault(CMS_SignerInfo* signer, const SignedObject& object) {
    if (CMS_signed_get_attr_count(signer) <= 0) return "there are no signed attributes";
    // -3: the attribute must be there exactly once with exactly one value.
    const auto* type = static_cast<const ASN1_OBJECT*>(
        CMS_signed_get0_data_by_OBJ(signer, OBJ_nid2obj(NID_pkcs9_contentType), -3, V_ASN1_OBJECT));
    if (type == nullptr) return "the signed attribute contentType is not there exactly once";
    if (value_of(type) != object.content_type) return "the signed contentType is not that of the content";
    const auto* digest = static_cast<const ASN1_OCTET_STRING*>(
        CMS_signed_get0_data_by_OBJ(signer, OBJ_nid2obj(NID_pkcs9_messageDigest), -3, V_ASN1_OCTET_STRING));
    if (digest == nullptr) return "the signed attribute messageDigest is not there exactly once";
    X509_ALGOR* algorithm = nullptr;
    CMS_SignerInfo_get0_algs(signer, nullptr, nullptr, &algorithm, nullptr);
    const ASN1_OBJECT* oid = nullptr;
    X509_ALGOR_get0(&oid, nullptr, nullptr, algorithm);
    const auto known = hash_of(oid);
    if (!known) return "the digest algorithm " + words_of(oid) + " is not one of SHA-1 to SHA-512";
    if (!equal_constant_time(hash(*known, object.content), view_of(digest))) {
        return "the signed messageDigest is not the hash of the content";
    }
    return {};
}

std::string signature_fault(CMS_SignerInfo* signer, X509* certificate) {
    if (X509_get0_pubkey(certificate) == nullptr) {
        return "the public key of the signer's certificate cannot be used: " + openssl_reason();
    }
    CMS_SignerInfo_set1_signer_cert(signer, certificate);
    if (CMS_SignerInfo_verify(signer) == 1) return {};
    const auto reason = openssl_reason();
    return "the signature is wrong" + (reason.empty() ? reason : " (" + reason + ")");
}

}  // namespace

SignedObject read_signed_object(ByteView cms) {
    const auto info = parse(cms);
    auto* signers = CMS_get0_SignerInfos(info.get());
    if (const int count = sk_CMS_SignerInfo_num(signers); count != 1) {
        refuse(fmt::format("{} signers, exactly one expected", count < 0 ? 0 : count));
    }
    auto* signer = sk_CMS_SignerInfo_value(signers, 0);
    auto** content = CMS_get0_content(info.get());
    if (content == nullptr || *content == nullptr) refuse("the signed content is not inside");

    SignedObject out;
    out.content_type = value_of(CMS_get0_eContentType(info.get()));
    const auto octets = view_of(*content);
    out.content.assign(octets.begin(), octets.end());
    const auto certificate = signer_certificate(info.get(), signer);
    if (!certificate) {
        out.fault = "the certificate of the signer is not inside";
        openssl_reason();
        return out;
    }
    out.certificate = to_der(certificate.get());
    out.signer = one_line(X509_get_subject_name(certificate.get()));
    out.fault = attribute_fault(signer, out);
    if (out.fault.empty()) out.fault = signature_fault(signer, certificate.get());
    out.signature_ok = out.fault.empty();
    openssl_reason();
    return out;
}

}  // namespace kartsaz::keys
