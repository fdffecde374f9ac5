// SPDX-License-Identifier: Apache-2.0
#include "keys/issued_check.h"

#include <fmt/format.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <limits>

#include "apdu/error.h"
#include "keys/certificate_request.h"
#include "keys/x509_text.h"

namespace kartsaz::keys {
namespace {

/// The serialNumber of a subject; empty when there is none or more than one.
std::string serial_number(X509_NAME* subject) {
    const int at = X509_NAME_get_index_by_NID(subject, NID_serialNumber, -1);
    if (at < 0 || X509_NAME_get_index_by_NID(subject, NID_serialNumber, at) >= 0) return {};
    unsigned char* text = nullptr;
    const int size = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
    std::string out(text, text + std::max(size, 0));
    OPENSSL_free(text);
    return out;
}

/// Why there is no path from `leaf` to one of `trusted` at `at`; empty when there is one.
std::string path_fault(X509* leaf, const std::vector<Bytes>& trusted, std::int64_t at) {
    const Owned<x509_store_st> store{openssl_made(X509_STORE_new(), "certificate store")};
    for (const auto& der : trusted) {
        const auto anchor = parse_certificate(der);
        if (anchor) openssl_done(X509_STORE_add_cert(store.get(), anchor.get()), "add a trusted CA");
    }
    const Owned<x509_store_ctx_st> context{openssl_made(X509_STORE_CTX_new(), "path check")};
    openssl_done(X509_STORE_CTX_init(context.get(), store.get(), leaf, nullptr), "path check");
    auto* parameters = X509_STORE_CTX_get0_param(context.get());
    X509_VERIFY_PARAM_set_time(parameters, at);
    // an issuing CA that is trusted by name needs no root above it
    X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_PARTIAL_CHAIN);
    const bool found = X509_verify_cert(context.get()) == 1;
    openssl_reason();
    return found ? std::string{} : X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get()));
}

}  // namespace

void check_issued(const CertificateOrder& order, ByteView der, const std::vector<Bytes>& trusted,
                  const std::string& what) {
    const auto refuse = [&](const std::string& rule) {
        throw Error{
            Errc::keys_failed,
            fmt::format("{} for slot \"{}\" of chip {} is not what was ordered: {}; it is not put on the "
                        "card",
                        what, order.slot, order.chip, rule)};
    };
    const auto certificate = parse_certificate(der);
    openssl_reason();
    if (!certificate) refuse("it is no X.509 certificate in DER");
    if (subject_public_key(certificate.get()) != parse_request(order.request).public_key) {
        refuse("it certifies another key than the card's");
    }
    if ((X509_get_extension_flags(certificate.get()) & EXFLAG_INVALID) != 0) {
        refuse("an extension is malformed");
    }
    if (X509_check_ca(certificate.get()) != 0) refuse("it is a CA's certificate");
    const auto usage = X509_get_key_usage(certificate.get());
    if (usage == std::numeric_limits<std::uint32_t>::max()) refuse("it has no keyUsage");
    if (order.content.content_commitment && (usage & KU_NON_REPUDIATION) == 0) {
        refuse("keyUsage has no contentCommitment (nonRepudiation)");
    }
    if (order.content.digital_signature && (usage & KU_DIGITAL_SIGNATURE) == 0) {
        refuse("keyUsage has no digitalSignature");
    }
    if (order.content.key_encipherment && (usage & KU_KEY_ENCIPHERMENT) == 0) {
        refuse("keyUsage has no keyEncipherment");
    }
    if (order.content.key_agreement && (usage & KU_KEY_AGREEMENT) == 0) {
        refuse("keyUsage has no keyAgreement");
    }
    const auto number = serial_number(X509_get_subject_name(certificate.get()));
    if (!order.content.subject.serial_number.empty() && number != order.content.subject.serial_number) {
        refuse("the subject's serialNumber is not the citizen's");
    }
    const auto from = seconds(X509_get0_notBefore(certificate.get()));
    const auto until = seconds(X509_get0_notAfter(certificate.get()));
    constexpr std::int64_t clocks = 3600;  // seconds that the CA's clock may differ
    if (from > order.content.not_before + clocks || until <= order.content.not_before) {
        refuse(fmt::format("it is valid from {} to {}", utc_text(from), utc_text(until)));
    }
    const auto fault = path_fault(certificate.get(), trusted, std::max(from, order.content.not_before));
    if (!fault.empty()) refuse("no path to a trusted CA: " + fault);
}

}  // namespace kartsaz::keys
