// SPDX-License-Identifier: Apache-2.0
// For every check of the PIV rule sets a card with one fault that this check finds, and no other.
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "libcard/verify/check.h"
#include "piv_mutants.h"
#include "tests/unit/piv/samples.h"

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
    for (auto part : {piv_object_mutants, piv_signature_mutants, piv_certificate_mutants, piv_card_mutants,
                      piv_record_mutants}) {
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
                                         "piv.against.serial",
                                         "piv.record.person",
                                         "piv.record.holder",
                                         "piv.record.printed",
                                         "piv.record.expiry",
                                         "piv.record.face",
                                         "piv.record.fingers"};
    for (const auto& result : report.results) {
        if (!result.check.starts_with("piv.")) continue;
        INFO(result.check << ": " << result.evidence);
        CHECK(result.outcome ==
              (may_skip.contains(result.check) ? verify::Outcome::skipped : verify::Outcome::passed));
    }
}

TEST_CASE("a PIV card that is beside its holder's record is accepted, and every part is compared") {
    GoodPiv card;
    card.give_record();
    SECTION("as an issuer of ours writes it") {}
    SECTION("by an issuer that writes Latin letters, the surname first") {
        for (auto& [reference, wish] : card.wishes) wish.common_name = "Ahmadi, Reza";
        card.printed.name = "AHMADI, REZA";
    }
    SECTION("with the photo made smaller") {
        const auto& photo = card.expected->photo;
        card.face = app::piv::face_of(record::reencode_photo(photo, photo.bytes.size() * 3 / 4, "test"), 1);
        REQUIRE(card.face.image.size() < photo.bytes.size());
    }
    SECTION("with the best minutiae alone") {
        card.expected->fingers[0] = small_finger(2, 21);
    }
    const auto report = judge_good_piv(card);
    for (const auto& finding : report.findings) UNSCOPED_INFO(finding.check << ": " << finding.text);
    CHECK(report.accept);
    CHECK(report.findings.empty());
    unsigned compared = 0;
    for (const auto& result : report.results) {
        if (!result.check.starts_with("piv.record.")) continue;
        INFO(result.check << ": " << result.evidence);
        CHECK(result.outcome == verify::Outcome::passed);
        ++compared;
    }
    CHECK(compared == 6);
}

TEST_CASE("what a PIV card does not have is not compared with the record") {
    GoodPiv card;
    card.give_record();
    for (auto& [reference, wish] : card.wishes) {
        wish.subject_serial.clear();
        wish.common_name.clear();
    }
    // an issuer's own numbers
    card.expected->national_id = "0084575948";
    card.make();
    card.objects.erase(app::piv::id_printed);
    card.objects.erase(app::piv::id_fingerprints);
    card.objects.erase(app::piv::id_face);
    card.seal();
    card.prove();
    const auto report = card.judge();
    for (const auto& finding : report.findings) {
        INFO(finding.check << ": " << finding.text);
        CHECK_FALSE(finding.check.starts_with("piv.record."));
    }
    for (const auto& result : report.results) {
        if (!result.check.starts_with("piv.record.") || result.check == "piv.record.expiry") continue;
        INFO(result.check);
        CHECK(result.outcome == verify::Outcome::skipped);
        CHECK_FALSE(result.evidence.empty());
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
