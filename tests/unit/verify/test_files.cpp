// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "good_card.h"

using namespace kartsaz;
using test::findings_of;
using test::GoodCard;
using test::outcome_of;
using verify::Outcome;

namespace {

std::string first_cause(const verify::Report& report) {
    return report.cause.value_or("none") + " " +
           (report.findings.empty() ? "" : report.findings.front().object);
}

}  // namespace

TEST_CASE("a file that is gone is named", "[verify]") {
    GoodCard card;
    card.remove("EF.DG11");
    CHECK(first_cause(card.judge()) == "emrtd.com.lists-files EF.DG11");
}

TEST_CASE("a card with neither EF.SOD nor EF.COM is refused", "[verify]") {
    GoodCard card;
    card.remove("EF.SOD");
    CHECK(first_cause(card.judge()) == "emrtd.sod.structure EF.SOD");
    GoodCard other;
    other.remove("EF.COM");
    CHECK(first_cause(other.judge()) == "emrtd.com.structure EF.COM");
}

TEST_CASE("a file that EF.SOD does not sign is named", "[verify]") {
    GoodCard card;
    const auto removed = card.file("EF.DG12");
    card.remove("EF.DG12");
    card.sign(true);
    CHECK(card.judge().accept);
    card.emrtd().files.push_back(removed);
    const auto report = card.judge();
    CHECK(first_cause(report) == "emrtd.com.lists-files EF.DG12");
    REQUIRE(findings_of(report, "emrtd.dg.covered").size() == 1);
    CHECK(findings_of(report, "emrtd.dg.covered").front().object == "EF.DG12");
}

TEST_CASE("EF.COM that lists what nobody signed is the fault of EF.COM", "[verify]") {
    GoodCard card;
    app::emrtd::Com com = app::emrtd::decode_com(card.file("EF.COM").content);
    com.tags.push_back(0x70);
    card.file("EF.COM").content = app::emrtd::encode_com(com);
    const auto report = card.judge();
    CHECK(report.findings.front().object == "EF.COM");
    CHECK(report.findings.front().offset == card.file("EF.COM").content.size() - 1);
    CHECK(findings_of(report, "emrtd.com.sod-agree").size() == 1);
}

TEST_CASE("EF.COM that leaves out a signed file is the fault of EF.COM", "[verify]") {
    GoodCard card;
    app::emrtd::Com com = app::emrtd::decode_com(card.file("EF.COM").content);
    com.tags.pop_back();
    card.file("EF.COM").content = app::emrtd::encode_com(com);
    const auto report = card.judge();
    CHECK(report.findings.front().object == "EF.COM");
    CHECK(findings_of(report, "emrtd.com.sod-agree").size() == 1);
    CHECK(findings_of(report, "emrtd.com.lists-files").size() == 1);
}

TEST_CASE("the versions of EF.COM must be those that EF.SOD signs", "[verify]") {
    GoodCard card;
    app::emrtd::Com com = app::emrtd::decode_com(card.file("EF.COM").content);
    com.lds_version = "0107";
    card.file("EF.COM").content = app::emrtd::encode_com(com);
    const auto report = card.judge();
    CHECK(first_cause(report) == "emrtd.sod.lds-version EF.COM");
    CHECK(report.findings.front().offset == 8);  // 60 len 5F01 04 "010[7]"
    CHECK(report.findings.front().expected == "0108");
}

TEST_CASE("bytes after the object of a file are named with their offset", "[verify]") {
    GoodCard card;
    auto& content = card.file("EF.DG11").content;
    const std::size_t whole = content.size();
    content.push_back(0x00);
    const auto report = card.judge();
    REQUIRE_FALSE(report.accept);
    CHECK(first_cause(report) == "emrtd.file.length EF.DG11");
    CHECK(report.findings.front().offset == whole);
    CHECK(outcome_of(report, "emrtd.dg.hash.11") == Outcome::passed);
}

TEST_CASE("a file cut short is named", "[verify]") {
    GoodCard card;
    for (const char* name : {"EF.COM", "EF.DG1", "EF.DG2", "EF.DG3", "EF.DG11", "EF.DG12", "EF.DG13",
                             "EF.DG14", "EF.DG15", "EF.SOD"}) {
        const Bytes whole = card.file(name).content;
        for (std::size_t size = 0; size < whole.size(); size += 1 + whole.size() / 24) {
            card.file(name).content.resize(size);
            const auto report = card.judge();
            INFO(name << " cut to " << size << ": " << first_cause(report));
            // without a reason an empty EF.DG3 might only be closed to the reader
            if (size == 0 && std::string{name} == "EF.DG3") {
                CHECK(report.accept);
            } else {
                REQUIRE_FALSE(report.accept);
                CHECK(report.findings.front().object == name);
            }
            card.file(name).content = whole;
        }
    }
}

TEST_CASE("two changed bytes are still a wrong hash, with the hashes as evidence", "[verify]") {
    GoodCard card;
    card.file("EF.DG13").content[20] ^= 0x01;
    card.file("EF.DG13").content[30] ^= 0x01;
    const auto report = card.judge();
    CHECK(first_cause(report) == "emrtd.dg.hash.13 EF.DG13");
    CHECK_FALSE(report.findings.front().offset);
    CHECK(report.findings.front().expected.size() == 64);
    CHECK(report.findings.front().got.size() == 64);
}

TEST_CASE("the record shows which byte of a small file was changed, beside what it means", "[verify]") {
    GoodCard card;
    auto context = card.context();
    context.expected = &card.record;
    context.search_budget = 0;  // only the record can tell
    card.file("EF.DG11").content[40] ^= 0x01;
    card.file("EF.DG11").content[41] ^= 0x01;
    const auto report = verify::judge(context);
    CHECK(first_cause(report) == "emrtd.dg.hash.11 EF.DG11");
    CHECK(report.findings.front().offset == 40);
}
