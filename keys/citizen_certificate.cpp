// SPDX-License-Identifier: Apache-2.0
#include "keys/citizen_certificate.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <utility>

#include "apdu/error.h"
#include "keys/openssl_handles.h"
#include "keys/x509_text.h"

namespace kartsaz::keys {
namespace {

/// The first value of this attribute in UTF-8; empty when there is none or it cannot be shown so.
std::string part(const X509_NAME* name, int nid) {
    const int at = X509_NAME_get_index_by_NID(name, nid, -1);
    if (at < 0) return {};
    unsigned char* text = nullptr;
    const int size = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
    if (size < 0) {
        openssl_reason();
        return {};
    }
    std::string out{reinterpret_cast<const char*>(text), static_cast<std::size_t>(size)};
    OPENSSL_free(text);
    return out;
}

struct NamesFree {
    void operator()(GENERAL_NAMES* names) const noexcept { GENERAL_NAMES_free(names); }
};

std::string text_of(const ASN1_IA5STRING* text) {
    return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
            static_cast<std::size_t>(ASN1_STRING_length(text))};
}

/// otherName pivFASC-N. Source: FIPS 201-2, 4.2.2.
Bytes fascn_of(const OTHERNAME* name) {
    char oid[32] = {};
    OBJ_obj2txt(oid, sizeof(oid), name->type_id, 1);
    if (std::string_view{oid} != "2.16.840.1.101.3.6.6" || name->value->type != V_ASN1_OCTET_STRING)
        return {};
    const auto* octets = name->value->value.octet_string;
    const auto* data = ASN1_STRING_get0_data(octets);
    return {data, data + ASN1_STRING_length(octets)};
}

/// The first name of each kind in subjectAltName.
void take_names(const X509* certificate, CitizenCertificate& out) {
    const std::unique_ptr<GENERAL_NAMES, NamesFree> names{
        static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr))};
    openssl_reason();
    for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
        const auto* one = sk_GENERAL_NAME_value(names.get(), i);
        if (one->type == GEN_EMAIL && out.subject.email.empty())
            out.subject.email = text_of(one->d.rfc822Name);
        if (one->type == GEN_URI && out.uri.empty()) out.uri = text_of(one->d.uniformResourceIdentifier);
        if (one->type == GEN_OTHERNAME && out.fascn.empty()) out.fascn = fascn_of(one->d.otherName);
    }
}

bool differs(const std::string& there, const std::string& wanted) {
    return !there.empty() && there != wanted;
}

}  // namespace

std::optional<CitizenCertificate> read_citizen_certificate(ByteView der) {
    const auto certificate = parse_certificate(der);
    if (!certificate) return std::nullopt;
    const X509_NAME* name = X509_get_subject_name(certificate.get());
    CitizenCertificate out;
    out.public_key = subject_public_key(certificate.get());
    out.subject.country = part(name, NID_countryName);
    out.subject.common_name = part(name, NID_commonName);
    out.subject.given_name = part(name, NID_givenName);
    out.subject.surname = part(name, NID_surname);
    out.subject.serial_number = part(name, NID_serialNumber);
    out.subject.organization = part(name, NID_organizationName);
    take_names(certificate.get(), out);
    const auto usage = X509_get_key_usage(certificate.get());  // all bits when there is no such extension
    out.content_commitment = (usage & KU_NON_REPUDIATION) != 0;
    out.digital_signature = (usage & KU_DIGITAL_SIGNATURE) != 0;
    out.key_encipherment = (usage & KU_KEY_ENCIPHERMENT) != 0;
    out.key_agreement = (usage & KU_KEY_AGREEMENT) != 0;
    out.not_before = seconds(X509_get0_notBefore(certificate.get()));
    out.not_after = seconds(X509_get0_notAfter(certificate.get()));
    openssl_reason();
    return out;
}

bool is_signed_by(ByteView certificate, ByteView issuer) {
    const auto read = parse_certificate(certificate);
    const auto signer = parse_certificate(issuer);
    const bool out = read && signer && X509_verify(read.get(), X509_get0_pubkey(signer.get())) == 1;
    openssl_reason();
    return out;
}

bool contradicts(const CitizenCertificate& there, const CertificateTemplate& wanted) {
    const auto& has = there.subject;
    const auto& asked = wanted.subject;
    return differs(has.common_name, asked.common_name) || differs(has.given_name, asked.given_name) ||
           differs(has.surname, asked.surname) || differs(has.serial_number, asked.serial_number) ||
           differs(has.email, asked.email) || differs(there.uri, wanted.uri) ||
           (!there.fascn.empty() && there.fascn != wanted.fascn) ||
           (wanted.content_commitment && !there.content_commitment) ||
           (wanted.digital_signature && !there.digital_signature) ||
           (wanted.key_encipherment && !there.key_encipherment) ||
           (wanted.key_agreement && !there.key_agreement);
}

void check_made_key(ByteView public_key, KeyAlgorithm wanted, const std::string& what) {
    const auto kind = algorithm_of(public_key);
    if (kind != wanted) {
        throw Error{Errc::card_refused,
                    fmt::format("{}: {} was asked for, the card made {}", what, name(wanted),
                                kind ? name(*kind) : "a key that is not usable as such")};
    }
    const auto* at = public_key.data();
    const Owned<evp_pkey_st> key{d2i_PUBKEY(nullptr, &at, static_cast<long>(public_key.size()))};
    const Owned<evp_pkey_ctx_st> context{key ? EVP_PKEY_CTX_new(key.get(), nullptr) : nullptr};
    const bool sound = context && EVP_PKEY_public_check(context.get()) == 1;
    const auto reason = openssl_reason();
    if (sound) return;
    throw Error{Errc::card_refused,
                fmt::format("{}: the public key is not sound ({}): not a point of its curve, or a modulus "
                            "with small factors",
                            what, reason.empty() ? "no reason given" : reason)};
}

}  // namespace kartsaz::keys
