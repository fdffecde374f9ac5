// SPDX-License-Identifier: Apache-2.0
#include "keys/certificate_details.h"

#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <ctime>

#include "apdu/error.h"
#include "apdu/tlv.h"
#include "keys/openssl_handles.h"
#include "keys/x509_der.h"
#include "keys/x509_extension.h"
#include "keys/x509_text.h"

namespace kartsaz::keys {
namespace {

constexpr std::string_view fasc_n_oid = "2.16.840.1.101.3.6.6";
constexpr std::string_view naci_oid = "2.16.840.1.101.3.6.9.1";
constexpr std::string_view usage_names[] = {"digitalSignature", "nonRepudiation", "keyEncipherment",
                                            "dataEncipherment", "keyAgreement",   "keyCertSign",
                                            "cRLSign",          "encipherOnly",   "decipherOnly"};

/// As extension(), and an extension that is there and cannot be used is noted.
template <typename Extension>
OwnedExtension<Extension> decode(const X509* certificate, int nid, CertificateDetails& out,
                                 bool* critical = nullptr) {
    int found = 0;
    OwnedExtension<Extension> value{
        static_cast<Extension*>(X509_get_ext_d2i(certificate, nid, &found, nullptr))};
    constexpr int absent = -1;
    if (value == nullptr && found != absent) out.unreadable.push_back(dotted(OBJ_nid2obj(nid)));
    if (critical != nullptr) *critical = found == 1;
    return value;
}

Bytes der_of(const X509_NAME* name) {
    const unsigned char* data = nullptr;
    std::size_t size = 0;
    // the bytes as they were read
    openssl_done(X509_NAME_get0_der(name, &data, &size), "name of a certificate");
    return {data, data + size};
}

void read_key(X509* certificate, CertificateDetails& out) {
    out.public_key = subject_public_key(certificate);
    out.key_bits = bytes_of(X509_get0_pubkey_bitstr(certificate));
    ASN1_OBJECT* algorithm = nullptr;
    X509_ALGOR* whole = nullptr;
    X509_PUBKEY_get0_param(&algorithm, nullptr, nullptr, &whole, X509_get_X509_PUBKEY(certificate));
    switch (OBJ_obj2nid(algorithm)) {
        case NID_rsaEncryption:
            out.key_algorithm = "rsa";
            break;
        case NID_X9_62_id_ecPublicKey: {
            out.key_algorithm = "ec";
            int type = 0;
            const void* parameter = nullptr;
            X509_ALGOR_get0(nullptr, &type, &parameter, whole);
            if (type == V_ASN1_OBJECT) out.curve = dotted(static_cast<const ASN1_OBJECT*>(parameter));
            break;
        }
        default:
            out.key_algorithm = dotted(algorithm);
    }
    if (const auto* key = X509_get0_pubkey(certificate)) {
        out.key_size = static_cast<std::size_t>(std::max(EVP_PKEY_get_bits(key), 0));
    }
    const int signature = X509_get_signature_nid(certificate);
    out.signature_algorithm = signature == NID_undef ? std::string{} : OBJ_nid2sn(signature);
    int digest = NID_undef;
    X509_get_signature_info(certificate, &digest, nullptr, nullptr, nullptr);
    if (digest != NID_undef) {
        out.signature_digest = OBJ_nid2sn(digest);
        std::transform(out.signature_digest.begin(), out.signature_digest.end(), out.signature_digest.begin(),
                       [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    }
}

CertificateDetails::OtherName other_name(const OTHERNAME* name) {
    CertificateDetails::OtherName out;
    out.oid = dotted(name->type_id);
    unsigned char* der = nullptr;
    const int size = i2d_ASN1_TYPE(name->value, &der);
    if (size > 0) out.value.assign(der, der + size);
    OPENSSL_free(der);
    const int type = name->value->type;
    if (type != V_ASN1_OBJECT && type != V_ASN1_BOOLEAN && type != V_ASN1_NULL) {
        out.text = bytes_of(name->value->value.asn1_string);
    }
    return out;
}

void read_names(const X509* certificate, CertificateDetails& out) {
    const auto names = decode<GENERAL_NAMES>(certificate, NID_subject_alt_name, out);
    for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
        const auto* name = sk_GENERAL_NAME_value(names.get(), i);
        if (name->type == GEN_OTHERNAME) out.other_names.push_back(other_name(name->d.otherName));
        if (name->type == GEN_URI) out.uris.push_back(ia5(name, GEN_URI));
        if (name->type == GEN_EMAIL) out.emails.push_back(ia5(name, GEN_EMAIL));
        if (name->type == GEN_DNS) out.dns_names.push_back(ia5(name, GEN_DNS));
    }
}

void read_usages(const X509* certificate, CertificateDetails& out) {
    const auto usage = decode<ASN1_BIT_STRING>(certificate, NID_key_usage, out, &out.key_usage_critical);
    out.has_key_usage = usage != nullptr;
    for (int bit = 0; out.has_key_usage && bit < 9; ++bit) {
        out.key_usage[bit] = ASN1_BIT_STRING_get_bit(usage.get(), bit) == 1;
    }
    const auto extended =
        decode<EXTENDED_KEY_USAGE>(certificate, NID_ext_key_usage, out, &out.extended_usage_critical);
    out.has_extended_usage = extended != nullptr;
    for (int i = 0; i < sk_ASN1_OBJECT_num(extended.get()); ++i) {
        out.extended_usages.push_back(dotted(sk_ASN1_OBJECT_value(extended.get(), i)));
    }
    const auto constraints = decode<BASIC_CONSTRAINTS>(certificate, NID_basic_constraints, out);
    out.has_basic_constraints = constraints != nullptr;
    if (constraints == nullptr) return;
    out.ca = constraints->ca != 0;
    if (constraints->pathlen != nullptr) out.path_length = ASN1_INTEGER_get(constraints->pathlen);
}

void read_places(const X509* certificate, CertificateDetails& out) {
    const auto policies = decode<CERTIFICATEPOLICIES>(certificate, NID_certificate_policies, out);
    for (int i = 0; i < sk_POLICYINFO_num(policies.get()); ++i) {
        out.policies.push_back(dotted(sk_POLICYINFO_value(policies.get(), i)->policyid));
    }
    const auto access = decode<AUTHORITY_INFO_ACCESS>(certificate, NID_info_access, out);
    for (int i = 0; i < sk_ACCESS_DESCRIPTION_num(access.get()); ++i) {
        const auto* one = sk_ACCESS_DESCRIPTION_value(access.get(), i);
        const int method = OBJ_obj2nid(one->method);
        auto url = ia5(one->location, GEN_URI);
        if (url.empty()) continue;
        if (method == NID_ad_OCSP)
            out.ocsp_urls.push_back(std::move(url));
        else if (method == NID_ad_ca_issuers)
            out.issuer_urls.push_back(std::move(url));
    }
    out.crl_urls = urls_of(decode<CRL_DIST_POINTS>(certificate, NID_crl_distribution_points, out).get());
    out.subject_key_identifier =
        bytes_of(decode<ASN1_OCTET_STRING>(certificate, NID_subject_key_identifier, out).get());
    const auto authority = decode<AUTHORITY_KEYID>(certificate, NID_authority_key_identifier, out);
    if (authority != nullptr) out.authority_key_identifier = bytes_of(authority->keyid);
    out.no_check = X509_get_ext_by_NID(certificate, NID_id_pkix_OCSP_noCheck, -1) >= 0;
}

/// piv-interim is a BOOLEAN. Source: FIPS 201-2, table 3-1; NIST's PIV object identifiers.
void read_naci(ByteView der, CertificateDetails& out) {
    for (const auto& [oid, at] : out.extensions) {
        if (oid != naci_oid) continue;
        const auto value = der.subspan(at.offset, at.size);
        out.naci_readable = value.size() == 3 && value[0] == der::boolean && value[1] == 1;
        if (out.naci_readable) out.naci = value[2] != 0;
    }
}

DerRange range_of(const apdu::Tlv& tlv) {
    return {tlv.offset, tlv.whole.size()};
}

std::string oid_text(ByteView whole) {
    const auto* at = whole.data();
    const std::unique_ptr<ASN1_OBJECT, decltype(&ASN1_OBJECT_free)> object{
        d2i_ASN1_OBJECT(nullptr, &at, static_cast<long>(whole.size())), &ASN1_OBJECT_free};
    return object == nullptr ? std::string{} : dotted(object.get());
}

void find_extensions(apdu::TlvReader fields, CertificateDetails& out) {
    while (!fields.done()) {
        const auto field = fields.next();
        if (field.tag != 0xA3) continue;
        auto outer = fields.enter(field);
        auto list = outer.enter(outer.next(der::sequence));
        while (!list.done()) {
            auto one = list.enter(list.next(der::sequence));
            const auto oid = oid_text(one.next(der::oid).whole);
            one.maybe(der::boolean);
            const auto value = one.next(der::octets);
            out.extensions.emplace_back(oid, DerRange{value.value_offset, value.value.size()});
        }
    }
}

/// Where the parts stand. Source: RFC 5280, 4.1.
void find_places(ByteView der, CertificateDetails& out) {
    apdu::TlvReader file{der, "certificate"};
    auto whole = file.enter(file.next(der::sequence));
    auto body = whole.enter(whole.next(der::sequence));
    whole.next(der::sequence);
    out.signature_at = range_of(whole.next(der::bit_string));
    body.maybe(der::context0);
    const auto serial = body.next(der::integer);
    out.serial_at = range_of(serial);
    out.serial.assign(serial.value.begin(), serial.value.end());
    body.next(der::sequence);  // algorithm
    body.next(der::sequence);  // issuer
    const auto validity = body.next(der::sequence);
    out.validity_at = range_of(validity);
    auto times = body.enter(validity);
    out.not_before_at = range_of(times.next());
    out.not_after_at = range_of(times.next());
    out.subject_at = range_of(body.next(der::sequence));
    out.public_key_at = range_of(body.next(der::sequence));
    find_extensions(body, out);
}

bool readable(const ASN1_TIME* time) {
    std::tm parts{};
    return ASN1_TIME_to_tm(time, &parts) == 1;
}

/// "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6"; empty when it is none.
Bytes uuid_of(std::string_view uri) {
    constexpr std::string_view begin = "urn:uuid:";
    constexpr std::size_t text_size = 36;
    if (uri.size() != begin.size() + text_size) return {};
    std::string digits;
    for (std::size_t i = 0; i < uri.size(); ++i) {
        const char c = uri[i];
        const char small = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
        if (i < begin.size()) {
            if (small != begin[i]) return {};
            continue;
        }
        const auto at = i - begin.size();
        const bool hyphen = at == 8 || at == 13 || at == 18 || at == 23;
        if (hyphen != (c == '-')) return {};
        if (!hyphen) digits += small;
    }
    if (digits.find_first_not_of("0123456789abcdef") != std::string::npos) return {};
    return from_hex(digits);
}

}  // namespace

std::vector<Bytes> CertificateDetails::fasc_ns() const {
    std::vector<Bytes> out;
    for (const auto& name : other_names) {
        if (name.oid == fasc_n_oid) out.push_back(name.text);
    }
    return out;
}

std::vector<Bytes> CertificateDetails::uuids() const {
    std::vector<Bytes> out;
    for (const auto& uri : uris) {
        auto uuid = uuid_of(uri);
        if (!uuid.empty()) out.push_back(std::move(uuid));
    }
    return out;
}

std::string CertificateDetails::key_usage_text() const {
    std::string out;
    for (std::size_t bit = 0; bit < std::size(usage_names); ++bit) {
        if (!key_usage[bit]) continue;
        if (!out.empty()) out += ", ";
        out += usage_names[bit];
    }
    return out.empty() ? "none" : out;
}

bool CertificateDetails::has_extended_usage_of(std::string_view oid) const {
    return std::find(extended_usages.begin(), extended_usages.end(), oid) != extended_usages.end();
}

std::optional<std::size_t> CertificateDetails::offset_of(std::string_view oid) const {
    for (const auto& [name, at] : extensions) {
        if (name == oid) return at.offset;
    }
    return std::nullopt;
}

CertificateDetails certificate_details(ByteView der) {
    const auto certificate = parse_certificate(der);
    if (!certificate) throw Error{Errc::input_invalid, "these bytes are not an X.509 certificate"};
    CertificateDetails out;
    find_places(der, out);
    out.issuer = der_of(X509_get_issuer_name(certificate.get()));
    out.subject = der_of(X509_get_subject_name(certificate.get()));
    const auto* from = X509_get0_notBefore(certificate.get());
    const auto* until = X509_get0_notAfter(certificate.get());
    out.not_before = seconds(from);
    out.not_after = seconds(until);
    out.validity_readable = readable(from) && readable(until);
    read_key(certificate.get(), out);
    read_names(certificate.get(), out);
    read_usages(certificate.get(), out);
    read_places(certificate.get(), out);
    read_naci(der, out);
    openssl_reason();
    return out;
}

}  // namespace kartsaz::keys
