// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <fstream>

#include "libcard/record/invalid_record.h"
#include "libcard/record/record.h"
#include "tests/support/vectors.h"
#include "tests/unit/record/cases.h"

using namespace kartsaz;
using namespace kartsaz::record;

namespace {

std::vector<Fault> faults_of(const std::string& text) {
    try {
        parse(text, test::demo_dir());
    } catch (const InvalidRecord& invalid) {
        CHECK(invalid.code() == Errc::input_invalid);
        return invalid.faults();
    }
    return {};
}

/// Exactly the expected faults, in any order.
void check_faults(const std::vector<Fault>& faults, const nlohmann::json& expected) {
    for (const auto& fault : faults) UNSCOPED_INFO(fault.path << ": " << fault.rule);
    CHECK(faults.size() == expected.size());
    for (const auto& one : expected) {
        const auto fits = [&](const Fault& fault) {
            return fault.path == one[0].get<std::string>() &&
                   test::contains(fault.rule, one[1].get<std::string>());
        };
        INFO(one.dump());
        CHECK(std::any_of(faults.begin(), faults.end(), fits));
    }
}

}  // namespace

TEST_CASE("every bad record is refused with all its faults and no others", "[record]") {
    const auto cases = test::bad_cases("records.json");
    CHECK(cases.size() >= 60);
    for (const auto& bad : cases) {
        INFO(bad["name"].get<std::string>());
        check_faults(faults_of(test::demo_record().patch(bad["patch"]).dump()), bad["expect"]);
    }
}

TEST_CASE("text that is not the JSON of a record is refused with its line and column", "[record]") {
    for (const auto& bad : test::bad_cases("syntax.json")) {
        INFO(bad["name"].get<std::string>());
        check_faults(faults_of(bad["text"].get<std::string>()), bad["expect"]);
    }
}

TEST_CASE("text that is not UTF-8 is refused with its place", "[record]") {
    const auto faults = faults_of("{\n\"address\": \"\xD8\"}");
    REQUIRE(faults.size() == 1);
    CHECK(faults[0].path == "line 2, column 14");
    CHECK_THAT(faults[0].rule, Catch::Contains("ill-formed UTF-8"));
}

TEST_CASE("no personal value stands in the message of a bad record", "[record]") {
    const std::vector<std::string> personal{"0012345678", "۰۰۱۲", "1369",  "12345-678", "98765",      "نمونه",
                                            "NEMOUNEH",   "سارا", "SARA",  "sara",      "K12345678!", "علی",
                                            "تهران",      "الف",  "07-31", "خیابان"};
    auto record = test::demo_record();
    record["national_id"] = "0012345678";
    record["birth"]["date"] = "1369-07-31";
    record["birth"]["place"] = "تهران<";
    record["name"]["fa"]["surname"] = "نمونه<";
    record["name"]["fa"]["given"] = "سارا<";
    record["name"]["latin"]["surname"] = "NEMOUNEH<";
    record["name"]["latin"]["given"] = "SARA<";
    record["father_name"] = "علی<";
    record["postal_code"] = "98765";
    record["address"] = "خیابان<";
    record["email"] = "sara";
    record["document_number"] = "K12345678!";
    record["birth_certificate"]["serial"] = "الف";
    record["سارا"] = "سارا";
    std::string message;
    try {
        parse(record.dump(), test::demo_dir());
    } catch (const InvalidRecord& invalid) {
        message = invalid.what();
        CHECK(invalid.faults().size() == 14);
    }
    REQUIRE_FALSE(message.empty());
    for (const auto& value : personal) {
        INFO(value);
        CHECK_FALSE(test::contains(message, value));
    }
    const std::string cut = test::refusal([] { parse("{\"national_id\": \"0012345679", "."); });
    CHECK_FALSE(test::contains(cut, "0012345679"));
}

TEST_CASE("the message of a bad record lists each fault on a line of its own", "[record]") {
    auto record = test::demo_record();
    record["sex"] = "F";
    record["postal_code"] = "1";
    const std::string message = test::refusal([&] { parse(record.dump(), test::demo_dir()); });
    CHECK_THAT(message, Catch::StartsWith("record: 2 faults\n  /"));
    CHECK_THAT(message, Catch::Contains("\n  /sex: female, male or unspecified is needed"));
    CHECK_THAT(message, Catch::Contains("\n  /postal_code: ten digits are needed, there are 1"));
}

TEST_CASE("a hostile number of faults does not make a hostile message", "[record]") {
    nlohmann::json record = nlohmann::json::object();
    for (int i = 0; i < 5000; ++i) record["x" + std::to_string(i)] = i;
    const std::string message = test::refusal([&] { parse(record.dump(), "."); });
    CHECK(message.size() < 10'000);
    CHECK_THAT(message, Catch::Contains("5013 faults") && Catch::Contains("and 4913 more"));
}
