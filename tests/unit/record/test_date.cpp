// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <unicode/calendar.h>
#include <unicode/locid.h>

#include <array>
#include <memory>

#include "apdu/error.h"
#include "libcard/record/date.h"
#include "libcard/record/solar_hijri.h"
#include "tests/support/vectors.h"

using namespace kartsaz;
using namespace kartsaz::record;

namespace {

Date date_of(const std::string& text) {
    std::string rule;
    const auto date = parse_date(text, rule);
    INFO(text << ": " << rule);
    REQUIRE(date);
    return *date;
}

}  // namespace

TEST_CASE("the calendar vectors hold in both directions", "[record]") {
    int count = 0;
    for (const auto& vector : test::vectors("iran", "solar-hijri")) {
        if (!vector.has("solar_hijri_text")) continue;
        INFO(vector.id());
        CHECK(date_of(vector.text("solar_hijri_text")).gregorian() == vector.text("gregorian_text"));
        CHECK(date_of(vector.text("gregorian_text")).solar_hijri() == vector.text("solar_hijri_text"));
        ++count;
    }
    CHECK(count >= 14);
}

TEST_CASE("the leap years of the vectors are the leap years", "[record]") {
    for (const auto& vector : test::vectors("iran", "solar-hijri")) {
        if (!vector.has("leap_years_1370_1450")) continue;
        const auto leap = vector.data["leap_years_1370_1450"].get<std::vector<int>>();
        for (int year = 1370; year <= 1450; ++year) {
            INFO(year);
            const bool is_leap = std::find(leap.begin(), leap.end(), year) != leap.end();
            CHECK(solar_hijri_month_length(year, 12) == (is_leap ? 30 : 29));
            CHECK(from_solar_hijri(year, 12, 30).has_value() == is_leap);
        }
        for (const auto& [year, day] : vector.data["nowruz_table"].items()) {
            INFO(year);
            CHECK(date_of(year + "-01-01").gregorian() == day.get<std::string>());
        }
    }
}

TEST_CASE("each day of three centuries agrees with ICU's own fields", "[record]") {
    UErrorCode status = U_ZERO_ERROR;
    const std::unique_ptr<icu::Calendar> calendar{icu::Calendar::createInstance(
        icu::TimeZone::getGMT()->clone(), icu::Locale{"fa_IR@calendar=persian"}, status)};
    REQUIRE(U_SUCCESS(status));
    const Date first = date_of("1250-01-01");
    int wrong = 0;
    for (std::int64_t day = first.days(); day < first.days() + 300 * 365; ++day) {
        calendar->setTime(static_cast<double>(day) * 86'400'000.0, status);
        const auto field = [&](UCalendarDateFields name) { return calendar->get(name, status); };
        const auto back =
            from_solar_hijri(field(UCAL_EXTENDED_YEAR), field(UCAL_MONTH) + 1, field(UCAL_DATE));
        if (!back || back->days() != day || date_of(back->solar_hijri()) != *back) ++wrong;
    }
    CHECK(wrong == 0);
}

TEST_CASE("an override moves the first day of a year and nothing else", "[record]") {
    const auto plain = nowruz_table({});
    const std::array overrides{NowruzOverride{1470, 2091, 3, 20}};
    const auto moved = nowruz_table(overrides);
    REQUIRE(plain.size() == moved.size());
    const auto index = static_cast<std::size_t>(1470 - first_solar_hijri_year);
    for (std::size_t i = 0; i < plain.size(); ++i) {
        if (i != index) CHECK(plain[i] == moved[i]);
    }
    CHECK(moved[index] == from_gregorian(2091, 3, 20)->days());
    CHECK(moved[index] == plain[index] - 1);
}

TEST_CASE("Persian and Arabic-Indic digits and slashes make the same date", "[record]") {
    const Date date{1990, 3, 21};
    CHECK(date_of("1369-01-01") == date);
    CHECK(date_of("1369/1/1") == date);
    CHECK(date_of("۱۳۶۹/۰۱/۰۱") == date);
    CHECK(date_of("١٣٦٩-٠١-٠١") == date);
    CHECK(date_of("1990-03-21") == date);
    CHECK(date_of("1990/3/21") == date);
}

