// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <sstream>

#include "good_card.h"
#include "libcard/report/report.h"

using namespace kartsaz;
using test::GoodCard;

namespace {

std::size_t widest_line(const std::string& text) {
    std::size_t widest = 0;
    std::istringstream in{text};
    for (std::string line; std::getline(in, line);) {
        std::size_t columns = 0;
        for (const char c : line) columns += (static_cast<unsigned char>(c) & 0xC0U) != 0x80 ? 1U : 0U;
        widest = std::max(widest, columns);
    }
    return widest;
}

verify::Report bad_report() {
    GoodCard card;
    card.file("EF.DG13").content[20] ^= 0x01;
    card.file("EF.DG13").content[30] ^= 0x01;
    card.record.name.surname_fa =
        "نام خانوادگی بسیار بسیار بسیار بسیار بسیار بسیار بسیار بسیار بسیار بسیار دراز";
    auto context = card.context();
    context.expected = &card.record;
    return verify::judge(context);
}

}  // namespace

TEST_CASE("text begins with the verdict and says what is wrong where", "[report]") {
    GoodCard card;
    const std::string good = report::text(card.judge());
    CHECK(good.rfind("ACCEPT ", 0) == 0);
    CHECK(good.find("development keys") != std::string::npos);
    CHECK(good.find("0 failed") != std::string::npos);
    card.file("EF.DG1").content[31] ^= 0x01;
    const std::string bad = report::text(card.judge());
    CHECK(bad.rfind("REJECT ", 0) == 0);
    CHECK(bad.find("emrtd.dg.hash.1: EF.DG1, offset 31") != std::string::npos);
    CHECK(bad.find("This is the cause.") != std::string::npos);
    CHECK(bad.find("expected  ") != std::string::npos);
    CHECK(bad.find("got       ") != std::string::npos);
    CHECK(bad.find("rule      ICAO Doc 9303-11, 5.1\n") != std::string::npos);
}

TEST_CASE("no line of the text is wider than it may be", "[report]") {
    const auto report = bad_report();
    for (const unsigned width : {40U, 60U, 80U, 132U}) {
        CHECK(widest_line(report::text(report, width, false)) <= width);
        CHECK(widest_line(report::text(report, width, true)) <= width);
    }
    CHECK(widest_line(report::text(report, 80, true)) > 60);
}

TEST_CASE("all checks are listed when asked for, each with the whole of its evidence", "[report]") {
    const auto without_blanks = [](std::string text) {
        std::erase_if(text, [](char c) { return c == ' ' || c == '\n'; });
        return text;
    };
    auto report = bad_report();
    report.results.front().evidence = "one certificate; another certificate; a third certificate; a last one";
    const std::string text = report::text(report, 80, true), all = without_blanks(text);
    for (const auto& result : report.results) {
        INFO(result.check);
        CHECK(text.find(fmt::format("\n{:<8}  {}:", name(result.outcome), result.check)) !=
              std::string::npos);
        CHECK(all.find(without_blanks(result.check + ":" + result.evidence)) != std::string::npos);
    }
}

TEST_CASE("what a card says cannot drive the terminal", "[report]") {
    verify::Report report;
    report.findings.push_back(
        {"x", verify::Severity::fatal, "EF.DG1", {}, "a", "\x1B[2J\xC2\x9B\xFF\r\n", "t\x07", true});
    const std::string text = report::text(report, 80, true);
    for (const char c : text) {
        const bool control = (static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == '\r' || c == '\x1B';
        CHECK_FALSE(control);
    }
    CHECK(text.find("\xC2\x9B") == std::string::npos);
}

TEST_CASE("JSON is that of the command line's contract", "[report]") {
    GoodCard card;
    const auto good = nlohmann::json::parse(report::json(card.judge()));
    CHECK(good.at("verdict") == "accept");
    CHECK(good.at("cause").is_null());
    CHECK(good.at("findings").empty());
    CHECK(good.at("at") == "2026-11-20");
    CHECK(good.at("chip") == card.dump.chip);
    CHECK(good.at("development_trust") == true);
    const auto& all = verify::registry();
    const auto of_this_card = std::count_if(all.begin(), all.end(), [](const auto& check) {
        return check.card_kind != "pkcs15" && check.card_kind != "piv";
    });
    CHECK(good.at("checks").size() == static_cast<std::size_t>(of_this_card));

    card.file("EF.DG1").content[31] ^= 0x01;
    const auto bad = nlohmann::json::parse(report::json(card.judge()));
    CHECK(bad.at("verdict") == "reject");
    CHECK(bad.at("cause") == "emrtd.dg.hash.1");
    const auto& first = bad.at("findings").at(0);
    CHECK(first.at("check") == "emrtd.dg.hash.1");
    CHECK(first.at("severity") == "fatal");
    CHECK(first.at("object") == "EF.DG1");
    CHECK(first.at("offset") == 31);
    CHECK(first.at("expected").get<std::string>().size() == 2);
    CHECK(first.at("got").get<std::string>().size() == 2);
    CHECK(first.at("text").is_string());
    CHECK(first.at("cause") == true);
    CHECK(first.at("standard") == "ICAO Doc 9303-11");
    CHECK(first.at("clause") == "5.1");
    for (std::size_t i = 1; i < bad.at("findings").size(); ++i)
        CHECK(bad.at("findings").at(i).at("cause") == false);
}

TEST_CASE("JSON is UTF-8 whatever stands on the card", "[report]") {
    verify::Report report;
    report.findings.push_back({"x", verify::Severity::fatal, "EF.DG1", {}, "\xFF\xFE", "b", "t", true});
    const auto json = nlohmann::json::parse(report::json(report));
    CHECK(json.at("findings").at(0).at("offset").is_null());
    CHECK(json.at("verdict") == "reject");
}

TEST_CASE("JUnit has a test case for every check, failures and skips told apart", "[report]") {
    const auto report = bad_report();
    const std::string xml = report::junit(report, "kartsaz.verify");
    const auto count = [&](const std::string& part) {
        std::size_t found = 0;
        for (std::size_t at = xml.find(part); at != std::string::npos; at = xml.find(part, at + 1)) ++found;
        return found;
    };
    CHECK(count("<testcase ") == report.results.size());
    CHECK(count("</testcase>") == report.results.size());
    CHECK(count("<failure ") >= 2);
    CHECK(count("<skipped ") >= 1);
    CHECK(count("; rule ICAO Doc 9303-11, 5.1\n") >= 1);
    CHECK(xml.find("failures=\"" + std::to_string(count("<failure ")) + "\"") != std::string::npos);
    CHECK(xml.find("skipped=\"" + std::to_string(count("<skipped ")) + "\"") != std::string::npos);
    CHECK(xml.find("tests=\"" + std::to_string(report.results.size()) + "\"") != std::string::npos);
}
