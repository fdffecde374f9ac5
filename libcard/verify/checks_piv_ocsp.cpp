// SPDX-License-Identifier: Apache-2.0
// OCSP responses that are at hand for the certificates of a PIV card, and who gave them.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "libcard/verify/checks_piv.h"
#include "libcard/verify/piv_paths.h"

namespace kartsaz::verify {
namespace {

using Kind = keys::RevocationFaultKind;

/// What is wrong with one response; it may be for several of the card's certificates.
struct OcspFault {
    std::string object;                            ///< the first that it is for
    std::string what;                              ///< the file
    std::vector<std::string> names, texts, kinds;  ///< each once
    std::string text() const {
        return fmt::format("the OCSP response {} for {}: {}", what, fmt::join(names, ", "),
                           fmt::join(texts, "; "));
    }
    std::string kind() const { return fmt::format("{}", fmt::join(kinds, "; ")); }
};

void add_once(std::vector<std::string>& to, std::string_view text) {
    if (std::ranges::find(to, text) == to.end()) to.emplace_back(text);
}

PivCertificates asked_certificates(const Piv& card) {
    auto all = piv_card_certificates(card, false);
    for (const auto* one : piv_signer_certificates(card)) all.push_back(one);
    return all;
}

/// Of the card's certificates and those of its signers, one for each response.
std::vector<OcspFault> ocsp_faults(const Piv& card, const std::set<Kind>& wanted) {
    std::vector<OcspFault> out;
    for (const auto* one : asked_certificates(card)) {
        for (const auto& element : one->path.path) {
            for (const auto& fault : element.revocation.faults) {
                if (!wanted.contains(fault.kind)) continue;
                auto known = std::ranges::find(out, fault.what, &OcspFault::what);
                if (known == out.end()) known = out.insert(out.end(), {one->object, fault.what, {}, {}, {}});
                add_once(known->names, one->name);
                add_once(known->texts, fault.text);
                add_once(known->kinds, name_of(fault.kind));
            }
        }
    }
    return out;
}

bool any_ocsp(const Piv& card) {
    for (const auto* one : asked_certificates(card)) {
        for (const auto& element : one->path.path) {
            if (element.revocation.source == "OCSP") return true;
        }
    }
    return false;
}

void judge_ocsp(const Piv& card, Verdicts& verdicts, const std::set<Kind>& kinds, const char* expected) {
    for (const auto& one : ocsp_faults(card, kinds))
        verdicts.fault(one.object, {}, expected, one.kind(), one.text());
    if (!verdicts.findings().empty()) return;
    if (any_ocsp(card)) return verdicts.pass("OCSP responses at hand");
    verdicts.skip("no OCSP response for the card's certificates is at hand");
}

void ocsp_response(const Piv& card, Verdicts& verdicts) {
    judge_ocsp(card, verdicts, {Kind::ocsp_structure, Kind::ocsp_bad_signature, Kind::ocsp_unknown_responder},
               "a response signed by its responder");
}

void ocsp_responder(const Piv& card, Verdicts& verdicts) {
    judge_ocsp(card, verdicts,
               {Kind::ocsp_not_authorized, Kind::ocsp_no_responder_usage, Kind::ocsp_responder_signature},
               "a responder that the issuer authorized");
}

void ocsp_validity(const Piv& card, Verdicts& verdicts) {
    judge_ocsp(card, verdicts, {Kind::ocsp_responder_expired, Kind::ocsp_responder_not_yet_valid},
               "a responder whose certificate is valid");
}

/// One with id-pkix-ocsp-nocheck is to be trusted while its certificate is valid, so nobody need have looked.
void ocsp_revocation(const Piv& card, Verdicts& verdicts) {
    for (const auto& one :
         ocsp_faults(card, {Kind::ocsp_responder_revoked_nocheck, Kind::ocsp_responder_revoked_later}))
        verdicts.warn(one.object, {}, "a responder that is not revoked", one.kind(), one.text());
    judge_ocsp(card, verdicts, {Kind::ocsp_responder_revoked}, "a responder that is not revoked");
}

/// Whether a responder without id-pkix-ocsp-nocheck was revoked must be known.
void ocsp_unchecked(const Piv& card, Verdicts& verdicts) {
    constexpr const char* expected = "id-pkix-ocsp-nocheck, or a list of its issuer";
    for (const auto& one : ocsp_faults(card, {Kind::ocsp_responder_unchecked})) {
        if (card.context->demand_crl) {
            verdicts.fault(one.object, {}, expected, "neither", one.text());
        } else {
            verdicts.warn(one.object, {}, expected, "neither", one.text());
        }
    }
    if (verdicts.findings().empty()) verdicts.skip("no responder of unknown revocation");
}

void ocsp_time(const Piv& card, Verdicts& verdicts) {
    for (const auto& one :
         ocsp_faults(card, {Kind::ocsp_not_yet_issued, Kind::ocsp_stale, Kind::ocsp_status_unknown}))
        verdicts.warn(one.object, {}, "a response for the day that knows the certificate", one.kind(),
                      one.text());
    if (!verdicts.findings().empty()) return;
    if (any_ocsp(card)) return verdicts.pass("OCSP responses for the day");
    verdicts.skip("no OCSP response for the card's certificates is at hand");
}

}  // namespace

void add_piv_ocsp_checks(std::vector<Check>& checks) {
    constexpr const char* rfc = "RFC 6960";
    const auto fatal = Severity::fatal;
    add_piv(checks,
            {{"piv.ocsp.response", "OCSP responses can be read, and their responder signed them", fatal, rfc,
              "3.2", piv_depth_ocsp, ocsp_response},
             {"piv.ocsp.responder", "The issuer of the certificate authorized the responder", fatal, rfc,
              "4.2.2.2", piv_depth_ocsp, ocsp_responder},
             {"piv.ocsp.responder.validity", "The responder's certificate is valid", fatal, rfc, "4.2.2.2",
              piv_depth_ocsp, ocsp_validity},
             {"piv.ocsp.responder.revocation",
              "The responder was not revoked (with id-pkix-ocsp-nocheck, or after the day: a warning)", fatal,
              rfc, "4.2.2.2.1", piv_depth_ocsp, ocsp_revocation},
             {"piv.ocsp.responder.unchecked",
              "A responder without id-pkix-ocsp-nocheck is known not to be revoked (a warning; fatal with "
              "--demand-crl)",
              fatal, rfc, "4.2.2.2.1", piv_depth_ocsp, ocsp_unchecked},
             {"piv.ocsp.time", "The responses are for the day, and know the certificates (a warning)",
              Severity::warning, rfc, "3.2", piv_depth_ocsp, ocsp_time}});
}

}  // namespace kartsaz::verify
