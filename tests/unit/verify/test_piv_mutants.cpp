// SPDX-License-Identifier: Apache-2.0
// For every check of the PIV rule sets a card with one fault that this check finds, and no other.
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "libcard/verify/check.h"
#include "piv_mutants.h"

using namespace kartsaz;
using namespace kartsaz::test;

namespace kartsaz::test {

PivMutant mutant_made(const char* check, const char* what, PivChange change) {
    PivMutant out{check, what};
    out.made = std::move(change);
    return out;
}

PivMutant mutant_signed(const char* check, const char* what, PivChange change) {
    PivMutant out{check, what};
    out.signed_ = std::move(change);
    return out;
}

PivMutant mutant_sealed(const char* check, const char* what, PivChange change) {
    PivMutant out{check, what};
    out.sealed = std::move(change);
    return out;
}

PivMutant mutant_proved(const char* check, const char* what, PivChange change) {
    PivMutant out{check, what};
    out.proved = std::move(change);
    return out;
}

PivMutant with(PivMutant mutant, std::set<std::string> beside, const char* why) {
    mutant.beside = std::move(beside);
    mutant.why = why;
    return mutant;
}

verify::Report judge_piv_mutant(const PivMutant& mutant) {
    GoodPiv card;
    const auto change = [&](const PivChange& step) {
        if (step) step(card);
    };
    change(mutant.made);
    card.make();
    change(mutant.signed_);
    card.seal();
    change(mutant.sealed);
    card.prove();
    change(mutant.proved);
    return card.judge();
}

}  // namespace kartsaz::test

namespace {

std::vector<PivMutant> all_mutants() {
    std::vector<PivMutant> out;
    for (auto part : {piv_object_mutants, piv_signature_mutants, piv_certificate_mutants, piv_card_mutants}) {
        for (auto& one : part()) out.push_back(std::move(one));
    }
    return out;
}

}  // namespace

TEST_CASE("a good PIV card is accepted without a finding, and all that can be proved is") {
    GoodPiv card;
    const auto report = judge_good_piv(card);
    for (const auto& finding : report.findings) UNSCOPED_INFO(finding.check << ": " << finding.text);
    CHECK(report.accept);
    CHECK(report.findings.empty());
    const std::set<std::string> may_skip{"piv.key-history",
                                         "piv.bit-group",
                                         "piv.ocsp.response",
                                         "piv.ocsp.responder",
                                         "piv.ocsp.responder.validity",
                                         "piv.ocsp.responder.revocation",
                                         "piv.ocsp.responder.unchecked",
                                         "piv.ocsp.time",
                                         "piv.against.identity",
                                         "piv.against.keys",
                                         "piv.against.serial"};
    for (const auto& result : report.results) {
        if (!result.check.starts_with("piv.")) continue;
        INFO(result.check << ": " << result.evidence);
        CHECK(result.outcome ==
              (may_skip.contains(result.check) ? verify::Outcome::skipped : verify::Outcome::passed));
    }
}

TEST_CASE("every PIV check has a mutated card that it finds, and nothing else does") {
    const auto mutants = all_mutants();
    std::set<std::string> covered;
    fmt::print("{:<34} {:<72} found\n", "check", "mutant");
    for (const auto& mutant : mutants) {
        INFO(mutant.check << ": " << mutant.what);
        verify::Report report;
        CHECK_NOTHROW(report = judge_piv_mutant(mutant));
        bool found = false;
        std::set<std::string> others;
        for (const auto& finding : report.findings) {
            found = found || finding.check == mutant.check;
            if (finding.check != mutant.check) others.insert(finding.check);
            UNSCOPED_INFO(finding.check << " (" << finding.object << "): " << finding.text);
        }
        std::string said = found ? "yes" : "NO";
        for (const auto& other : others) said += ", and " + other;
        if (!mutant.why.empty()) said += fmt::format(" ({})", mutant.why);
        fmt::print("{:<34} {:<72} {}\n", mutant.check, mutant.what, said);
        CHECK(found);
        CHECK(others == mutant.beside);
        if (!report.accept) CHECK(report.cause.value_or("") == mutant.check);
        covered.insert(mutant.check);
    }
    for (const auto& check : verify::registry()) {
        if (check.card_kind != "piv") continue;
        INFO("no mutant for " << check.id);
        CHECK(covered.contains(check.id));
    }
}
