// SPDX-License-Identifier: Apache-2.0
#include <openssl/cms.h>
#include <openssl/objects.h>
#include <openssl/x509.h>

#include "keys/cms_reader.h"
#include "keys/crypto.h"
#include "keys/issuer.h"
#include "keys/openssl_handles.h"
#include "keys/x509_text.h"

namespace kartsaz::keys {
namespace {

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

}  // namespace

SignedObject read_signed_object(ByteView cms) {
    const auto info = parse_signed_data(cms);
    auto* signer = only_signer(info.get());
    auto** content = CMS_get0_content(info.get());
    if (content == nullptr || *content == nullptr) refuse_cms("the signed content is not inside");

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
