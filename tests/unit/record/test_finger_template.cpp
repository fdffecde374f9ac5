// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <filesystem>

#include "apdu/error.h"
#include "libcard/record/finger_template.h"
#include "tests/support/vectors.h"
#include "tests/unit/record/cases.h"

using namespace kartsaz;
using namespace kartsaz::record;

namespace {

std::vector<unsigned> fields_of(const Minutia& m) {
    return {m.type, m.x, m.y, m.angle, m.quality};
}

}  // namespace

TEST_CASE("the ISO record vector is parsed to its last byte", "[record]") {
    int count = 0;
    for (const auto& vector : test::vectors("biometrics", "iso-19794-2-2005")) {
        const FingerTemplate finger = parse_finger_template(vector.bytes("record"), vector.id());
        CHECK(finger.format == TemplateFormat::iso_19794_2_2005);
        CHECK(finger.bytes == vector.bytes("record"));
        CHECK(finger.x_resolution == vector.data["resolution_ppcm"].get<unsigned>());
        CHECK(finger.position == 7);
        REQUIRE(finger.views.size() == 1);
        const auto& minutiae = vector.data["minutiae_type_x_y_angle_quality"];
        REQUIRE(finger.views[0].minutiae.size() == minutiae.size());
        for (std::size_t i = 0; i < minutiae.size(); ++i) {
            CHECK(fields_of(finger.views[0].minutiae[i]) == minutiae[i].get<std::vector<unsigned>>());
        }
        ++count;
    }
    CHECK(count >= 1);
}

TEST_CASE("the INCITS 378 golden record is parsed to its last byte", "[record]") {
    int count = 0;
    for (const auto& vector : test::vectors("biometrics", "incits-378-2004")) {
        const FingerTemplate finger = parse_finger_template(vector.bytes("record"), vector.id());
        CHECK(finger.format == TemplateFormat::incits_378_2004);
        const auto& header = vector.data["header"];
        CHECK(finger.width == header["x"].get<unsigned>());
        CHECK(finger.height == header["y"].get<unsigned>());
        const auto& views = vector.data["views"];
        REQUIRE(finger.views.size() == views.size());
        for (std::size_t i = 0; i < views.size(); ++i) {
            CHECK(finger.views[i].position == views[i]["finger_position"].get<unsigned>());
            CHECK(finger.views[i].view == views[i]["view"].get<unsigned>());
            CHECK(finger.views[i].impression == views[i]["impression"].get<unsigned>());
            CHECK(finger.views[i].quality == views[i]["quality"].get<unsigned>());
            CHECK(finger.views[i].extended_bytes == views[i]["ext_block_length"].get<std::size_t>());
            REQUIRE(finger.views[i].minutiae.size() == views[i]["count"].get<std::size_t>());
            const auto& first = views[i]["first_minutiae_type_x_y_angle_quality"];
            for (std::size_t m = 0; m < first.size(); ++m) {
                CHECK(fields_of(finger.views[i].minutiae[m]) == first[m].get<std::vector<unsigned>>());
            }
        }
        CHECK(finger.position == 0);  // two different fingers
        ++count;
    }
    CHECK(count >= 1);
}

TEST_CASE("an INCITS 378 record with the long form of its length is told from ISO", "[record]") {
    Bytes record = test::read_bytes(test::good2_dir() / "left-index.fmr");
    const Bytes length = concat({Bytes{0, 0}, big_endian(record.size() + 4, 4)});
    record.erase(record.begin() + 8, record.begin() + 10);
    record.insert(record.begin() + 8, length.begin(), length.end());
    const FingerTemplate finger = parse_finger_template(record, "x");
    CHECK(finger.format == TemplateFormat::incits_378_2004);
    CHECK(finger.position == 7);
    CHECK(finger.views.at(0).minutiae.size() == 35);
}

TEST_CASE("extended data of known and of vendor types is walked to its end", "[record]") {
    Bytes record = test::read_bytes(test::demo_dir() / "right-index.fmr");
    const Bytes ridges = from_hex("0001 000B 01 010203 2A0504");
    const Bytes cores = from_hex("0002 0013 02 4064 0064 20 0065 0065 01 0066 0066");
    const Bytes vendor = from_hex("0101 0006 CAFE");
    const Bytes extended = concat({ridges, cores, vendor});
    record.resize(record.size() - 2);
    append(record, big_endian(extended.size(), 2));
    append(record, extended);
    const Bytes length = big_endian(record.size(), 4);
    std::copy(length.begin(), length.end(), record.begin() + 8);
    CHECK(parse_finger_template(record, "x").views.at(0).extended_bytes == extended.size());
}

TEST_CASE("the same view of a finger twice is refused", "[record]") {
    Bytes record = test::read_bytes(test::demo_dir() / "right-index.fmr");
    const Bytes view(record.begin() + 24, record.end());
    append(record, view);
    record[22] = 2;
    const Bytes length = big_endian(record.size(), 4);
    std::copy(length.begin(), length.end(), record.begin() + 8);
    CHECK_THROWS_WITH(parse_finger_template(record, "x"),
                      "x: offset 283: view 0 of the same finger for the second time");
    record[283] = 0x10;
    CHECK(parse_finger_template(record, "x").views.size() == 2);
}

TEST_CASE("a template larger than its length field can say is refused", "[record]") {
    Bytes record = test::read_bytes(test::demo_dir() / "right-index.fmr");
    record.resize(65'536);
    CHECK_THROWS_WITH(parse_finger_template(record, "x"), "x: offset 65535: longer than 65535 bytes");
}

TEST_CASE("real templates are accepted and truncated ones refused", "[record]") {
    const auto shared = test::shared_dir();
    if (!shared || !std::filesystem::is_directory(*shared / "data" / "fingerprints")) {
        WARN("skipped: the shared folder with real templates is not here (KARTSAZ_SHARED)");
        return;
    }
    namespace fs = std::filesystem;
    std::size_t good = 0;
    std::size_t bad = 0;
    for (const auto& entry : fs::recursive_directory_iterator{*shared / "data" / "fingerprints" / "valid"}) {
        if (!entry.is_regular_file()) continue;
        INFO(entry.path().string());
        const Bytes bytes = test::read_bytes(entry.path());
        CHECK_NOTHROW(parse_finger_template(bytes, "x"));
        for (std::size_t size = 0; size < bytes.size(); ++size) {
            if (!test::contains(
                    test::refusal([&] { parse_finger_template(ByteView{bytes}.first(size), "x"); }),
                    "x: offset ")) {
                FAIL_CHECK("accepted when cut off at " << size);
            }
        }
        ++good;
    }
    for (const auto& entry :
         fs::recursive_directory_iterator{*shared / "data" / "fingerprints" / "invalid"}) {
        if (!entry.is_regular_file()) continue;
        INFO(entry.path().string());
        const Bytes bytes = test::read_bytes(entry.path());
        CHECK_THAT(test::refusal([&] { parse_finger_template(bytes, "x"); }),
                   Catch::StartsWith("x: offset "));
        ++bad;
    }
    CHECK(good >= 40);
    CHECK(bad >= 3);
}

TEST_CASE("fingers have names", "[record]") {
    CHECK(finger_name(0) == "unknown finger");
    CHECK(finger_name(1) == "right thumb");
    CHECK(finger_name(2) == "right index");
    CHECK(finger_name(6) == "left thumb");
    CHECK(finger_name(10) == "left little");
    CHECK_THROWS_AS(finger_name(11), Error);
}
