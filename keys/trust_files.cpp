// SPDX-License-Identifier: Apache-2.0
#include "keys/trust_files.h"

#include <fmt/format.h>
#include <openssl/asn1.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>

#include "apdu/error.h"
#include "keys/crypto.h"
#include "keys/issuer.h"
#include "keys/openssl_handles.h"
#include "keys/x509_text.h"

namespace kartsaz::keys {
namespace {

struct Authority {
    const char* identity;
    const char* kind;
    const char* folder;
};
constexpr Authority authorities[] = {{"csca", "country signer", ""},
                                     {"citizen-ca", "citizens' CA", "holders/"}};

/// One of the two, with what its files are called by.
struct Found {
    const Authority* authority;
    Bytes der;
    Owned<x509_st> certificate;
    std::string stem;  ///< path without extension
};

std::vector<Found> find_authorities(const KeyStore& store) {
    std::vector<Found> out;
    for (const auto& authority : authorities) {
        if (!store.has_identity(authority.identity)) continue;
        auto der = store.identity(authority.identity).certificate;
        auto certificate = parse_certificate(der);
        if (certificate == nullptr) {
            throw Error{Errc::internal,
                        fmt::format("{}: its certificate was read before", authority.identity)};
        }
        // the name says which generation it is, so that a folder can hold several
        constexpr std::size_t shown = 4;
        const auto id = to_hex(ByteView{sha256(subject_public_key(certificate.get()))}.first(shown));
        auto stem = fmt::format("{}{}-{}", authority.folder, authority.identity, id);
        out.push_back({&authority, std::move(der), std::move(certificate), std::move(stem)});
    }
    if (out.empty()) {
        throw Error{Errc::keys_failed, "trust: this key store has neither csca nor citizen-ca"};
    }
    return out;
}

std::string crl_number(const X509_CRL* crl) {
    const std::unique_ptr<ASN1_INTEGER, decltype(&ASN1_INTEGER_free)> number{
        static_cast<ASN1_INTEGER*>(X509_CRL_get_ext_d2i(crl, NID_crl_number, nullptr, nullptr)),
        &ASN1_INTEGER_free};
    if (number == nullptr) return {};
    return to_hex(
        {ASN1_STRING_get0_data(number.get()), static_cast<std::size_t>(ASN1_STRING_length(number.get()))});
}

TrustFile crl_file(const Found& issuer, X509_CRL* crl) {
    unsigned char* der = nullptr;
    const int size = i2d_X509_CRL(crl, &der);
    if (size <= 0) openssl_failed("write a CRL");
    TrustFile out;
    out.content.assign(der, der + size);
    OPENSSL_free(der);
    out.path = issuer.stem + ".crl";
    out.kind = "CRL";
    out.name = one_line(X509_CRL_get_issuer(crl));
    out.serial = crl_number(crl);
    out.from = seconds(X509_CRL_get0_lastUpdate(crl));
    if (const auto* next = X509_CRL_get0_nextUpdate(crl)) out.until = seconds(next);
    return out;
}

TrustFile certificate_file(const Found& found) {
    const auto facts = certificate_facts(found.der);
    TrustFile out;
    out.path = found.stem + ".cer";
    out.content = found.der;
    out.kind = found.authority->kind;
    out.name = facts.subject;
    out.serial = facts.serial;
    out.from = facts.not_before;
    out.until = facts.not_after;
    return out;
}

const Found* signer_of(const std::vector<Found>& authorities_found, X509_CRL* crl) {
    for (const auto& found : authorities_found) {
        const bool named =
            X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_subject_name(found.certificate.get())) == 0;
        if (named && X509_CRL_verify(crl, X509_get0_pubkey(found.certificate.get())) == 1) return &found;
    }
    return nullptr;
}

}  // namespace

std::vector<TrustFile> trust_files(const KeyStore& store,
                                   const std::vector<std::pair<std::string, Bytes>>& crls) {
    const auto found = find_authorities(store);
    std::vector<TrustFile> out;
    for (const auto& authority : found) out.push_back(certificate_file(authority));
    for (const auto& [what, encoded] : crls) {
        for (const auto& crl : parse_crls(encoded, what)) {
            const auto* signer = signer_of(found, crl.get());
            if (signer == nullptr) {
                throw Error{Errc::input_invalid,
                            fmt::format("{}: a CRL of {}, which none of the exported authorities signed",
                                        what, one_line(X509_CRL_get_issuer(crl.get())))};
            }
            auto file = crl_file(*signer, crl.get());
            for (const auto& other : out) {
                if (other.path == file.path) {
                    throw Error{Errc::input_invalid,
                                fmt::format("{}: a second CRL of {}; the newest one alone is published", what,
                                            file.name)};
                }
            }
            out.push_back(std::move(file));
        }
    }
    return out;
}

}  // namespace kartsaz::keys
