// SPDX-License-Identifier: Apache-2.0
#include "keys/revocation.h"

#include <fmt/format.h>
#include <openssl/x509.h>

#include <algorithm>

#include "apdu/error.h"
#include "keys/revocation_evidence.h"
#include "keys/x509_text.h"

namespace kartsaz::keys {
namespace {

using Kind = RevocationFaultKind;
using Status = RevocationStatus;

Owned<x509_st> parsed(ByteView der, const char* which) {
    auto out = parse_certificate(der);
    if (!out)
        throw Error{Errc::input_invalid, fmt::format("revocation: {} is not an X.509 certificate", which)};
    return out;
}

/// How much an answer weighs against another one.
int weight(Status status) {
    switch (status) {
        case Status::revoked:
            return 3;
        case Status::good:
            return 2;
        case Status::stale:
            return 1;
        case Status::unknown:
            break;
    }
    return 0;
}

/// The weightier of the two, with the faults of both and the earlier of what they tell of later.
RevocationAnswer joined(RevocationAnswer a, RevocationAnswer b) {
    // of two that know nothing, the one speaks that had something at hand
    const bool second =
        weight(b.status) > weight(a.status) ||
        (b.status == Status::unknown && a.status == Status::unknown && a.faults.empty() && !b.faults.empty());
    auto& out = second ? b : a;
    auto& other = second ? a : b;
    std::move(other.faults.begin(), other.faults.end(), std::back_inserter(out.faults));
    const auto& later = other.revoked_later;
    if (later && (!out.revoked_later || later->since < out.revoked_later->since)) out.revoked_later = later;
    if (out.status == Status::revoked) out.revoked_later.reset();
    return std::move(out);
}

}  // namespace

std::string_view name_of(RevocationStatus status) {
    switch (status) {
        case Status::good:
            return "good";
        case Status::revoked:
            return "revoked";
        case Status::stale:
            return "stale";
        case Status::unknown:
            break;
    }
    return "unknown";
}

std::string_view name_of(RevocationFaultKind kind) {
    constexpr std::string_view names[] = {"CRL: bad signature",
                                          "CRL: its issuer may not sign CRLs",
                                          "CRL: not yet issued",
                                          "CRL: out of date",
                                          "CRL: extension",
                                          "OCSP: structure",
                                          "OCSP: another certificate",
                                          "OCSP: bad signature",
                                          "OCSP: unknown responder",
                                          "OCSP: responder not authorized",
                                          "OCSP: responder without OCSPSigning",
                                          "OCSP: responder's certificate has a bad signature",
                                          "OCSP: responder expired",
                                          "OCSP: responder not yet valid",
                                          "OCSP: responder revoked",
                                          "OCSP: responder revoked, with nocheck",
                                          "OCSP: responder revoked later",
                                          "OCSP: responder's revocation not known",
                                          "OCSP: not yet issued",
                                          "OCSP: out of date",
                                          "OCSP: certificate not known to the responder"};
    return names[static_cast<std::size_t>(kind)];
}

bool RevocationAnswer::has(RevocationFaultKind kind) const {
    return std::any_of(faults.begin(), faults.end(), [&](const auto& fault) { return fault.kind == kind; });
}

bool ResponderAnswer::has(RevocationFaultKind kind) const {
    return std::any_of(faults.begin(), faults.end(), [&](const auto& fault) { return fault.kind == kind; });
}

bool out_of_date(std::int64_t this_update, std::optional<std::int64_t> next_update, TrustAnchors::When at) {
    constexpr std::int64_t day = 86400;
    return next_update.value_or(this_update + day) < at.from;
}

std::string quoted_subject(const X509* certificate) {
    return fmt::format("\"{}\"", one_line(X509_get_subject_name(certificate)));
}

std::string later_text(const RevocationQuestion& question, std::int64_t since, const std::string& by) {
    return fmt::format("{}: revoked later, {}, by the {} (asked for {})", quoted_subject(question.about),
                       utc_text(since), by, utc_text(question.at.to));
}

std::string reason_text(int reason) {
    constexpr const char* names[] = {
        "unspecified",   "keyCompromise",        "cACompromise",    "affiliationChanged",
        "superseded",    "cessationOfOperation", "certificateHold", "7",
        "removeFromCRL", "privilegeWithdrawn",   "aACompromise"};
    const bool known = reason >= 0 && static_cast<std::size_t>(reason) < std::size(names);
    return known ? names[reason] : fmt::format("{}", reason);
}

RevocationAnswer revocation(ByteView certificate, ByteView issuer, const CertificatePool& pool,
                            TrustAnchors::When at) {
    const auto about = parsed(certificate, "the certificate"), by = parsed(issuer, "its issuer");
    const RevocationQuestion question{about.get(), by.get(), pool.contents(), at};
    auto out = ask_crls(question);
    for (const auto& response : pool.contents().responses) {
        auto said = ask_ocsp(response.der, response.what, question, false);
        if (said) out = joined(std::move(out), std::move(*said));
    }
    return out;
}

RevocationAnswer check_ocsp(ByteView response, const std::string& what, ByteView certificate, ByteView issuer,
                            const CertificatePool& pool, TrustAnchors::When at) {
    const auto about = parsed(certificate, "the certificate"), by = parsed(issuer, "its issuer");
    return ask_ocsp(response, what, {about.get(), by.get(), pool.contents(), at}, true).value();
}

ResponderAnswer check_responder(ByteView certificate, const std::string& what, const CertificatePool& pool,
                                TrustAnchors::When at) {
    const auto responder = parsed(certificate, "the responder's certificate");
    ResponderAnswer out;
    out.subject = one_line(X509_get_subject_name(responder.get()));
    out.no_check = has_no_check(responder.get());
    const auto named = pool.contents().named(X509_get_issuer_name(responder.get()));
    const auto right = std::find_if(named.begin(), named.end(), [&](const auto* one) {
        return signed_by(responder.get(), one->x509.get());
    });
    auto* issuer = named.empty() ? nullptr : (right == named.end() ? named.front() : *right)->x509.get();
    if (issuer != nullptr) {
        out.issuer = one_line(X509_get_subject_name(issuer));
        if (right != named.end()) out.revocation = ask_crls({responder.get(), issuer, pool.contents(), at});
    }
    out.faults = responder_faults({responder.get(), issuer, std::nullopt, what, pool.contents(), at});
    return out;
}

}  // namespace kartsaz::keys
