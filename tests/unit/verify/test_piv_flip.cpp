// SPDX-License-Identifier: Apache-2.0
// One changed byte anywhere on a good PIV card, and bytes that are no object at all.
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "good_piv.h"
#include "keys/crypto.h"
#include "libcard/app/piv/containers.h"

using namespace kartsaz;
using namespace kartsaz::test;
namespace pv = app::piv;

TEST_CASE("a changed byte in any object of a PIV card rejects it") {
    GoodPiv card;
    REQUIRE(judge_good_piv(card).accept);
    constexpr std::size_t places = 24;
    std::size_t tried = 0, found = 0, named = 0;
    for (auto& [id, value] : card.objects) {
        const std::string object = pv::container_of_id(id)->name;
        const std::size_t step = std::max<std::size_t>(1, value.size() / places);
        for (std::size_t at = 0; at < value.size(); at += step) {
            for (const std::uint8_t mask : {std::uint8_t{0x01}, std::uint8_t{0x80}}) {
                value[at] ^= mask;
                const auto report = card.judge();
                value[at] ^= mask;
                ++tried;
                INFO(object << ", offset " << at << ", bits " << unsigned{mask});
                CHECK_FALSE(report.accept);
                if (report.accept) continue;
                ++found;
                for (const auto& finding : report.findings) {
                    // what is not the check's own finding is that it gave up
                    CHECK(finding.text.find("could not be completed") == std::string::npos);
                }
                const auto& cause = report.findings.front().object;
                std::string file = object;
                std::replace(file.begin(), file.end(), ' ', '-');
                named += cause == file ? 1U : 0U;
            }
        }
    }
    fmt::print("one-byte test of PIV objects: found/tried {}/{}, object right {}\n", found, tried, named);
    CHECK(named * 100 >= tried * 95);
}

TEST_CASE("objects of a PIV card that are cut, empty or anything else are judged without an exception") {
    GoodPiv card;
    judge_good_piv(card);
    for (auto& [id, value] : card.objects) {
        const Bytes good = value;
        INFO(pv::container_of_id(id)->name);
        for (const std::size_t size : {std::size_t{1}, std::size_t{2}, good.size() / 2, good.size() - 1}) {
            value.assign(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size));
            CHECK_FALSE(card.judge().accept);
        }
        value = keys::hash(keys::HashAlgorithm::sha512, good);
        CHECK_FALSE(card.judge().accept);
        value = good;
    }
    card.objects.clear();
    CHECK_FALSE(card.judge().accept);
}

TEST_CASE("a PIV card is not accepted when nobody is trusted, and the finding says what to give") {
    GoodPiv card;
    card.trusted = false;
    const auto report = judge_good_piv(card);
    REQUIRE_FALSE(report.accept);
    CHECK(report.cause.value_or("") == "piv.signer.path");
    CHECK_THAT(report.findings.front().text, Catch::Contains("--trust"));
}

TEST_CASE("a management key that everybody knows rejects our own card and warns of another's") {
    GoodPiv card;
    judge_good_piv(card);
    card.facts["management.keys"] = "factory";
    const auto other = card.judge();
    CHECK(other.accept);
    REQUIRE(other.findings.size() == 1);
    CHECK(other.findings.front().check == "piv.management.key");
    CHECK(other.findings.front().severity == verify::Severity::warning);
    card.demanded = true;
    CHECK_FALSE(card.judge().accept);
}

TEST_CASE("a missing security object rejects a card, but one of CanoKey, which has no place for it") {
    GoodPiv card;
    judge_good_piv(card);
    card.objects.erase(pv::id_security_object);
    CHECK(card.judge().cause.value_or("") == "piv.objects.presence");
    card.facts["kind"] = "canokey";
    const auto warned = card.judge();
    CHECK(warned.accept);
    CHECK(warned.findings.size() == 1);
    card.facts["source"] = "folder";
    CHECK_FALSE(card.judge().accept);
}

TEST_CASE("unknown revocation is a note, an old list a warning, and both reject where a list is demanded") {
    GoodPiv card;
    judge_good_piv(card);
    const PivWish wish{.common_name = "CA without a list",
                       .not_before = GoodPiv::at - 400 * GoodPiv::day,
                       .not_after = GoodPiv::at + 4'000 * GoodPiv::day,
                       .serial = "12",
                       .extensions = {{"basicConstraints", "critical,CA:TRUE"},
                                      {"keyUsage", "critical,keyCertSign,cRLSign"}}};
    const PivParty silent{wish, &card.root};
    card.at_hand.push_back(silent.certificate());
    card.put_certificate(0x9E, PivParty{card.wishes.at(0x9E), &silent}.certificate());
    const auto severity = [&](bool demand) {
        card.demand_crl = demand;
        const auto report = card.judge();
        REQUIRE(report.findings.size() == 1);
        CHECK(report.findings.front().check == "piv.certificate.revocation");
        return report.findings.front().severity;
    };
    CHECK(severity(false) == verify::Severity::note);
    CHECK(severity(true) == verify::Severity::fatal);
    card.at_hand.push_back(silent.crl({}, GoodPiv::at - 40 * GoodPiv::day, GoodPiv::at - 10 * GoodPiv::day));
    CHECK(severity(false) == verify::Severity::warning);
    CHECK(severity(true) == verify::Severity::fatal);
}
