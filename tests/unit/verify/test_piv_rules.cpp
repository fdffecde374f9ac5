// SPDX-License-Identifier: Apache-2.0
// What is said of a PIV card, and how weightily, where a mutant's check alone does not tell.
#include <catch2/catch.hpp>

#include <algorithm>

#include "good_piv.h"
#include "keys/certificate_details.h"
#include "libcard/app/piv/fascn.h"

using namespace kartsaz;
using namespace kartsaz::test;
using Catch::Matchers::Contains;
namespace pv = app::piv;

namespace {

/// The only finding of the card.
verify::Finding only_finding(const verify::Report& report) {
    for (const auto& finding : report.findings) UNSCOPED_INFO(finding.check << ": " << finding.text);
    REQUIRE(report.findings.size() == 1);
    return report.findings.front();
}

void check_warning(const verify::Report& report, const std::string& check, const std::string& words) {
    const auto finding = only_finding(report);
    CHECK(report.accept);
    CHECK(finding.check == check);
    CHECK(finding.severity == verify::Severity::warning);
    CHECK_THAT(finding.text, Contains(words));
}

std::string cause_of(const verify::Report& report) {
    for (const auto& finding : report.findings) UNSCOPED_INFO(finding.check << ": " << finding.text);
    return report.cause.value_or("");
}

GoodPiv finished_card() {
    GoodPiv card;
    card.make();
    card.seal();
    card.prove();
    return card;
}

/// A response for 9E by a responder of the CA.
void answer_for_9e(GoodPiv& card, std::int64_t from, std::int64_t to, bool no_check = true) {
    const auto responder = card.responder(card.ca, [&](PivWish& wish) {
        if (!no_check) std::erase_if(wish.extensions, [](const auto& e) { return e.first == "noCheck"; });
    });
    card.at_hand.push_back(responder.ocsp(card.certificate(0x9E), card.ca, false, from, to));
}

}  // namespace

TEST_CASE("a finding tells standard and clause of its check") {
    GoodPiv card;
    card.wishes[0x9E].not_after = card.ends + 10 * GoodPiv::day;
    const auto finding = only_finding(judge_good_piv(card));
    CHECK(finding.standard == "FIPS 201-2");
    CHECK(finding.clause == "4.2.2");
}

TEST_CASE("who was revoked after the day of judgement is good on it, with a warning") {
    const auto judged_with = [](const char* serial, bool ocsp) {
        auto card = finished_card();
        if (ocsp) answer_for_9e(card, GoodPiv::at - 100, GoodPiv::at + GoodPiv::day);
        card.at_hand.push_back(
            card.ca.crl({serial}, GoodPiv::at + GoodPiv::day, GoodPiv::at + 10 * GoodPiv::day));
        return card.judge();
    };
    check_warning(judged_with("9E", false), "piv.certificate.revocation",
                  "card authentication certificate (9E) was revoked on 2026-11-22, after the day");
    check_warning(judged_with("20", false), "piv.signer.revocation",
                  "the content signer was revoked on 2026-11-22, after the day");
    check_warning(judged_with("30", true), "piv.ocsp.responder.revocation", "revoked later, 2026-11-22");
}

TEST_CASE("a revoked responder with id-pkix-ocsp-nocheck is a warning, one without it rejects") {
    const auto judged_with = [](bool no_check) {
        auto card = finished_card();
        card.revoked.emplace_back("30");
        answer_for_9e(card, GoodPiv::at - 100, GoodPiv::at + GoodPiv::day, no_check);
        return card.judge();
    };
    check_warning(judged_with(true), "piv.ocsp.responder.revocation", "id-pkix-ocsp-nocheck");
    CHECK(cause_of(judged_with(false)) == "piv.ocsp.responder.revocation");
}

TEST_CASE("whatever is wrong with the time of an OCSP response is one finding") {
    auto card = finished_card();
    // not issued yet, and the next one was due before
    answer_for_9e(card, GoodPiv::at + 2 * GoodPiv::day, GoodPiv::at - 30 * GoodPiv::day);
    const auto report = card.judge();
    check_warning(report, "piv.ocsp.time", "not issued yet");
    CHECK_THAT(report.findings.front().text, Contains("out of date"));
}

TEST_CASE("a certificate with a wrong key identifier was changed, unless the card proves the key in it") {
    const auto judged_with = [](bool proved) {
        GoodPiv card;
        card.wishes[0x9A].key_identifier = Bytes(20, 0x5A);
        card.make();
        auto der = card.certificate(0x9A);
        der.at(der.size() - 8) ^= 0x01;  // in the signature
        card.put_certificate(0x9A, der);
        card.seal();
        card.prove();
        if (!proved) {
            card.facts.erase("key.9A.signature");
            card.facts["key.9A.why"] = "no PIN was given";
        }
        return card.judge();
    };
    CHECK(cause_of(judged_with(true)) == "piv.certificate.key-identifier");
    CHECK(cause_of(judged_with(false)) == "piv.certificate.path");
}

TEST_CASE("a changed modulus in a certificate is a wrong signature, with what follows from it") {
    auto card = finished_card();
    auto der = card.certificate(0x9C);
    der.at(keys::certificate_details(der).public_key_at.offset + 100) ^= 0x01;
    card.put_certificate(0x9C, der);
    CHECK(cause_of(card.judge()) == "piv.certificate.path");
}

TEST_CASE("a PIV-I card that a content signer of PIV signed is accepted with a warning") {
    GoodPiv card;
    card.identify(pv::encode_fascn({"9999", "9999", "999999", "0", "1", "0000000001", "1", "1223", "2"}),
                  card.guid);
    for (auto& [key, wish] : card.wishes) wish.names = {uuid_name(card.guid)};
    const auto report = judge_good_piv(card);
    check_warning(report, "piv.rules", "its content signer is one for PIV, not for PIV-I");
    CHECK(report.rules.starts_with("PIV-I"));
}

TEST_CASE("a content signer without extended key usage is told to have none") {
    GoodPiv card;
    auto wish = card.signer_wish();
    std::erase_if(wish.extensions, [](const auto& one) { return one.first == "extendedKeyUsage"; });
    card.signer = card.make_signer(wish, card.ca);
    const auto finding = only_finding(judge_good_piv(card));
    CHECK(finding.check == "piv.signer.purpose");
    CHECK(finding.got == "none");
}

TEST_CASE("a maker's PIN is told as that, not as the holder's, and rejects the issuer's own card only") {
    const auto judged_with = [](bool own) {
        GoodPiv card;
        card.facts["pin.factory"] = "yes";
        card.facts["pin.given"] = "changed";
        card.facts["management.keys"] = "unknown";
        card.demanded = own;
        return judge_good_piv(card);
    };
    check_warning(judged_with(false), "piv.pin.factory", "the PIN is still the maker's factory PIN");
    const auto finding = only_finding(judged_with(true));
    CHECK(finding.check == "piv.pin.factory");
    CHECK(finding.severity == verify::Severity::fatal);
}
