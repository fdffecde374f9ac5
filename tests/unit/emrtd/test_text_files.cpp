// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "libcard/app/emrtd/lds.h"
#include "tests/unit/emrtd/decoders.h"

using namespace kartsaz;
using namespace kartsaz::app::emrtd;
using namespace kartsaz::test;

namespace {

Dg11 vector_person() {
    Dg11 out;
    out.surname = "احمدی";
    out.given = "سارا";
    out.personal_number = "0012345679";
    out.birth_date = "19900321";
    out.birth_place = {"تهران", "تهران"};
    out.address = {"خیابان آزادی", "تهران", "ایران"};
    out.telephone = "+982112345678";
    return out;
}

/// The value of tag 5F0E as it stands in the file.
std::string written_name(const std::string& surname, const std::string& given) {
    const Bytes file = encode_dg11({surname, given, {}, {}, {}, {}});
    return to_text(ByteView{file}.subspan(9));  // 6B L 5C 02 5F0E 5F0E L
}

}  // namespace

TEST_CASE("EF.DG11 is the vector's, byte for byte, and reads back") {
    CHECK(to_hex(encode_dg11(vector_person())) == to_hex(lds_file("EF.DG11")));
    const Dg11 back = decode_dg11(lds_file("EF.DG11"));
    const Dg11 person = vector_person();
    CHECK(back.surname == person.surname);
    CHECK(back.given == person.given);
    CHECK(back.personal_number == person.personal_number);
    CHECK(back.birth_date == person.birth_date);
    CHECK(back.birth_place == person.birth_place);
    CHECK(back.address == person.address);
    CHECK(back.telephone == person.telephone);
}

TEST_CASE("the words of a name are separated by one <, and come back as blanks") {
    CHECK(written_name("Hosseini Nejad", "Ali  Reza ") == "Hosseini<Nejad<<Ali<Reza");
    CHECK(written_name("Sukarno", "") == "Sukarno");
    const Dg11 back = decode_dg11(encode_dg11({"حسینی نژاد", "علی رضا", {}, {}, {}, {}}));
    CHECK(back.surname == "حسینی نژاد");
    CHECK(back.given == "علی رضا");
    const Dg11 single = decode_dg11(encode_dg11({"سوکارنو", {}, {}, {}, {}, {}}));
    CHECK(single.surname == "سوکارنو");
    CHECK(single.given.empty());
}

TEST_CASE("a name with a zero-width non-joiner keeps it") {
    const std::string name = "علی\u200Cزاده";
    CHECK(decode_dg11(encode_dg11({name, "نرگس", {}, {}, {}, {}})).surname == name);
}

TEST_CASE("a date of birth of four packed bytes is read as eight digits") {
    CHECK(decode_dg11(from_hex("6B0B5C025F2B5F2B0419900321")).birth_date == "19900321");
    CHECK(decode_dg11(from_hex("6B0B5C025F2B5F2B0419900000")).birth_date == "19900000");
    const auto fault = [](const char* hex) { return fault_of([&] { decode_dg11(from_hex(hex)); }); };
    CHECK(fault("6B0B5C025F2B5F2B041990032A").find("not 8 digits") != std::string::npos);
    CHECK(fault("6B0B5C025F2B5F2B0419901321").find("no date") != std::string::npos);
    CHECK(fault("6B0B5C025F2B5F2B0419900332").find("no date") != std::string::npos);
    CHECK(fault("6B0A5C025F2B5F2B03199003").find("8 digits expected") != std::string::npos);
}

TEST_CASE("other names in a group are passed over, however the list names them") {
    const std::string group = "A00D 020102 5F0F0141 5F0F03424344";
    const std::string name = "5F0E0158";
    for (const char* list : {"5C03 5F0E A0", "5C04 5F0E 5F0F", "5C06 5F0E 5F0F 5F0F"}) {
        Bytes body = concat({from_hex(list), from_hex(name), from_hex(group)});
        const Bytes file = concat({Bytes{0x6B, static_cast<std::uint8_t>(body.size())}, body});
        INFO(list);
        CHECK(decode_dg11(file).surname == "X");
    }
    CHECK(fault_of([] { decode_dg11(from_hex("6B0D 5C01A0 A008 020102 5F0F0141 41")); }) != "");
}

TEST_CASE("EF.DG11 refuses what its list does not name, and text that is not UTF-8") {
    const auto fault = [](const char* hex) { return fault_of([&] { decode_dg11(from_hex(hex)); }); };
    CHECK(fault("6B0A 5C025F10 5F100131 5F12").find("left over") != std::string::npos);
    CHECK(fault("6B08 5C025F10 5F120131").find("5F10 expected") != std::string::npos);
    CHECK(fault("6B0A 5C045F105F10 5F100131").find("twice") != std::string::npos);
    CHECK(fault("6B08 5C025F10 5F1001FF").find("offset 9: tag 5F10: not UTF-8") != std::string::npos);
    CHECK(fault("6B09 5C025F10 5F1002C080").find("not UTF-8") != std::string::npos);
    CHECK(fault("6B0A 5C025F10 5F1003EDA080").find("not UTF-8") != std::string::npos);
    CHECK(fault("6B03 5C015F").find("inside a tag") != std::string::npos);
    CHECK(fault("6B07 5C055F81818101").find("more than 4 bytes") != std::string::npos);
}

