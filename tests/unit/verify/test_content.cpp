// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "good_card.h"
#include "tests/support/vectors.h"

using namespace kartsaz;
using test::findings_of;
using test::GoodCard;
using test::outcome_of;
using verify::Outcome;

namespace {

std::string cause(const verify::Report& report) {
    return report.cause.value_or("none") + " " +
           (report.findings.empty() ? "" : report.findings.front().object);
}

/// The MRZ of the card with one character changed, the whole card signed anew: what only the contents tell.
verify::Report with_mrz(std::size_t position, char letter) {
    GoodCard card;
    std::string mrz = card.record.mrz();
    mrz.at(position) = letter;
    card.file("EF.DG1").content = app::emrtd::encode_dg1(mrz);
    card.sign();
    return card.judge();
}

char other_digit(char digit) {
    return digit == '9' ? '0' : static_cast<char>(digit + 1);
}

}  // namespace

TEST_CASE("each check digit of the MRZ is named with what it ought to be and its offset", "[verify]") {
    const std::string mrz = test::sample_record().mrz();
    const struct {
        std::size_t position;
        const char* name;
    } digits[] = {{14, "document number"}, {36, "birth date"}, {44, "expiry date"}, {59, "composite"}};
    for (const auto& digit : digits) {
        const auto report = with_mrz(digit.position, other_digit(mrz[digit.position]));
        INFO(digit.name);
        CHECK(cause(report) == "emrtd.dg1.check-digits EF.DG1");
        bool named = false;
        for (const auto& finding : findings_of(report, "emrtd.dg1.check-digits")) {
            if (finding.text.find(digit.name) == std::string::npos) continue;
            named = true;
            CHECK(finding.offset == 5 + digit.position);
            CHECK(finding.expected == std::string(1, mrz[digit.position]));
            CHECK(finding.got == std::string(1, other_digit(mrz[digit.position])));
        }
        CHECK(named);
    }
    // the fifth: the national ID's own digit, in the optional data
    const auto report = with_mrz(24, other_digit(mrz[24]));
    bool named = false;
    for (const auto& finding : findings_of(report, "emrtd.dg1.check-digits")) {
        named = named ||
                (finding.offset == std::size_t{29} && finding.text.find("national ID") != std::string::npos);
    }
    CHECK(named);
}

TEST_CASE("a birth date that is no day is named", "[verify]") {
    GoodCard card;
    std::string mrz = card.record.mrz();
    mrz.replace(30, 6, "901331");
    card.file("EF.DG1").content = app::emrtd::encode_dg1(mrz);
    card.sign();
    const auto found = findings_of(card.judge(), "emrtd.dg1.dates");
    REQUIRE(found.size() == 1);
    CHECK(found.front().offset == std::size_t{35});
}

TEST_CASE("an expired document is refused on the day after its last", "[verify]") {
    GoodCard card;
    card.at = record::to_unix(card.record.expiry_date);
    CHECK(outcome_of(card.judge(), "emrtd.dg1.expired") == Outcome::noted);
    card.at += 86'400;
    const auto found = findings_of(card.judge(), "emrtd.dg1.expired");
    REQUIRE(found.size() == 1);
    CHECK(found.front().severity == verify::Severity::fatal);
    CHECK(found.front().offset == std::size_t{43});
}

TEST_CASE("a document judged before its day of issue is warned of", "[verify]") {
    GoodCard card;
    card.at = record::to_unix({2026, 1, 9});
    const auto found = findings_of(card.judge(), "emrtd.dg1.expired");
    REQUIRE(found.size() == 1);
    CHECK(found.front().severity == verify::Severity::warning);
    CHECK(found.front().object == "EF.DG12");
}

TEST_CASE("a national ID with a wrong check digit is named in EF.DG11", "[verify]") {
    GoodCard card;
    auto details = app::emrtd::decode_dg11(card.file("EF.DG11").content);
    details.personal_number = "0012345678";
    card.file("EF.DG11").content = app::emrtd::encode_dg11(details);
    card.sign();
    const auto report = card.judge();
    CHECK(cause(report) == "emrtd.dg11.national-id EF.DG11");
    CHECK(findings_of(report, "emrtd.dg1-dg11.agree").size() == 1);
}

