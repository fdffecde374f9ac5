// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "libcard/record/record.h"
#include "libcard/record/text.h"
#include "tests/support/vectors.h"

using namespace kartsaz;
using namespace kartsaz::record;

namespace {

Record holder(const std::string& surname, const std::string& given, const std::string& number, Sex sex) {
    Record record;
    record.national_id = "0012345679";
    record.name.surname_latin = surname;
    record.name.given_latin = given;
    record.document_number = number;
    record.sex = sex;
    record.birth_date = {1990, 3, 21};
    record.expiry_date = {2035, 12, 31};
    return record;
}

std::string lines_of(const test::Vector& vector) {
    std::string out;
    for (const auto& line : vector.data["lines_text"]) out += line.get<std::string>();
    return out;
}

std::string name_line(const std::string& surname, const std::string& given) {
    const std::string mrz = holder(surname, given, "A12345678", Sex::female).mrz();
    REQUIRE(mrz.size() == 90);
    return mrz.substr(60);
}

}  // namespace

TEST_CASE("the MRZ vectors of Iranian cards hold", "[record]") {
    int count = 0;
    for (const auto& vector : test::vectors("iran", "mrz-td1")) {
        if (vector.id() == "mrz-td1-irn") {
            CHECK(holder("AHMADI", "SARA", "A12345678", Sex::female).mrz() == lines_of(vector));
            ++count;
        }
        if (vector.id() == "mrz-td1-irn-long-docno") {
            const Record record =
                holder("KAZEMI", "ALI REZA", vector.text("document_number_text"), Sex::male);
            CHECK(record.mrz() == lines_of(vector));
            CHECK(record.mrz_information() == vector.text("bac_mrz_information_text"));
            ++count;
        }
    }
    CHECK(count >= 2);
}

TEST_CASE("a short document number is filled up in the MRZ and in what BAC is keyed by", "[record]") {
    const Record record = holder("AHMADI", "SARA", "A1", Sex::unspecified);
    CHECK(record.mrz().substr(0, 30) ==
          "I<IRNA1<<<<<<<" + std::string{mrz_check_digit("A1<<<<<<<")} + "0012345679<<<<<");
    CHECK(record.mrz_information().substr(0, 10) == record.mrz().substr(5, 10));
    CHECK(record.mrz()[37] == '<');
}

TEST_CASE("the longest document number still ends with its check digit and a filler", "[record]") {
    const Record record = holder("AHMADI", "SARA", "ABCDEFGHIJKLMN", Sex::female);
    const std::string mrz = record.mrz();
    CHECK(mrz.substr(5, 10) == "ABCDEFGHI<");
    CHECK(mrz.substr(15, 15) == "JKLMN" + std::string{mrz_check_digit("ABCDEFGHIJKLMN")} + "<<<<<<<<<");
    CHECK(record.mrz_information().size() == 15 + 7 + 7);
}

TEST_CASE("the composite check digit covers what the standard says", "[record]") {
    const std::string mrz = holder("AHMADI", "SARA", "A12345678", Sex::female).mrz();
    const std::string covered =
        mrz.substr(5, 25) + mrz.substr(30, 7) + mrz.substr(38, 7) + mrz.substr(48, 11);
    CHECK(mrz[59] == mrz_check_digit(covered));
}

TEST_CASE("a name that fits is filled up", "[record]") {
    CHECK(name_line("AHMADI", "SARA") == "AHMADI<<SARA<<<<<<<<<<<<<<<<<<");
    CHECK(name_line("ABCDEFGHIJKLMN", "OPQRSTUVWXYZAB") == "ABCDEFGHIJKLMN<<OPQRSTUVWXYZAB");
    CHECK(name_line("AL-AHMADI  NEJAD", "SARA") == "AL<AHMADI<NEJAD<<SARA<<<<<<<<<");
    CHECK(name_line("AHMADI", "") == "AHMADI<<<<<<<<<<<<<<<<<<<<<<<<");
}

TEST_CASE("given names are cut first, and the line then ends with a letter", "[record]") {
    CHECK(name_line("ABCDEFGHIJKLMN", "OPQRSTUVWXYZABC") == "ABCDEFGHIJKLMN<<OPQRSTUVWXYZAB");
    // position 30 would be a filler: the part before it gives up a letter
    CHECK(name_line("ABCDEFGHIJKLMN", "OPQRSTUVWXYZA BC") == "ABCDEFGHIJKLMN<<OPQRSTUVWXYZ<B");
    CHECK(name_line("ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEF", "SARA") == "ABCDEFGHIJKLMNOPQRSTUVWXYZA<<S");
    CHECK(name_line("ABCDEFGHIJKLMNOPQRSTUVWXYZ BC", "SARA LEILA") == "ABCDEFGHIJKLMNOPQRSTUVWXYZ<<SA");
    CHECK(name_line("ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEF", "") == "ABCDEFGHIJKLMNOPQRSTUVWXYZABCD");
}
