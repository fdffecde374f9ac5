// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <set>

#include "libcard/app/emrtd/lds.h"
#include "tests/unit/emrtd/decoders.h"

using namespace kartsaz;
using namespace kartsaz::app::emrtd;
using namespace kartsaz::test;

TEST_CASE("the table of files has the tags that are not in numeric order") {
    CHECK(file_of_dg(2)->tag == 0x75);
    CHECK(file_of_dg(3)->tag == 0x63);
    CHECK(file_of_dg(4)->tag == 0x76);
    CHECK(file_of_dg(11)->fid == 0x010B);
    CHECK(file_of_tag(0x77)->name == "EF.SOD");
    CHECK(find_file("EF.DG16")->tag == 0x70);
    CHECK(find_file(std::uint16_t{0x011E})->name == "EF.COM");
    CHECK(find_file("EF.DG17") == nullptr);
    CHECK(find_file(std::uint16_t{0x0111}) == nullptr);
    CHECK(file_of_tag(0x71) == nullptr);
    CHECK(file_of_dg(0) == nullptr);
    CHECK(file_of_dg(17) == nullptr);
}

TEST_CASE("no file has the name, identifier, short identifier or tag of another") {
    REQUIRE(files().size() == 18);
    std::set<std::string_view> names;
    std::set<std::uint32_t> fids, sfis, tags;
    for (const auto& file : files()) {
        names.insert(file.name);
        fids.insert(file.fid);
        sfis.insert(file.sfi);
        tags.insert(file.tag);
        CHECK((file.fid & 0xFFU) == file.sfi);
    }
    CHECK(names.size() == files().size());
    CHECK(fids.size() == files().size());
    CHECK(sfis.size() == files().size());
    CHECK(tags.size() == files().size());
}

TEST_CASE("EF.COM is the vector's, byte for byte, and reads back") {
    const Com com{"0107", "040000", {0x61, 0x75, 0x6B, 0x6C, 0x6E, 0x6F}};
    CHECK(to_hex(encode_com(com)) == to_hex(lds_file("EF.COM")));
    const Com back = decode_com(lds_file("EF.COM"));
    CHECK(back.lds_version == "0107");
    CHECK(back.unicode_version == "040000");
    CHECK(back.tags == com.tags);
}

TEST_CASE("the EF.COM of ICAO's worked example reads as it is printed") {
    const Com com = decode_com(auth_vector("ef-com-icao-example", "EF.COM"));
    CHECK(com.lds_version == "0106");
    CHECK(com.unicode_version == "040000");
    CHECK(com.tags == std::vector<std::uint32_t>{0x61, 0x75});
    CHECK(encode_com(com) == auth_vector("ef-com-icao-example", "EF.COM"));
}

TEST_CASE("EF.COM lists data groups only") {
    CHECK_FALSE(fault_of([] { encode_com({"0108", "040000", {0x77}}); }).empty());
    CHECK_FALSE(fault_of([] { encode_com({"108", "040000", {0x61}}); }).empty());
    CHECK_FALSE(fault_of([] { encode_com({"0108", "04000x", {0x61}}); }).empty());
    CHECK_FALSE(fault_of([] { encode_com({"", "040000", {0x61}}); }).empty());
}

TEST_CASE("EF.DG1 is the vector's, byte for byte, and reads back") {
    std::string mrz;
    for (const auto& vector : vectors("emrtd_auth", "lds")) {
        if (!vector.has("mrz_lines_text") || !mrz.empty()) continue;
        for (const auto& line : vector.data.at("mrz_lines_text")) mrz += line.get<std::string>();
    }
    REQUIRE(mrz.size() == 90);
    CHECK(to_hex(encode_dg1(mrz)) == to_hex(lds_file("EF.DG1")));
    CHECK(decode_dg1(lds_file("EF.DG1")) == mrz);
}

TEST_CASE("EF.DG1 takes the three sizes of a machine readable zone and no other") {
    for (const std::size_t size : {90U, 72U, 88U}) {
        const std::string mrz(size, 'A');
        CHECK(decode_dg1(encode_dg1(mrz)) == mrz);
    }
    CHECK_FALSE(fault_of([] { encode_dg1(std::string(89, 'A')); }).empty());
    CHECK_FALSE(fault_of([] { encode_dg1(std::string(89, 'A') + "a"); }).empty());
    CHECK_FALSE(fault_of([] { encode_dg1(std::string(89, 'A') + "\n"); }).empty());
}
