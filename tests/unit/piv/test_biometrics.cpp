// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>

#include "apdu/error.h"
#include "libcard/app/piv/fingers.h"
#include "tests/unit/piv/samples.h"

using namespace kartsaz;
using namespace kartsaz::app::piv;
using Catch::Contains;
using record::parse_finger_template;
using test::fault_of;
using test::piv_vector;
using test::small_finger;

TEST_CASE(
    "angles go from units of 360/256 to units of 2 degrees as the vectors say, and back to the nearest") {
    const auto table = piv_vector("angle-conversions", "biometrics").data.at("table");
    REQUIRE(table.size() == 7);
    for (const auto& row : table) {
        const auto iso = row.at("iso8bit").get<unsigned>();
        const auto incits = row.at("incits378").get<unsigned>();
        INFO(row.dump());
        CHECK(incits_angle(iso) == incits);
        // 45 degrees is not a multiple of 2, so it comes back as 44
        CHECK((iso_angle(incits) == iso || iso_angle(incits) + 1 == iso));
    }
}

TEST_CASE(
    "every angle of INCITS 378 survives the way through ISO, and no angle turns by more than one degree") {
    for (unsigned angle = 0; angle < 180; ++angle) CHECK(incits_angle(iso_angle(angle)) == angle);
    for (unsigned angle = 0; angle < 256; ++angle) {
        const double degrees = angle * 360.0 / 256.0;
        const double turned = incits_angle(angle) * 2.0;
        const double difference = std::abs(degrees - turned);
        CHECK(std::min(difference, 360.0 - difference) <= 1.0);
        CHECK(incits_angle(angle) < 180);
    }
}

TEST_CASE("the golden INCITS 378 record goes to ISO/IEC 19794-2 and back with every byte") {
    const auto golden = piv_vector("incits378-golden", "biometrics").bytes("record");
    const auto parsed = parse_finger_template(golden, "golden");
    CHECK(to_incits378(parsed, {1, 1}) == golden);
    const auto iso = parse_finger_template(to_iso19794_2(parsed), "iso");
    CHECK(iso.format == record::TemplateFormat::iso_19794_2_2005);
    CHECK(iso.bytes.size() == golden.size() - 2);
    CHECK(to_hex(ByteView{iso.bytes}.subspan(8, 6)) == "000002468001");
    CHECK(iso.views[0].minutiae[2].angle == 155);  // 109 units of 2 degrees
    CHECK(to_incits378(iso, {1, 1}) == golden);
}

TEST_CASE("the ISO record of the vectors becomes INCITS 378 with the product and the nearest angles") {
    const auto record = piv_vector("iso19794-2-record", "biometrics").bytes("record");
    const auto incits = to_incits378(parse_finger_template(record, "iso"), {0x1234, 0x5678});
    CHECK(to_hex(incits) ==
          "464D5200203230000038"
          "12345678"
          "0000"
          "012C0190"
          "00C500C5"
          "0100"
          "07005504"
          "406400C82D50"
          "8096"
          "00785A46"
          "41040136163C"
          "805A01869D00"
          "0000");
    const auto back = parse_finger_template(to_iso19794_2(parse_finger_template(incits, "378")), "iso");
    CHECK(back.views[0].minutiae.size() == 4);
    CHECK(back.views[0].minutiae[0].angle == 64);
}

TEST_CASE("two templates become one PIV record, each finger a view") {
    const auto record = piv_minutiae({small_finger(2), small_finger(7, 3)}, {1, 2});
    const auto parsed = parse_finger_template(record, "piv");
    CHECK(parsed.format == record::TemplateFormat::incits_378_2004);
    CHECK(parsed.width == 307);
    REQUIRE(parsed.views.size() == 2);
    CHECK(parsed.views[0].position == 2);
    CHECK(parsed.views[1].position == 7);
    CHECK(parsed.views[1].minutiae.size() == 3);
    CHECK(parsed.views[1].view == 0);
    CHECK(to_hex(ByteView{record}.subspan(10, 6)) == "000100028123");
    CHECK(piv_minutiae({small_finger(2)}, {1, 2}).size() == 26 + 4 + 2 * 6 + 2);
}

TEST_CASE("the templates that a real extractor made become PIV records, no minutia moved or lost") {
    const auto shared = test::shared_dir();
    if (!shared || !std::filesystem::is_directory(*shared / "data" / "fingerprints" / "valid")) {
        WARN("the finger templates are not there (KARTSAZ_SHARED); this test showed nothing");
        return;
    }
    std::size_t count = 0;
    for (const auto& entry :
         std::filesystem::directory_iterator{*shared / "data" / "fingerprints" / "valid"}) {
        INFO(entry.path().filename());
        auto from = parse_finger_template(test::read_bytes(entry.path()), "iso");
        if (from.views[0].position == 0) from.position = 2;  // as the record says it
        const auto to = parse_finger_template(piv_minutiae({from, small_finger(7)}, {1, 1}), "piv");
        REQUIRE(to.views.size() == 2);
        const auto& old_ones = from.views[0].minutiae;
        const auto& new_ones = to.views[0].minutiae;
        REQUIRE(new_ones.size() == old_ones.size());
        for (std::size_t i = 0; i < old_ones.size(); ++i) {
            const bool same = old_ones[i].x == new_ones[i].x && old_ones[i].y == new_ones[i].y &&
                              old_ones[i].type == new_ones[i].type &&
                              old_ones[i].quality == new_ones[i].quality;
            CHECK(same);
            CHECK(new_ones[i].angle == incits_angle(old_ones[i].angle));
        }
        ++count;
    }
    CHECK(count >= 40);
}