TEST_CASE("the encoder of EF.DG11 refuses separators in parts and dates that are none") {
    Dg11 person = vector_person();
    person.address[0] = "a<b";
    CHECK(fault_of([&] { encode_dg11(person); }).find("address") != std::string::npos);
    person = vector_person();
    person.surname = "a<b";
    CHECK(fault_of([&] { encode_dg11(person); }).find("surname") != std::string::npos);
    person = vector_person();
    person.birth_date = "1990-3-21";
    CHECK(fault_of([&] { encode_dg11(person); }).find("date of birth") != std::string::npos);
    person = vector_person();
    person.surname.clear();
    CHECK(fault_of([&] { encode_dg11(person); }).find("without a surname") != std::string::npos);
    person = vector_person();
    person.given = "\xC3";
    CHECK(fault_of([&] { encode_dg11(person); }).find("not UTF-8") != std::string::npos);
}

TEST_CASE("EF.DG12 is the vector's, byte for byte, and reads back") {
    const Dg12 details{"سازمان ثبت احوال کشور", "20251231", "20251231120000", {}};
    CHECK(to_hex(encode_dg12(details)) == to_hex(lds_file("EF.DG12")));
    const Dg12 back = decode_dg12(lds_file("EF.DG12"));
    CHECK(back.authority == details.authority);
    CHECK(back.issue_date == details.issue_date);
    CHECK(back.personalized_at == details.personalized_at);
    CHECK(back.system_serial.empty());
    CHECK(decode_dg12(encode_dg12({"A", {}, {}, "station-7"})).system_serial == "station-7");
}

TEST_CASE("EF.DG12 with packed dates is read, and impossible dates are refused") {
    const Dg12 packed = decode_dg12(from_hex("6C17 5C04 5F26 5F55 5F26 04 20251231 5F55 07 20251231120000"));
    CHECK(packed.issue_date == "20251231");
    CHECK(packed.personalized_at == "20251231120000");
    CHECK(fault_of([] { decode_dg12(from_hex("6C0B 5C025F26 5F26 04 20251331")); }).find("no date") !=
          std::string::npos);
    CHECK(fault_of([] { encode_dg12({"A", "2025123", {}, {}}); }).find("date of issue") != std::string::npos);
    CHECK(fault_of([] { encode_dg12({"A", {}, "20251231", {}}); }).find("14 digits") != std::string::npos);
}

TEST_CASE("EF.DG13 is as docs/formats.md says, and reads back") {
    Dg13 registry{"123", "۱۲-الف", "رضا", "1369-01-31", {}};
    CHECK(to_hex(encode_dg13({"1", "2", "3", "1369-01-31", {}})) ==
          "6D295C0ADF40DF41DF42DF43DF44DF400131DF410131DF420132DF430133DF440A313336392D30312D3331");
    registry.finger_records.push_back(encode_finger_group({{Bytes(30, 0x77), false, 0x0A, 0}}));
    registry.finger_records.push_back(encode_finger_group({{Bytes(31, 0x78), true, 0x09, 0}}));
    const Dg13 back = decode_dg13(encode_dg13(registry));
    CHECK(back.certificate_number == registry.certificate_number);
    CHECK(back.certificate_serial == registry.certificate_serial);
    CHECK(back.father_name == registry.father_name);
    CHECK(back.birth_date_sh == registry.birth_date_sh);
    REQUIRE(back.finger_records == registry.finger_records);
    const auto fingers = decode_finger_group(back.finger_records[1]);
    REQUIRE(fingers.size() == 1);
    CHECK(fingers[0].record == Bytes(31, 0x78));
    CHECK(fingers[0].incits);
}

TEST_CASE("EF.DG13 of another version, without one, or with what is not defined is refused") {
    const auto fault = [](const char* hex) { return fault_of([&] { decode_dg13(from_hex(hex)); }); };
    CHECK(fault("6D08 5C02DF40 DF400131").empty());
    CHECK(fault("6D08 5C02DF40 DF400132").find("version") != std::string::npos);
    CHECK(fault("6D08 5C02DF41 DF410131").find("no version") != std::string::npos);
    CHECK(fault("6D0E 5C04DF40DF45 DF400131 DF450131").find("DF45") != std::string::npos);
    CHECK(fault_of([] {
              encode_dg13({"1", "2", "3", "1369-13-01", {}});
          }).find("YYYY-MM-DD") != std::string::npos);
    CHECK(fault_of([] { encode_dg13({"1", "2", "3", "1369-01-01", {Bytes{0x63, 0x00}}}); }) != "");
}