TEST_CASE("EF.DG1 and EF.DG11 of two people do not agree", "[verify]") {
    GoodCard card;
    auto details = app::emrtd::decode_dg11(card.file("EF.DG11").content);
    details.personal_number = "1270000004";
    details.birth_date = "19900322";
    card.file("EF.DG11").content = app::emrtd::encode_dg11(details);
    card.sign();
    const auto report = card.judge();
    CHECK(cause(report) == "emrtd.dg1-dg11.agree EF.DG11");
    CHECK(findings_of(report, "emrtd.dg1-dg11.agree").size() == 2);
}

TEST_CASE("a Latin name that does not sound like the Persian one is noted only", "[verify]") {
    GoodCard card;
    auto details = app::emrtd::decode_dg11(card.file("EF.DG11").content);
    details.surname = "رضایی";
    card.file("EF.DG11").content = app::emrtd::encode_dg11(details);
    card.sign();
    const auto report = card.judge();
    CHECK(report.accept);
    CHECK(outcome_of(report, "emrtd.dg1-dg11.agree") == Outcome::noted);
}

TEST_CASE("a name that has no Latin form in the table is no fault of the card", "[verify]") {
    GoodCard card;
    auto details = app::emrtd::decode_dg11(card.file("EF.DG11").content);
    details.surname = "احمدی؟";
    card.file("EF.DG11").content = app::emrtd::encode_dg11(details);
    card.sign();
    const auto report = card.judge();
    CHECK(report.accept);
    CHECK(findings_of(report, "emrtd.dg1-dg11.agree").empty());
}

TEST_CASE("a Solar Hijri birth date of another day is named in EF.DG13", "[verify]") {
    GoodCard card;
    auto registry = app::emrtd::decode_dg13(card.file("EF.DG13").content);
    registry.birth_date_sh = "1369-01-02";
    card.file("EF.DG13").content = app::emrtd::encode_dg13(registry);
    card.sign();
    CHECK(cause(card.judge()) == "emrtd.dg13.agree EF.DG13");
}

TEST_CASE("a photo that is not whole is named, though it is signed", "[verify]") {
    GoodCard card;
    app::emrtd::Dg2 face;
    face.image = card.record.photo.bytes;
    face.image.resize(face.image.size() / 2);
    face.width = 120;
    face.height = 160;
    card.file("EF.DG2").content = app::emrtd::encode_dg2(face);
    card.sign();
    const auto report = card.judge();
    CHECK(cause(report) == "emrtd.dg2.photo EF.DG2");
    CHECK(report.photo_type.empty());
}

TEST_CASE("a JPEG 2000 photo is judged, and a browser gets a JPEG of it", "[verify]") {
    GoodCard card;
    app::emrtd::Dg2 face;
    face.image = test::read_bytes(test::data_dir() / "records" / "good2" / "photo.jp2");
    const auto photo = record::parse_photo(face.image, "photo.jp2");
    face.jpeg2000 = true;
    face.width = static_cast<std::uint16_t>(photo.width);
    face.height = static_cast<std::uint16_t>(photo.height);
    card.file("EF.DG2").content = app::emrtd::encode_dg2(face);
    card.sign();
    const auto report = card.judge();
    CHECK(report.accept);
    CHECK(report.photo == face.image);
    CHECK(report.photo_type == "image/jp2");
    REQUIRE_FALSE(report.photo_preview.empty());
    CHECK(record::parse_photo(report.photo_preview, "preview").format == record::PhotoFormat::jpeg);
    auto context = card.context();
    context.preview = false;
    CHECK(verify::judge(context).photo_preview.empty());
    face.jpeg2000 = false;
    card.file("EF.DG2").content = app::emrtd::encode_dg2(face);
    card.sign();
    CHECK(outcome_of(card.judge(), "emrtd.dg2.photo") == Outcome::failed);
}

TEST_CASE("a face header of another size than the picture's is named", "[verify]") {
    GoodCard card;
    app::emrtd::Dg2 face;
    face.image = card.record.photo.bytes;
    face.width = 121;
    face.height = 160;
    card.file("EF.DG2").content = app::emrtd::encode_dg2(face);
    card.sign();
    const auto report = card.judge();
    CHECK(cause(report) == "emrtd.dg2.photo EF.DG2");
    CHECK(report.findings.front().got == "121 x 160");
}

TEST_CASE("a finger template that is labelled as another finger is named", "[verify]") {
    GoodCard card;
    app::emrtd::Finger finger;
    finger.record = test::sample_template(2, 12);
    finger.subtype = app::emrtd::finger_subtype(7);
    card.file("EF.DG3").content = app::emrtd::encode_dg3({finger});
    card.sign();
    CHECK(cause(card.judge()) == "emrtd.dg3.template EF.DG3");
}