TEST_CASE("of more than 128 minutiae the best are kept in their order") {
    const auto many = small_finger(2, 150);
    const auto parsed = parse_finger_template(piv_minutiae({many}, {1, 1}), "piv");
    const auto& kept = parsed.views[0].minutiae;
    REQUIRE(kept.size() == 128);
    // qualities are 0..100, 0..48: the 22 worst are the pairs of 0 to 10
    CHECK(std::ranges::all_of(kept, [](const auto& m) { return m.quality >= 11; }));
    CHECK(std::ranges::is_sorted(kept, {}, &record::Minutia::x));
}

TEST_CASE("what PIV does not take as fingerprints is refused in words") {
    const auto refusal = [](const std::vector<record::FingerTemplate>& fingers) {
        return fault_of([&] { piv_minutiae(fingers, {1, 1}); });
    };
    CHECK_THAT(refusal({}), Contains("0 templates, PIV takes one or two"));
    CHECK_THAT(refusal({small_finger(1), small_finger(2), small_finger(3)}), Contains("3 templates"));
    CHECK_THAT(refusal({small_finger(2), small_finger(2)}), Contains("twice the same finger"));
    CHECK_THAT(refusal({small_finger(0)}), Contains("unknown"));
    CHECK_THAT(refusal({small_finger(2, 2, 118)}), Contains("118 x 118 pixels per cm, PIV wants 197"));
}

TEST_CASE("a face record has the golden header, and a picture of another kind than told is refused") {
    const auto v = piv_vector("face-golden-header", "biometrics");
    const auto header = v.bytes("header_46_bytes");
    auto record = header;
    append(record, from_hex("0000000C6A502020"));
    record.resize(5444);
    const auto face = decode_face(record, "face", 100);
    CHECK(face.width == 200);
    CHECK(face.height == 162);
    CHECK(face.jpeg2000);
    CHECK(face.expression == 1);
    CHECK(face.image_offset == 46);
    CHECK(encode_face(face) == record);
    record[35] = 0;  // JPEG
    CHECK_THAT(fault_of([&] { decode_face(record, "face", 100); }),
               Contains("face: offset 146: face record: no JPEG image starts here"));
    record[13] = 2;
    CHECK_THAT(fault_of([&] { decode_face(record, "face", 100); }),
               Contains("face: offset 112: face record: number of faces 2, 1 expected"));
}

TEST_CASE("the lengths of a face record and its feature points are held against its size") {
    const auto good = encode_face(test::small_face());
    CHECK(decode_face(good, "face").points == test::small_face().points);
    for (const std::size_t at : {11U, 17U, 19U}) {
        auto bad = good;
        ++bad[at];
        INFO("offset " << at);
        CHECK_THAT(fault_of([&] { decode_face(bad, "face"); }), Contains("face: offset"));
    }
}

TEST_CASE("the photo of a record becomes a full frontal face of its size") {
    record::Photo photo{from_hex("FFD8FFE000104A46"), record::PhotoFormat::jpeg, 240, 320, false};
    const auto face = decode_face(encode_face(face_of(photo, 2)), "face");
    CHECK(face.gender == 2);
    CHECK(face.width == 240);
    CHECK(face.height == 320);
    CHECK(face.colour == 3);
    CHECK(face.image_type == 1);
    CHECK(face.image == photo.bytes);
    photo.format = record::PhotoFormat::jpeg2000;
    CHECK_THROWS_AS(encode_face(face_of(photo, 2)), Error);
}

TEST_CASE("CBEFF times are written as the golden card has them and read back") {
    const CbeffTime golden{0x14, 0x12, 0x05, 0x10, 0x03, 0x27, 0x13, 0x5A};
    const auto seconds = seconds_of(golden);
    REQUIRE(seconds == 1'526'441'959);  // 2018-05-16 03:39:19
    CHECK(cbeff_time(*seconds) == golden);
    for (const std::size_t at : {2U, 3U, 4U, 5U, 6U, 7U}) {
        auto bad = golden;
        bad[at] = 99;
        CHECK_FALSE(seconds_of(bad));
    }
}

TEST_CASE("each value of a CBEFF header that is not that of its container is told with its offset") {
    const auto good = test::small_biometric().header;
    REQUIRE(header_faults(good, Biometric::face).empty());
    const std::vector<std::pair<std::size_t, std::function<void(CbeffHeader&)>>> changes{
        {0, [](auto& h) { h.version = 2; }},           {1, [](auto& h) { h.security = 0x0B; }},
        {8, [](auto& h) { h.format_owner = 0x0101; }}, {10, [](auto& h) { h.format_type = 0x0401; }},
        {12, [](auto& h) { h.created[7] = 'A'; }},     {20, [](auto& h) { h.valid_from[2] = 13; }},
        {28, [](auto& h) { h.valid_to[3] = 32; }},     {36, [](auto& h) { h.biometric_type = 8; }},
        {39, [](auto& h) { h.data_type = 0x80; }},     {40, [](auto& h) { h.quality = 101; }},
        {41, [](auto& h) { h.creator[17] = 'x'; }},    {84, [](auto& h) { h.reserved[3] = 1; }}};
    for (const auto& [offset, change] : changes) {
        auto header = good;
        change(header);
        const auto faults = header_faults(header, Biometric::face);
        INFO("offset " << offset);
        REQUIRE(faults.size() == 1);
        CHECK(faults[0].offset == offset);
        CHECK(faults[0].expected != faults[0].got);
    }
}
