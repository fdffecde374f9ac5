// SPDX-License-Identifier: Apache-2.0
#include <openssl/x509v3.h>

#include <limits>

#include "apdu/error.h"
#include "keys/issuer.h"
#include "keys/x509_extension.h"
#include "keys/x509_text.h"

namespace kartsaz::keys {
namespace {

std::string part(const X509_NAME* name, int nid) {
    const int at = X509_NAME_get_index_by_NID(name, nid, -1);
    if (at < 0) return {};
    unsigned char* text = nullptr;
    const int size = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
    if (size < 0) return {};
    const std::string out{reinterpret_cast<const char*>(text), static_cast<std::size_t>(size)};
    OPENSSL_free(text);
    return out;
}

void read_subject(const X509* certificate, CertificateFacts& out) {
    const auto* name = X509_get_subject_name(certificate);
    out.country = part(name, NID_countryName);
    out.organization = part(name, NID_organizationName);
    out.common_name = part(name, NID_commonName);
    out.given_name = part(name, NID_givenName);
    out.surname = part(name, NID_surname);
    out.serial_number = part(name, NID_serialNumber);
    const auto names = extension<GENERAL_NAMES>(certificate, NID_subject_alt_name);
    for (int i = 0; i < sk_GENERAL_NAME_num(names.get()) && out.email.empty(); ++i) {
        out.email = ia5(sk_GENERAL_NAME_value(names.get(), i), GEN_EMAIL);
    }
}

void read_usages(X509* certificate, CertificateFacts& out) {
    out.ca = X509_check_ca(certificate) == 1;
    // X509_get_key_usage() has every bit set when the extension is missing.
    const auto usage = X509_get_key_usage(certificate);
    out.has_key_usage = usage != std::numeric_limits<std::uint32_t>::max();
    out.key_usage_digital_signature = out.has_key_usage && (usage & KU_DIGITAL_SIGNATURE) != 0;
    out.key_usage_content_commitment = out.has_key_usage && (usage & KU_NON_REPUDIATION) != 0;
    out.key_usage_certificate_sign = out.has_key_usage && (usage & KU_KEY_CERT_SIGN) != 0;
    out.key_usage_crl_sign = out.has_key_usage && (usage & KU_CRL_SIGN) != 0;
    const auto extended = extension<EXTENDED_KEY_USAGE>(certificate, NID_ext_key_usage);
    for (int i = 0; i < sk_ASN1_OBJECT_num(extended.get()); ++i) {
        out.extended_usages.push_back(dotted(sk_ASN1_OBJECT_value(extended.get(), i)));
    }
    const auto policies = extension<CERTIFICATEPOLICIES>(certificate, NID_certificate_policies);
    for (int i = 0; i < sk_POLICYINFO_num(policies.get()); ++i) {
        out.policies.push_back(dotted(sk_POLICYINFO_value(policies.get(), i)->policyid));
    }
}

}  // namespace

CertificateFacts certificate_facts(ByteView der) {
    const auto certificate = parse_certificate(der);
    if (!certificate) throw Error{Errc::input_invalid, "these bytes are not an X.509 certificate"};
    auto* x509 = certificate.get();
    CertificateFacts out;
    out.subject = one_line(X509_get_subject_name(x509));
    out.issuer = one_line(X509_get_issuer_name(x509));
    out.serial = to_hex(bytes_of(X509_get0_serialNumber(x509)));
    out.not_before = seconds(X509_get0_notBefore(x509));
    out.not_after = seconds(X509_get0_notAfter(x509));
    out.public_key = subject_public_key(x509);
    out.subject_key_identifier = bytes_of(X509_get0_subject_key_id(x509));
    out.authority_key_identifier = bytes_of(X509_get0_authority_key_id(x509));
    out.self_signed = X509_self_signed(x509, 1) == 1;
    read_usages(x509, out);
    read_subject(x509, out);
    out.crl_urls = urls_of(extension<CRL_DIST_POINTS>(x509, NID_crl_distribution_points).get());
    openssl_reason();
    return out;
}

}  // namespace kartsaz::keys