TEST_CASE("finger templates in EF.DG13 are parsed and compared like those of EF.DG3", "[verify]") {
    GoodCard card;
    auto registry = app::emrtd::decode_dg13(card.file("EF.DG13").content);
    const Bytes dg3 = card.file("EF.DG3").content;
    const std::size_t header = dg3[1] < 0x80 ? 2 : dg3[1] == 0x81 ? 3 : 4;
    registry.finger_records.push_back(Bytes(dg3.begin() + static_cast<std::ptrdiff_t>(header), dg3.end()));
    card.remove("EF.DG3");
    card.file("EF.DG13").content = app::emrtd::encode_dg13(registry);
    card.sign(true);
    auto context = card.context();
    context.expected = &card.record;
    auto report = verify::judge(context);
    for (const auto& finding : report.findings) UNSCOPED_INFO(finding.check << ": " << finding.text);
    CHECK(report.accept);
    CHECK(outcome_of(report, "emrtd.dg3.template") == Outcome::passed);
    CHECK(outcome_of(report, "emrtd.record.fingers") == Outcome::passed);
    card.record.fingers[1].bytes[40] ^= 0x01;
    report = verify::judge(context);
    CHECK(cause(report) == "emrtd.record.fingers EF.DG13");
    REQUIRE(report.findings.front().offset);
    const auto& content = card.file("EF.DG13").content;
    CHECK(content.at(*report.findings.front().offset) == (card.record.fingers[1].bytes[40] ^ 0x01));
}

TEST_CASE("every field of the record is compared, and a difference names field and file", "[verify]") {
    GoodCard card;
    auto context = card.context();
    context.expected = &card.record;
    const auto good = verify::judge(context);
    for (const auto& finding : good.findings) UNSCOPED_INFO(finding.check << ": " << finding.text);
    REQUIRE(good.accept);
    for (const auto& result : good.results) {
        if (result.check.rfind("emrtd.record.", 0) == 0) CHECK(result.outcome == Outcome::passed);
    }
    const auto differs = [&](const std::string& check, const std::string& object, auto change) {
        const record::Record original = card.record;
        change(card.record);
        const auto report = verify::judge(context);
        card.record = original;
        INFO(check);
        CHECK_FALSE(report.accept);
        REQUIRE(findings_of(report, "emrtd.record." + check).size() == 1);
        CHECK(findings_of(report, "emrtd.record." + check).front().object == object);
    };
    using record::Record;
    differs("document-number", "EF.DG1", [](Record& r) { r.document_number = "K12345679"; });
    differs("birth-date", "EF.DG1", [](Record& r) { r.birth_date.day = 22; });
    differs("birth-date-full", "EF.DG11", [](Record& r) { r.birth_date.day = 22; });
    differs("birth-date-sh", "EF.DG13", [](Record& r) { r.birth_date.day = 22; });
    differs("sex", "EF.DG1", [](Record& r) { r.sex = record::Sex::male; });
    differs("expiry-date", "EF.DG1", [](Record& r) { r.expiry_date.year = 2034; });
    differs("name-latin", "EF.DG1", [](Record& r) { r.name.given_latin = "MARIAM"; });
    differs("national-id", "EF.DG11", [](Record& r) { r.national_id = "1270000004"; });
    differs("surname-fa", "EF.DG11", [](Record& r) { r.name.surname_fa = "احمدیان"; });
    differs("given-fa", "EF.DG11", [](Record& r) { r.name.given_fa = "مینا"; });
    differs("birth-place", "EF.DG11", [](Record& r) { r.birth_place_fa = "شیراز"; });
    differs("address", "EF.DG11", [](Record& r) { r.address_fa += "۳"; });
    differs("postal-code", "EF.DG11", [](Record& r) { r.postal_code = "1234567891"; });
    differs("authority", "EF.DG12", [](Record& r) { r.authority_fa = "ثبت"; });
    differs("issue-date", "EF.DG12", [](Record& r) { r.issue_date.day = 11; });
    differs("certificate-number", "EF.DG13", [](Record& r) { r.birth_certificate_number = "1"; });
    differs("certificate-serial", "EF.DG13", [](Record& r) { r.birth_certificate_serial = "ب"; });
    differs("father-name", "EF.DG13", [](Record& r) { r.father_fa = "حسن"; });
    differs("photo", "EF.DG2", [](Record& r) { r.photo.bytes.back() ^= 0x01; });
    differs("fingers", "EF.DG3", [](Record& r) { r.fingers.pop_back(); });
}
