// SPDX-License-Identifier: Apache-2.0
// The certificate of who signed the objects of a PIV card.
#include <fmt/format.h>

#include <algorithm>

#include "libcard/verify/checks_piv.h"
#include "libcard/verify/piv_facts.h"
#include "libcard/verify/piv_paths.h"

namespace kartsaz::verify {
namespace {

constexpr const char* no_signer_certificate = "no certificate of a content signer";

void signer_path(const Piv& card, Verdicts& verdicts) {
    judge_path(card, piv_signer_certificates(card), verdicts);
}

void signer_validity(const Piv& card, Verdicts& verdicts) {
    judge_validity(card, piv_signer_certificates(card), verdicts);
}

void signer_issuer_validity(const Piv& card, Verdicts& verdicts) {
    judge_issuer_validity(card, piv_signer_certificates(card), verdicts);
}

void signer_revocation(const Piv& card, Verdicts& verdicts) {
    judge_revocation(card, piv_signer_certificates(card), verdicts);
}

void signer_strength(const Piv& card, Verdicts& verdicts) {
    judge_strength(card, piv_signer_certificates(card), verdicts);
}

void signer_usage(const Piv& card, Verdicts& verdicts) {
    for (const auto* one : piv_signer_certificates(card)) {
        if (one->details->key_usage[0]) {
            verdicts.pass(fmt::format("{}: {}", one->name, one->details->key_usage_text()));
        } else {
            verdicts.fault(one->object, {}, "digitalSignature", one->details->key_usage_text(),
                           fmt::format("{} may not sign: its key usage lacks digitalSignature", one->name));
        }
    }
    verdicts.skip(no_signer_certificate);
}

void signer_purpose(const Piv& card, Verdicts& verdicts) {
    for (const auto* one : piv_signer_certificates(card)) {
        const auto& facts = *one->details;
        const bool federal = facts.has_extended_usage_of(usage_content_signing);
        const bool other = facts.has_extended_usage_of(usage_content_signing_i);
        if (!federal && !(other && card.interoperable())) {
            verdicts.fault(
                one->object, {},
                card.interoperable() ? "id-PIV-content-signing or that of PIV-I" : "id-PIV-content-signing",
                facts.extended_usages.empty() ? "none"
                                              : fmt::format("{}", fmt::join(facts.extended_usages, ", ")),
                fmt::format("{} may not sign the content of such a card: its extended key usage "
                            "does not say so",
                            one->name));
        } else if (!facts.extended_usage_critical) {
            verdicts.warn(one->object, {}, "critical", "not critical",
                          fmt::format("the extended key usage of {} is not critical", one->name));
        } else {
            verdicts.pass(
                fmt::format("{}: {}", one->name, federal ? usage_content_signing : usage_content_signing_i));
        }
    }
    verdicts.skip(no_signer_certificate);
}

void signer_one(const Piv& card, Verdicts& verdicts) {
    if (card.signers.empty()) return verdicts.skip(no_signer_certificate);
    for (const auto& one : card.signers) {
        if (&one == &card.signers.front()) {
            verdicts.pass(one.name);
        } else {
            verdicts.note(one.object,
                          fmt::format("{} was signed by another signer than the CHUID", one.object));
        }
    }
}

}  // namespace

void add_piv_signer_checks(std::vector<Check>& checks) {
    constexpr const char* rfc = "RFC 5280";
    const auto fatal = Severity::fatal;
    add_piv(checks,
            {{"piv.signer.path", "A trusted CA issued the content signer's certificate", fatal, rfc, "6.1",
              piv_depth_path, signer_path},
             {"piv.signer.issuer-validity", "Each CA above the content signer is valid on the day", fatal,
              rfc, "6.1.3", piv_depth_path, signer_issuer_validity},
             {"piv.signer.validity", "The content signer's certificate is valid on the day", fatal,
              "FIPS 201-2", "4.2.1", piv_depth_validity, signer_validity},
             {"piv.signer.revocation",
              "Neither the content signer nor a CA above it was revoked (revoked after the day: a warning; "
              "unknown: a note; out of date: a warning; both fatal with --demand-crl)",
              fatal, rfc, "6.3", piv_depth_revocation, signer_revocation},
             {"piv.signer.usage", "The content signer's key may sign", fatal, rfc, "4.2.1.3", piv_depth_usage,
              signer_usage},
             {"piv.signer.purpose",
              "The content signer's certificate is for signing PIV content (not critical: a warning)", fatal,
              "FIPS 201-2", "4.2.1", piv_depth_usage, signer_purpose},
             {"piv.signer.strength",
              "The content signer's key is RSA of 2048, 3072 or 4096 bits (exponent 65537 or more), P-256 or "
              "P-384; digests of certificates are SHA-256 or more",
              fatal, "SP 800-78-4", "3.2", piv_depth_usage, signer_strength},
             {"piv.signer.one", "One signer signed all objects (a note)", Severity::note, "FIPS 201-2",
              "4.2.3.2", piv_depth_usage, signer_one}});
}

}  // namespace kartsaz::verify
