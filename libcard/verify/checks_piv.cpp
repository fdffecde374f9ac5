// SPDX-License-Identifier: Apache-2.0
#include "libcard/verify/checks_piv.h"

#include <fmt/format.h>

#include "libcard/verify/observation.h"

namespace kartsaz::verify {
namespace {

void piv_reading(const Piv& card, Verdicts& verdicts) {
    const std::string fault = card.fact("fault");
    if (fault.empty()) {
        const std::string source = card.fact("source");
        return verdicts.pass(source.empty() ? "read" : "from a " + source);
    }
    verdicts.fault("chip", {}, "answers that have a form and an end", "others",
                   fmt::format("reading was stopped: {}", fault));
}

void piv_rules(const Piv& card, Verdicts& verdicts) {
    const std::string text = fmt::format("{}: {}", name(card.rules), card.rules_why);
    if (card.rules_doubt.empty()) return verdicts.pass(text);
    for (const auto& doubt : card.rules_doubt) {
        verdicts.warn("chip", {}, std::string{name(card.rules)}, doubt,
                      fmt::format("judged as {}, but {}", text, doubt));
    }
}

}  // namespace

void add_piv(std::vector<Check>& checks, std::initializer_list<PivCheck> more) {
    for (const auto& one : more) {
        checks.push_back(
            {one.id, one.title, one.severity, one.standard, one.clause, "piv", one.depth,
             [run = one.run](const Observation& seen, Verdicts& verdicts) { run(seen.piv, verdicts); }});
    }
}

void piv_departs(const Piv& card, Verdicts& verdicts, const std::string& object,
                 std::optional<std::size_t> offset, const std::string& expected, const std::string& got,
                 const std::string& text) {
    if (card.old()) return verdicts.note(object, text + ", as cards of the first generation may");
    verdicts.fault(object, offset, expected, got, text);
}

void piv_lacks(const Piv& card, Verdicts& verdicts, const std::string& object, const std::string& expected,
               const std::string& got, const std::string& text) {
    if (card.own) return verdicts.fault(object, {}, expected, got, text);
    verdicts.warn(object, {}, expected, got, text);
}

void add_piv_checks(std::vector<Check>& checks) {
    add_piv(
        checks,
        {{"piv.read", "The card's answers have a form and an end", Severity::fatal, "SP 800-73-4 part 2", "3",
          piv_depth_reading, piv_reading},
         {"piv.rules",
          "Which rules the card is judged by: PIV, PIV-I, and of which generation; the signs agree (else: "
          "a warning)",
          Severity::warning, "docs/checks.md", "PIV cards", piv_depth_reading, piv_rules}});
    add_piv_object_checks(checks);
    add_piv_signature_checks(checks);
    add_piv_chuid_checks(checks);
    add_piv_signer_checks(checks);
    add_piv_security_checks(checks);
    add_piv_biometric_checks(checks);
    add_piv_certificate_checks(checks);
    add_piv_identity_checks(checks);
    add_piv_ocsp_checks(checks);
    add_piv_key_checks(checks);
    add_piv_content_checks(checks);
    add_piv_access_checks(checks);
    add_piv_against_checks(checks);
    add_piv_record_checks(checks);
}

}  // namespace kartsaz::verify
