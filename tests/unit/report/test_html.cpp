// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <cstdlib>

#include "good_card.h"
#include "libcard/report/escape.h"
#include "libcard/report/report.h"
#include "tests/support/vectors.h"

using namespace kartsaz;
using test::GoodCard;

namespace {

bool has(const std::string& page, const std::string& part) {
    return page.find(part) != std::string::npos;
}

/// Every tag that is opened is closed, in order; a page for people must not lean on repair.
void well_formed(const std::string& page) {
    std::vector<std::string> open;
    for (std::size_t i = page.find('<'); i != std::string::npos; i = page.find('<', i + 1)) {
        const std::size_t end = page.find('>', i);
        REQUIRE(end != std::string::npos);
        std::string tag = page.substr(i + 1, end - i - 1);
        if (tag[0] == '!') continue;
        const bool closing = tag[0] == '/';
        const bool alone = tag.back() == '/';
        tag = tag.substr(closing ? 1 : 0);
        tag = tag.substr(0, tag.find_first_of(" /"));
        if (alone || tag == "meta" || tag == "img") continue;
        if (!closing) {
            open.push_back(tag);
            continue;
        }
        REQUIRE_FALSE(open.empty());
        REQUIRE(open.back() == tag);
        open.pop_back();
    }
    CHECK(open.empty());
}

/// For a look by eye: KARTSAZ_SHOW=folder keeps the pages.
void keep(const std::string& page, const std::string& name) {
    if (const char* folder = std::getenv("KARTSAZ_SHOW")) {
        test::write_bytes(std::filesystem::path{folder} / name, to_bytes(page));
    }
}

}  // namespace

TEST_CASE("the page of a good card shows verdict, photo, fields of both scripts and every check",
          "[report]") {
    GoodCard card;
    auto context = card.context();
    context.expected = &card.record;
    const auto report = verify::judge(context);
    const std::string page = report::html(report, "Card of the sample record");
    keep(page, "accept.html");
    well_formed(page);
    CHECK(has(page, "<header class=\"accept\">"));
    CHECK(has(page, ">ACCEPT<"));
    CHECK(has(page, "data:image/jpeg;base64," + report::base64(card.record.photo.bytes)));
    CHECK(has(page, "<td lang=\"fa\" dir=\"rtl\"><bdi>احمدی</bdi></td>"));
    CHECK(has(page, "<th lang=\"fa\" dir=\"rtl\">نام خانوادگی</th>"));
    CHECK(has(page, "1369-01-01"));
    CHECK(has(page, "1990-03-21"));
    CHECK(has(page, "DEVELOPMENT KEYS"));
    CHECK(has(page, report.at));
    CHECK(has(page, report.chip));
    for (const auto& result : report.results) {
        INFO(result.check);
        CHECK(has(page, ">" + result.check + "<"));
        CHECK(has(page, report::escaped(result.evidence)));
    }
}

TEST_CASE("the page holds no script and fetches nothing", "[report]") {
    GoodCard card;
    const std::string page = report::html(card.judge(), "x");
    CHECK_FALSE(has(page, "<script"));
    CHECK_FALSE(has(page, "http:"));
    CHECK_FALSE(has(page, "https:"));
    CHECK_FALSE(has(page, "url("));
    CHECK_FALSE(has(page, "@import"));
    CHECK_FALSE(has(page, "<link"));
    CHECK(has(page, "default-src 'none'"));
}

TEST_CASE("the page of a bad card names cause, file, offset, expected and got", "[report]") {
    GoodCard card;
    card.file("EF.DG11").content[30] ^= 0x01;
    card.emrtd().facts["write.sw"] = "9000";
    const auto report = card.judge();
    const std::string page = report::html(report, "A manipulated card");
    keep(page, "reject.html");
    well_formed(page);
    CHECK(has(page, "<header class=\"reject\">"));
    CHECK(has(page, ">REJECT<"));
    CHECK_FALSE(has(page, ">ACCEPT<"));
    CHECK(has(page, "<div class=\"finding fatal cause\">"));
    CHECK(has(page, "<dt>File</dt><dd><bdi>EF.DG11</bdi></dd>"));
    CHECK(has(page, "<bdi>30 (0x1E)</bdi>"));
    CHECK(has(page, "<dt>Rule</dt><dd><bdi>ICAO Doc 9303-11, 5.1</bdi></dd>"));
    CHECK(has(page, "emrtd.locked"));
}

TEST_CASE("without development keys there is no banner, without a photo the page says so", "[report]") {
    verify::Report report;
    report.at = "2026-11-20";
    const std::string page = report::html(report, "empty");
    well_formed(page);
    CHECK_FALSE(has(page, "DEVELOPMENT KEYS"));
    CHECK(has(page, ">REJECT<"));
    report.view.push_back({"Surname", "نام", "x", false});
    CHECK(has(report::html(report, "empty"), "No photo was read."));
    report.photo = {0x00};
    CHECK(has(report::html(report, "empty"), "cannot be shown"));
    report.photo_type = "image/jp2";
    report.photo_preview = {0xFF, 0xD8};
    CHECK(has(report::html(report, "empty"), "data:image/jpeg;base64,/9g="));
}

TEST_CASE("nothing that stands on a card can become markup", "[report]") {
    const std::string evil = "\"><script>alert(1)</script><b title='";
    verify::Report report;
    report.at = evil;
    report.chip = evil;
    report.cause = evil;
    report.photo_type = evil;
    report.view.push_back({evil, evil, evil, true});
    report.view.push_back({evil, evil, evil + " · " + evil, false});
    report.findings.push_back({evil, verify::Severity::fatal, evil, 1, evil, evil, evil, true});
    report.results.push_back({evil, verify::Outcome::failed, evil, evil, evil});
    const std::string page = report::html(report, evil);
    well_formed(page);
    CHECK_FALSE(has(page, "<script"));
    CHECK_FALSE(has(page, "<b "));
    const std::string xml = report::junit(report, evil);
    well_formed(xml.substr(xml.find("<testsuite")));
    CHECK_FALSE(has(xml, "<script"));
}
