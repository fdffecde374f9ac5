// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <fstream>

#include "libcard/record/invalid_record.h"
#include "libcard/record/record.h"
#include "libcard/record/text.h"
#include "tests/support/vectors.h"
#include "tests/unit/record/cases.h"

using namespace kartsaz;
using namespace kartsaz::record;

namespace {

Loaded with(const std::string& pointer, const nlohmann::json& value) {
    auto record = test::demo_record();
    record[nlohmann::json::json_pointer{pointer}] = value;
    return parse(record.dump(), test::demo_dir());
}

std::vector<std::string> changes_at(const Loaded& loaded, const std::string& path) {
    std::vector<std::string> out;
    for (const auto& change : loaded.changes) {
        if (change.path == path) out.push_back(change.what);
    }
    return out;
}

}  // namespace

TEST_CASE("the demo record loads as it stands", "[record]") {
    const Loaded loaded = load(test::demo_dir() / "record.json");
    const Record& record = loaded.record;
    CHECK(loaded.changes.empty());
    CHECK(record.national_id == "0012345679");
    CHECK(record.birth_certificate_number == "12345");
    CHECK(record.birth_certificate_serial == "الف/12 345678");
    CHECK(record.name.surname_fa == "محمدی نمونه");
    CHECK(record.name.given_fa == "سارا");
    CHECK(record.name.surname_latin == "MOHAMMADI NEMOUNEH");
    CHECK(record.name.given_latin == "SARA");
    CHECK_FALSE(record.name.transliterated);
    CHECK(record.father_fa == "علی\u200Cرضا");
    CHECK(record.sex == Sex::female);
    CHECK(record.birth_date == Date{1990, 3, 21});
    CHECK(record.birth_place_fa == "تهران");
    CHECK(record.issue_date.gregorian() == "2025-09-23");
    CHECK(record.expiry_date.solar_hijri() == "1414-07-01");
    CHECK(record.postal_code == "1234567890");
    CHECK(record.document_number == "K12345678");
    CHECK(record.authority_fa == "سازمان ثبت احوال کشور");
    CHECK(record.email == "sara.nemouneh@example.com");
    CHECK(record.photo.bytes == test::read_bytes(test::demo_dir() / "photo.jpg"));
    REQUIRE(record.fingers.size() == 2);
    CHECK(record.fingers[0].position == 2);
    CHECK(record.fingers[1].position == 6);
    CHECK(record.fingers[0].bytes == test::read_bytes(test::demo_dir() / "right-index.fmr"));
    CHECK(record.mrz() ==
          "I<IRNK1234567840012345679<<<<<"
          "9003211F3509238IRN<<<<<<<<<<<9"
          "MOHAMMADI<NEMOUNEH<<SARA<<<<<<");
}

TEST_CASE("the second record is normalized, transliterated, and its number is long", "[record]") {
    const Loaded loaded = load(test::good2_dir() / "record.json");
    const Record& record = loaded.record;
    CHECK(record.national_id == "1270000004");
    CHECK(record.name.surname_fa == "کاظمی نمونه");
    CHECK(record.name.given_fa == "علی رضا");
    CHECK(record.name.transliterated);
    CHECK(record.name.surname_latin == "XKKAXZZMXYA NMWNH");
    CHECK(record.name.given_latin == "ELXYA RXDZA");
    CHECK(record.sex == Sex::male);
    CHECK(record.birth_date.solar_hijri() == "1364-01-01");
    CHECK(record.postal_code == "8123456789");
    CHECK(record.address_fa == "اصفهان، خیابان نمونه، پلاک ۴۵");
    CHECK(record.authority_fa == "ادارهٔ ثبت احوال نمونه");
    CHECK_FALSE(record.email);
    CHECK(record.photo.format == PhotoFormat::jpeg2000);
    REQUIRE(record.fingers.size() == 1);
    CHECK(record.fingers[0].format == TemplateFormat::incits_378_2004);
    CHECK(record.mrz().substr(0, 30) == "I<IRNA12345678<907<<<<<<<<<<<<");
    CHECK(changes_at(loaded, "/national_id").size() == 10);
    CHECK(
        changes_at(loaded, "/name/fa/surname") ==
        std::vector<std::string>{"ARABIC LETTER KAF (U+0643) at 1 became ARABIC LETTER KEHEH (U+06A9)",
                                 "ARABIC LETTER YEH (U+064A) at 5 became ARABIC LETTER FARSI YEH (U+06CC)"});
    CHECK(changes_at(loaded, "/postal_code").size() == 1);
    CHECK(changes_at(loaded, "/address").size() == 2);
}

TEST_CASE("a national ID arrives in many shapes", "[record]") {
    for (const char* text : {"001-234567-9", "۰۰۱۲۳۴۵۶۷۹", "٠٠١٢٣٤٥٦٧٩", "12345679", " 0012345679 ",
                             "001\u200C2345679", "\u200E0012345679\u200F"}) {
        INFO(text);
        const Loaded loaded = with("/national_id", text);
        CHECK(loaded.record.national_id == "0012345679");
        CHECK_FALSE(changes_at(loaded, "/national_id").empty());
    }
    CHECK(changes_at(with("/national_id", "12345679"), "/national_id") ==
          std::vector<std::string>{"2 zeros put in front to make ten digits"});
}

TEST_CASE("a Latin name is made fit for the MRZ and the change is told", "[record]") {
    const Loaded loaded = with("/name/latin/surname", "Mohammadi-O'Nemouneh");
    CHECK(loaded.record.name.surname_latin == "MOHAMMADI ONEMOUNEH");
    CHECK(changes_at(loaded, "/name/latin/surname").size() == 1);
}

TEST_CASE("small letters of a document number become capitals", "[record]") {
    const Loaded loaded = with("/document_number", "k1234567۸");
    CHECK(loaded.record.document_number == "K12345678");
    CHECK(changes_at(loaded, "/document_number").size() == 2);
}

TEST_CASE("the dates of a record may stand on their limits", "[record]") {
    CHECK_NOTHROW(with("/expiry_date", "2040-09-23"));
    CHECK_NOTHROW(with("/expiry_date", "1404-07-02"));
    CHECK_NOTHROW(with("/birth/date", "1404-07-01"));
    CHECK_NOTHROW(with("/birth/date", "1895-09-23"));
}

TEST_CASE("a finger position may be a name or a number, and a template may be silent about it", "[record]") {
    CHECK(with("/fingers/0/position", 2).record.fingers.at(0).position == 2);
    CHECK(with("/fingers/0/position", "right-index").record.fingers.at(0).position == 2);

    Bytes silent = test::read_bytes(test::demo_dir() / "right-index.fmr");
    silent[24] = 0;
    const auto dir = test::scratch_dir() / "silent";
    std::filesystem::create_directories(dir);
    for (const char* file : {"photo.jpg", "left-thumb.fmr"}) {
        test::write_bytes(dir / file, test::read_bytes(test::demo_dir() / file));
    }
    test::write_bytes(dir / "right-index.fmr", silent);
    auto record = test::demo_record();
    record["fingers"][0]["position"] = 9;
    CHECK(parse(record.dump(), dir).record.fingers.at(0).position == 9);
}

TEST_CASE("a byte order mark before the JSON is taken", "[record]") {
    CHECK_NOTHROW(parse("\xEF\xBB\xBF" + test::demo_record().dump(), test::demo_dir()));
}

TEST_CASE("an empty folder name is the current folder", "[record]") {
    CHECK_THAT(test::refusal([] { parse(test::demo_record().dump(), ""); }),
               Catch::Contains("photo.jpg: there is no such file"));
}
