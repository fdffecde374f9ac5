// SPDX-License-Identifier: Apache-2.0
#include "keys/cms_reader.h"

#include <fmt/format.h>
#include <openssl/cms.h>
#include <openssl/objects.h>
#include <openssl/x509.h>

#include "apdu/error.h"
#include "keys/digest_name.h"

namespace kartsaz::keys {

[[noreturn]] void refuse_cms(const std::string& rule) {
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
    return hash_of_nid(OBJ_obj2nid(oid));
}

Owned<CMS_ContentInfo_st> parse_signed_data(ByteView cms) {
    constexpr std::size_t most = 16U << 20U;
    if (cms.empty() || cms.size() > most) refuse_cms("no bytes, or more than 16 MiB");
    const auto* at = cms.data();
    Owned<CMS_ContentInfo_st> out{d2i_CMS_ContentInfo(nullptr, &at, static_cast<long>(cms.size()))};
    if (!out) refuse_cms("not a ContentInfo: " + openssl_reason());
    if (at != cms.data() + cms.size()) {
        refuse_cms(
            fmt::format("offset {}: {} bytes left over", at - cms.data(), cms.data() + cms.size() - at));
    }
    if (OBJ_obj2nid(CMS_get0_type(out.get())) != NID_pkcs7_signed) {
        refuse_cms("the content is no SignedData");
    }
    return out;
}

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

CMS_SignerInfo_st* only_signer(CMS_ContentInfo_st* cms) {
    auto* signers = CMS_get0_SignerInfos(cms);
    if (const int count = sk_CMS_SignerInfo_num(signers); count != 1) {
        refuse_cms(fmt::format("{} signers, exactly one expected", count < 0 ? 0 : count));
    }
    return sk_CMS_SignerInfo_value(signers, 0);
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

Owned<x509_st> first_certificate(CMS_ContentInfo_st* cms) {
    auto* all = CMS_get1_certs(cms);
    Owned<x509_st> found;
    if (sk_X509_num(all) > 0) {
        auto* first = sk_X509_value(all, 0);
        X509_up_ref(first);
        found.reset(first);
    }
    sk_X509_pop_free(all, X509_free);
    return found;
}

}  // namespace kartsaz::keys