TEST_CASE("a date says itself in each form", "[record]") {
    const Date date{1990, 3, 21};
    CHECK(date.gregorian() == "1990-03-21");
    CHECK(date.compact() == "19900321");
    CHECK(date.mrz() == "900321");
    CHECK(date.solar_hijri() == "1369-01-01");
    CHECK(Date{2005, 1, 2}.mrz() == "050102");
    CHECK(Date{1970, 1, 1}.days() == 0);
}

TEST_CASE("the first and last days of the accepted years are dates", "[record]") {
    for (const char* text : {"1200-01-01", "1599-12-29", "1800-01-01", "2199-12-31"}) {
        const Date date = date_of(text);
        const std::string other = text[0] == '1' && text[1] < '8' ? date.solar_hijri() : date.gregorian();
        CHECK(other == text);
    }
    std::string rule;
    for (const char* text : {"1199-12-29", "1600-01-01", "1799-12-31", "2200-01-01"}) {
        INFO(text);
        CHECK_FALSE(parse_date(text, rule));
        CHECK_THAT(rule, Catch::Contains("neither Solar Hijri (1200 to 1599) nor Gregorian"));
    }
}

TEST_CASE("text that is no date is refused with the rule", "[record]") {
    for (const char* text : {"", "-", "1369", "1369-01", "1369-01-", "1369--01", "1369-01-01-", "1369-01-011",
                             "13690101", "1369.01.01", " 1369-01-01", "1369-01-01 ", "1369-01/01",
                             "-1369-01-01", "1369-0a-01", "11369-01-01", "99999999999999999999-01-01"}) {
        std::string rule;
        INFO(text);
        CHECK_FALSE(parse_date(text, rule));
        CHECK_THAT(rule, Catch::Contains("a date is year-month-day"));
    }
}

TEST_CASE("a day that a month does not have is refused with the length of the month", "[record]") {
    std::string rule;
    CHECK_FALSE(parse_date("1403-12-31", rule));
    CHECK(rule == "Esfand has 30 days; the day given is 31");
    CHECK_FALSE(parse_date("1404-12-30", rule));
    CHECK(rule == "Esfand has 29 days in this year, which is no leap year; the day given is 30");
    CHECK_FALSE(parse_date("1403-07-31", rule));
    CHECK(rule == "Mehr has 30 days; the day given is 31");
    CHECK_FALSE(parse_date("2100-02-29", rule));
    CHECK(rule == "February has 28 days in this year, which is no leap year; the day given is 29");
    CHECK_FALSE(from_gregorian(2023, 2, 29));
    CHECK(from_gregorian(2024, 2, 29));
    CHECK_FALSE(from_gregorian(0, 1, 1));
    CHECK_FALSE(from_gregorian(2024, 13, 1));
    CHECK_FALSE(from_solar_hijri(1403, 0, 1));
    CHECK_FALSE(from_solar_hijri(100'000, 1, 1));
}

TEST_CASE("seconds since 1970 and days agree, before 1970 too", "[record]") {
    CHECK(from_unix(0) == Date{1970, 1, 1});
    CHECK(from_unix(86'399) == Date{1970, 1, 1});
    CHECK(from_unix(-1) == Date{1969, 12, 31});
    CHECK(from_unix(-86'400) == Date{1969, 12, 31});
    CHECK(from_unix(-86'401) == Date{1969, 12, 30});
    CHECK(to_unix(Date{2025, 9, 23}) == 1'758'585'600);
    CHECK_THROWS_AS(from_unix(INT64_MAX), Error);
    CHECK_THROWS_AS(from_unix(INT64_MIN), Error);
    CHECK_THROWS_AS((Date{9999, 1, 1}.solar_hijri()), Error);
}
