// SPDX-License-Identifier: Apache-2.0
// OCSP responses that are at hand for the certificates of a PIV card, and who gave them.
#include <fmt/format.h>

#include <set>

#include "libcard/verify/checks_piv.h"
#include "libcard/verify/piv_paths.h"

namespace kartsaz::verify {
namespace {

using Kind = keys::RevocationFaultKind;

struct OcspFault {
    std::string object, name;
    const keys::RevocationFault* fault;
};

/// Of the card's certificates and those of its signers; what is said of a CA above several, once.
std::vector<OcspFault> ocsp_faults(const Piv& card, std::initializer_list<Kind> kinds) {
    const std::set<Kind> wanted{kinds};
    std::set<std::pair<std::string, std::string>> told;
    std::vector<OcspFault> out;
    auto all = piv_card_certificates(card, false);
    for (const auto* one : piv_signer_certificates(card)) all.push_back(one);
    for (const auto* one : all) {
        for (const auto& element : one->path.path) {
            for (const auto& fault : element.revocation.faults) {
                if (wanted.contains(fault.kind) && told.insert({fault.what, fault.text}).second)
                    out.push_back({one->object, one->name, &fault});
            }
        }
    }
    return out;
}

bool any_ocsp(const Piv& card) {
    auto all = piv_card_certificates(card, false);
    for (const auto* one : piv_signer_certificates(card)) all.push_back(one);
    for (const auto* one : all) {
        for (const auto& element : one->path.path) {
            if (element.revocation.source == "OCSP") return true;
        }
    }
    return false;
}

void judge_ocsp(const Piv& card, Verdicts& verdicts, std::initializer_list<Kind> kinds,
                const char* expected) {
    for (const auto& one : ocsp_faults(card, kinds)) {
        verdicts.fault(
            one.object, {}, expected, std::string{name_of(one.fault->kind)},
            fmt::format("the OCSP response {} for {}: {}", one.fault->what, one.name, one.fault->text));
    }
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

void ocsp_revocation(const Piv& card, Verdicts& verdicts) {
    judge_ocsp(card, verdicts, {Kind::ocsp_responder_revoked}, "a responder that is not revoked");
}

/// Whether a responder without id-pkix-ocsp-nocheck was revoked must be known.
void ocsp_unchecked(const Piv& card, Verdicts& verdicts) {
    for (const auto& one : ocsp_faults(card, {Kind::ocsp_responder_unchecked})) {
        const std::string text =
            fmt::format("the OCSP response {} for {}: {}", one.fault->what, one.name, one.fault->text);
        if (card.context->demand_crl) {
            verdicts.fault(one.object, {}, "id-pkix-ocsp-nocheck, or a list of its issuer", "neither", text);
        } else {
            verdicts.warn(one.object, {}, "id-pkix-ocsp-nocheck, or a list of its issuer", "neither", text);
        }
    }
    if (verdicts.findings().empty()) verdicts.skip("no responder of unknown revocation");
}

void ocsp_time(const Piv& card, Verdicts& verdicts) {
    for (const auto& one :
         ocsp_faults(card, {Kind::ocsp_not_yet_issued, Kind::ocsp_stale, Kind::ocsp_status_unknown})) {
        verdicts.warn(
            one.object, {}, "a response for the day that knows the certificate",
            std::string{name_of(one.fault->kind)},
            fmt::format("the OCSP response {} for {}: {}", one.fault->what, one.name, one.fault->text));
    }
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
             {"piv.ocsp.responder.revocation", "The responder was not revoked", fatal, rfc, "4.2.2.2.1",
              piv_depth_ocsp, ocsp_revocation},
             {"piv.ocsp.responder.unchecked",
              "A responder without id-pkix-ocsp-nocheck is known not to be revoked (a warning; fatal with "
              "--demand-crl)",
              fatal, rfc, "4.2.2.2.1", piv_depth_ocsp, ocsp_unchecked},
             {"piv.ocsp.time", "The responses are for the day, and know the certificates (a warning)",
              Severity::warning, rfc, "3.2", piv_depth_ocsp, ocsp_time}});
}

}  // namespace kartsaz::verify
