// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "apdu/error.h"
#include "libcard/record/text.h"
#include "libcard/verify/check.h"
#include "libcard/verify/der.h"
#include "libcard/verify/mrz.h"
#include "libcard/verify/skeleton.h"
#include "tests/support/vectors.h"

using namespace kartsaz;
using namespace kartsaz::verify;

namespace {

void der(const char* hex) {
    demand_der(from_hex(hex), "X", 0);
}

}  // namespace

TEST_CASE("DER in its one form is taken", "[verify][der]") {
    CHECK_NOTHROW(der("30 0D 020100 0101FF 0500 0303 00 0102"));
    CHECK_NOTHROW(der("31 06 020101 020102"));
    CHECK_NOTHROW(der("0603 2A8648"));
    CHECK_NOTHROW(der("0302 07 80"));
    CHECK_NOTHROW(der("A0 03 020100"));
    CHECK_NOTHROW(der(""));
}

TEST_CASE("every other form of the same value is refused with its offset", "[verify][der]") {
    const struct {
        const char* hex;
        const char* rule;
    } forms[] = {
        {"30 81 03 020100", "offset 1: the length is not minimal"},
        {"30 82 0003 020100", "offset 1: the length is not minimal"},
        {"30 04 02020001", "offset 4: an INTEGER has no needless leading byte"},
        {"30 04 0202FF80", "offset 4: an INTEGER has no needless leading byte"},
        {"0200", "an INTEGER has at least one byte"},
        {"010101", "a BOOLEAN is one byte, 00 or FF"},
        {"01020000", "a BOOLEAN is one byte, 00 or FF"},
        {"050100", "a NULL is empty"},
        {"0600", "an OID ends"},
        {"060180", "an OID"},
        {"0602 2A86", "an OID ends"},
        {"0603 2A8001", "needless leading byte"},
        {"0300", "a BIT STRING begins"},
        {"0302 08 00", "a BIT STRING begins"},
        {"0301 01", "a BIT STRING begins"},
        {"0302 01 81", "unused bits"},
        {"31 06 020102 020101", "sorted"},
        {"2404 0402 0000", "never constructed"},
        {"1000", "is constructed"},
        {"7F4900", "no tag of more than one byte"},
    };
    for (const auto& form : forms) {
        INFO(form.hex);
        try {
            der(form.hex);
            FAIL("was taken");
        } catch (const Error& error) {
            CHECK_THAT(error.what(), Catch::Contains(form.rule));
            CHECK_THAT(error.what(), Catch::Contains("offset"));
        }
    }
    CHECK_THROWS_AS(der("30 80 0000"), Error);
    CHECK_THROWS_AS(der("30 05 020100"), Error);
}

TEST_CASE("DER that is nested too deep is refused, not followed", "[verify][der]") {
    Bytes nest;
    for (unsigned size = 0; size < 100; size += 2)
        nest.insert(nest.begin(), {0x30, static_cast<std::uint8_t>(size)});
    CHECK_THROWS_WITH(demand_der(nest, "X", 0), Catch::Contains("nested too deep"));
}

TEST_CASE("an MRZ of each size is taken apart", "[verify][mrz]") {
    const auto td1 = parse_mrz(
        "I<UTOD231458907<<<<<<<<<<<<<<<7408122F1204159UTO<<<<<<<<<<<6ERIKSSON<<ANNA<MARIA<<<<<<<<<<", 5);
    REQUIRE(td1);
    CHECK(td1->whole_document_number == "D23145890");
    CHECK(td1->surname == "ERIKSSON");
    CHECK(td1->given == "ANNA MARIA");
    CHECK(td1->check_digits.size() == 4);
    for (const auto& digit : td1->check_digits) CHECK(digit.got == digit.expected);

    const auto td3 = parse_mrz(
        "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<L898902C36UTO7408122F1204159ZE184226B<<<<<10", 5);
    REQUIRE(td3);
    CHECK(td3->whole_document_number == "L898902C3");
    CHECK(td3->check_digits.size() == 5);
    for (const auto& digit : td3->check_digits) CHECK(digit.got == digit.expected);

    const auto td2 = parse_mrz("I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<D231458907UTO7408122F1204159<<<<<<<6", 5);
    REQUIRE(td2);
    CHECK(td2->check_digits.size() == 4);
    for (const auto& digit : td2->check_digits) CHECK(digit.got == digit.expected);

    CHECK_FALSE(parse_mrz("I<UTO", 0));
    CHECK_FALSE(parse_mrz("", 0));
}

