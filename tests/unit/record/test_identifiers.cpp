// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "apdu/error.h"
#include "libcard/record/text.h"
#include "tests/support/vectors.h"

using namespace kartsaz;
using namespace kartsaz::record;

TEST_CASE("the national ID vectors hold", "[record]") {
    int count = 0;
    for (const auto& vector : test::vectors("iran", "national-id")) {
        if (!vector.has("national_id_text")) continue;
        INFO(vector.id());
        CHECK(national_id_fault(vector.text("national_id_text")).empty() == vector.data["valid"].get<bool>());
        ++count;
    }
    CHECK(count >= 8);
}

TEST_CASE("ten equal digits are no national ID", "[record]") {
    for (char digit = '0'; digit <= '9'; ++digit) {
        CHECK_THAT(national_id_fault(std::string(10, digit)), Catch::Contains("equal digits"));
    }
}

TEST_CASE("of the ten check digits exactly one fits", "[record]") {
    for (const std::string body : {"001234567", "109876543", "999999990", "007200011", "486512379"}) {
        int good = 0;
        for (char digit = '0'; digit <= '9'; ++digit) good += national_id_fault(body + digit).empty() ? 1 : 0;
        INFO(body);
        CHECK(good == 1);
    }
}

TEST_CASE("any one wrong digit in a national ID is found", "[record]") {
    const std::string good = "0012345679";
    for (std::size_t at = 0; at < 9; ++at) {
        for (char digit = '0'; digit <= '9'; ++digit) {
            std::string bad = good;
            bad[at] = digit;
            INFO(bad);
            CHECK(national_id_fault(bad).empty() == (bad == good));
        }
    }
}

TEST_CASE("any two different neighbours mixed up in a national ID are found", "[record]") {
    const std::string good = "0012345679";
    for (std::size_t at = 1; at + 1 < good.size(); ++at) {
        std::string bad = good;
        std::swap(bad[at], bad[at + 1]);
        INFO(bad);
        CHECK_THAT(national_id_fault(bad), Catch::Contains("mixed up"));
    }
}

TEST_CASE("a national ID of another shape is refused", "[record]") {
    CHECK_THAT(national_id_fault(""), Catch::Contains("there are 0"));
    CHECK_THAT(national_id_fault("001234567"), Catch::Contains("there are 9"));
    CHECK_THAT(national_id_fault("00123456790"), Catch::Contains("there are 11"));
    CHECK_THAT(national_id_fault("001234567x"), Catch::Contains("other characters"));
    CHECK_THAT(national_id_fault("۰۰۱۲۳۴۵۶۷۹"), Catch::Contains("other characters"));
}

TEST_CASE("the MRZ check digit vectors hold", "[record]") {
    int count = 0;
    for (const auto& vector : test::vectors("icao_bac_sm", "mrz-check-digit")) {
        INFO(vector.id());
        CHECK(mrz_check_digit(vector.text("field_text")) == vector.text("check_digit_text").at(0));
        ++count;
    }
    CHECK(count >= 9);
}

TEST_CASE("a character that no MRZ has is refused with its place", "[record]") {
    CHECK_THROWS_WITH(mrz_check_digit("AB c"), Catch::Contains("character 3"));
    CHECK_THROWS_AS(mrz_check_digit("a"), Error);
    CHECK(mrz_check_digit("") == '0');
}