TEST_CASE("a long document number is read together with its part in the optional data", "[verify][mrz]") {
    const auto mrz = parse_mrz(
        "I<UTOD23145890<7349<<<<<<<<<<<3407127M9507122UTO<<<<<<<<<<<2STEVENSON<<PETER<JOHN<<<<<<<<<", 5);
    REQUIRE(mrz);
    CHECK(mrz->whole_document_number == "D23145890734");
    CHECK(mrz->check_digits.front().got == '9');
    CHECK(mrz->check_digits.front().expected == '9');
    CHECK(mrz->check_digits.front().offset == 18);
    CHECK(mrz->national_id().text.empty());
    for (const auto& digit : mrz->check_digits) CHECK(digit.got == digit.expected);
}

TEST_CASE("the MRZ vectors have right check digits", "[verify][mrz]") {
    unsigned seen = 0;
    for (const auto& vector : test::vectors("iran")) {
        if (vector.id().rfind("mrz-td", 0) != 0 || !vector.has("lines_text")) continue;
        std::string text;
        for (const auto& line : vector.data.at("lines_text")) text += line.get<std::string>();
        const auto mrz = parse_mrz(text, 0);
        REQUIRE(mrz);
        for (const auto& digit : mrz->check_digits) CHECK(digit.got == digit.expected);
        ++seen;
    }
    CHECK(seen >= 3);
}

TEST_CASE("the century of a birth date is that before the day of judgement", "[verify][mrz]") {
    const record::Date today{2026, 11, 20};
    CHECK(mrz_birth_date("261120", today) == record::Date{2026, 11, 20});
    CHECK(mrz_birth_date("261121", today) == record::Date{1926, 11, 21});
    CHECK(mrz_expiry_date("330109") == record::Date{2033, 1, 9});
    CHECK_FALSE(mrz_birth_date("900230", today));
    CHECK_FALSE(mrz_birth_date("90<<<<", today));
    CHECK_FALSE(mrz_expiry_date("3301"));
}

TEST_CASE("Persian names and their usual Latin forms sound alike, others do not", "[verify]") {
    const struct {
        const char* persian;
        const char* latin;
    } names[] = {
        {"احمدی", "AHMADI"},  {"محمد", "MOHAMMAD"},          {"قاسم", "GHASEM"}, {"خسرو", "KHOSROW"},
        {"چمران", "CHAMRAN"}, {"رضایی", "REZAEI"},           {"زهرا", "ZAHRA"},  {"ژاله", "ZHALEH"},
        {"شیرین", "SHIRIN"},  {"غلامحسین", "GHOLAMHOSSEIN"}, {"علی", "ALI"},     {"فاطمه", "FATEMEH"}};
    for (const auto& name : names) {
        INFO(name.latin);
        CHECK(consonants_of_persian(record::fold_persian(name.persian)) == consonants_of_latin(name.latin));
        CHECK_FALSE(consonants_of_latin(name.latin).empty());
    }
    CHECK(consonants_of_persian("احمدی") != consonants_of_latin("REZAEI"));
}

TEST_CASE("a check that says nothing at all counts as skipped, never as passed", "[verify]") {
    Verdicts verdicts{"x", Severity::fatal};
    CHECK(verdicts.result().outcome == Outcome::skipped);
    verdicts.pass("seen");
    CHECK(verdicts.result().outcome == Outcome::passed);
    verdicts.note("EF.DG1", "odd");
    CHECK(verdicts.result().outcome == Outcome::noted);
    verdicts.warn("EF.DG1", {}, "a", "b", "worse");
    CHECK(verdicts.result().outcome == Outcome::failed);
    CHECK(verdicts.findings().back().severity == Severity::warning);
    CHECK(verdicts.result().evidence == "odd; worse");
}
