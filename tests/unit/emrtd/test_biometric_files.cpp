// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "apdu/error.h"
#include "apdu/tlv.h"
#include "libcard/app/emrtd/lds.h"
#include "tests/unit/emrtd/decoders.h"

using namespace kartsaz;
using namespace kartsaz::app::emrtd;
using namespace kartsaz::test;
using apdu::TlvWriter;

namespace {

const Bytes dummy_jpeg{0xFF, 0xD8, 0xFF, 0xD9};

Bytes face_block(std::size_t points, ByteView image, std::uint8_t data_type) {
    Bytes block;
    append(block, big_endian(20 + 8 * points + 12 + image.size(), 4));
    append(block, big_endian(points, 2));
    append(block, Bytes{0x02});
    append(block, Bytes(13 + 8 * points, 0x00));
    append(block, Bytes{0x01, data_type, 0x00, 0xC8, 0x00, 0xA2, 0x01, 0x02, 0x00, 0x00, 0x00, 0x00});
    append(block, image);
    return block;
}

Bytes face_record(const std::vector<Bytes>& blocks) {
    Bytes all;
    for (const auto& block : blocks) append(all, block);
    return concat(
        {from_hex("4641430030313000"), big_endian(14 + all.size(), 4), big_endian(blocks.size(), 2), all});
}

/// DG2 as another issuer may write it.
Bytes foreign_dg2(const std::vector<Bytes>& records, std::uint32_t block_tag, std::string_view format,
                  bool numbered_headers = false) {
    std::uint32_t header_tag = 0xA1;
    return TlvWriter{}
        .nest(0x75,
              [&](TlvWriter& file) {
                  file.nest(0x7F61, [&](TlvWriter& group) {
                      group.put(0x02, ByteView{Bytes{static_cast<std::uint8_t>(records.size())}});
                      for (const auto& record : records) {
                          group.nest(0x7F60, [&](TlvWriter& one) {
                              one.put(header_tag, ByteView{from_hex(format)});
                              one.put(block_tag, ByteView{record});
                          });
                          if (numbered_headers) ++header_tag;
                      }
                  });
              })
        .bytes();
}

constexpr std::string_view iso_face_header = "8002010181010282010083072024010112000087020101 88020008";

}  // namespace

TEST_CASE("EF.DG2 with a dummy image is the vector's, byte for byte, and reads back") {
    Dg2 face;
    face.image = dummy_jpeg;
    face.jpeg2000 = true;  // the vector's image data type is 01, whatever its dummy image looks like
    face.width = 240;
    face.height = 320;
    CHECK(to_hex(encode_dg2(face)) == to_hex(lds_file("EF.DG2")));
    const Dg2 back = decode_dg2(lds_file("EF.DG2"));
    CHECK(back.image == dummy_jpeg);
    CHECK(back.jpeg2000);
    CHECK(back.width == 240);
    CHECK(back.height == 320);
    CHECK(back.gender == 0);
    CHECK(back.image_offset == lds_file("EF.DG2").size() - 4);
}

TEST_CASE("EF.DG2 with a large JPEG 2000 image reads back, and the offset points at the image") {
    Dg2 face;
    face.image = Bytes(15'000, 0x42);
    face.image[0] = 0x11;
    face.jpeg2000 = true;
    face.width = 413;
    face.height = 531;
    face.gender = 2;
    const Bytes file = encode_dg2(face);
    const Dg2 back = decode_dg2(file);
    CHECK(back.image == face.image);
    CHECK(back.jpeg2000);
    CHECK(back.width == 413);
    CHECK(back.height == 531);
    CHECK(back.gender == 2);
    CHECK(file[back.image_offset] == 0x11);
    CHECK(file.size() - back.image_offset == 15'000);
}

TEST_CASE("the header of the golden face record of a PIV card is read") {
    Bytes header;
    for (const auto& vector : vectors("biometrics", "iso-19794-5-2005 / INCITS 385")) {
        header = vector.bytes("header_46_bytes");
    }
    REQUIRE(header.size() == 46);
    const Bytes record = concat({header, Bytes(5444 - 46, 0x33)});
    const Dg2 face = decode_dg2(foreign_dg2({record}, 0x5F2E, "8702001B 88020501"));
    CHECK(face.jpeg2000);
    CHECK(face.width == 200);
    CHECK(face.height == 162);
    CHECK(face.image == Bytes(5398, 0x33));
}

TEST_CASE("EF.DG2 as other issuers write it: 7F2E, feature points, several images, numbered headers") {
    const Bytes one = face_record({face_block(3, dummy_jpeg, 0), face_block(0, Bytes(9, 0x01), 1)});
    const Bytes two = face_record({face_block(0, Bytes(5, 0x02), 1)});
    for (const std::uint32_t block_tag : {0x5F2EU, 0x7F2EU}) {
        const Bytes file = foreign_dg2({one, two}, block_tag, iso_face_header, true);
        const Dg2 face = decode_dg2(file);
        CHECK(face.image == dummy_jpeg);
        CHECK(face.gender == 2);
        CHECK(face.width == 200);
        CHECK(Bytes(file.begin() + static_cast<std::ptrdiff_t>(face.image_offset),
                    file.begin() + static_cast<std::ptrdiff_t>(face.image_offset + 4)) == dummy_jpeg);
    }
}

TEST_CASE("a face record whose lengths disagree is refused with the offset") {
    const auto fault = [](const Bytes& record, std::string_view format = iso_face_header) {
        return fault_of([&] { decode_dg2(foreign_dg2({record}, 0x5F2E, format)); });
    };
    const Bytes good = face_record({face_block(1, dummy_jpeg, 0)});
    REQUIRE(fault(good).empty());
    CHECK(fault(patched(good, 0, 1, "45")).find("not a face record") != std::string::npos);
    CHECK(fault(patched(good, 4, 3, "303330")).find("not a face record") != std::string::npos);
    CHECK(fault(patched(good, 11, 1, "00")).find("record length") != std::string::npos);
    CHECK(fault(patched(good, 8, 1, "80")).find("record length") != std::string::npos);
    CHECK(fault(patched(good, 12, 2, "0000")).find("no image") != std::string::npos);
    CHECK(fault(patched(good, 12, 2, "0002")).find("ends inside") != std::string::npos);
    CHECK(fault(patched(good, 14, 4, "FFFFFFFF")).find("runs past") != std::string::npos);
    CHECK(fault(patched(good, 14, 4, "00000010")).find("no room") != std::string::npos);
    CHECK(fault(patched(good, 14, 4, "0000002B")).find("left over") != std::string::npos);
    CHECK(fault(patched(good, 18, 2, "FFFF")).find("no room") != std::string::npos);
    CHECK(fault(patched(good, 43, 1, "02")).find("image data type") != std::string::npos);
    CHECK(fault(good, "87020101 88020009").find("0101/0009") != std::string::npos);
    CHECK(fault(good, "87020101").find("no format") != std::string::npos);
    CHECK(fault(good, "8701018802 0008").find("2 bytes expected") != std::string::npos);
    CHECK(fault_of([&] { decode_dg2(foreign_dg2({}, 0x5F2E, iso_face_header)); }).find("no face") !=
          std::string::npos);
    CHECK(fault_of([] { encode_dg2({}); }).find("no image") != std::string::npos);
}

TEST_CASE("fingers read back with format, subtype and place") {
    const Bytes iso = vectors("biometrics", "iso-19794-2-2005").front().bytes("record");
    const Bytes incits = vectors("biometrics", "incits-378-2004").front().bytes("record");
    const Bytes file = encode_dg3({{iso, false, finger_subtype(2), 0}, {incits, true, finger_subtype(6), 0}});
    const auto fingers = decode_dg3(file);
    REQUIRE(fingers.size() == 2);
    CHECK(fingers[0].record == iso);
    CHECK_FALSE(fingers[0].incits);
    CHECK(fingers[0].subtype == 0x09);
    CHECK(fingers[1].record == incits);
    CHECK(fingers[1].incits);
    CHECK(finger_position(fingers[1].subtype) == 6);
    for (const auto& finger : fingers) {
        CHECK(to_text(ByteView{file}.subspan(finger.record_offset, 3)) == "FMR");
    }
}

TEST_CASE("EF.DG3 with one finger is this, byte for byte") {
    // Made by hand from ICAO Doc 9303-10, tables 47 to 50, and ISO/IEC 7816-11.
    CHECK(to_hex(encode_dg3({{Bytes{0xAB, 0xCD}, false, 0x09, 0}})) ==
          "63227F611F0201017F6019A112800201018101088201098702010188020001"
          "5F2E02ABCD");
}

TEST_CASE("finger positions and subtypes are each other's inverse") {
    for (unsigned position = 0; position <= 10; ++position) {
        CHECK(finger_position(finger_subtype(position)) == position);
    }
    CHECK(finger_subtype(1) == 0x05);
    CHECK(finger_subtype(7) == 0x0A);
    CHECK(finger_subtype(10) == 0x16);
    CHECK(finger_position(0x01) == 0);  // right, finger not told
    CHECK_THROWS_AS(finger_subtype(11), Error);
}

TEST_CASE("a DG3 without fingers may carry random bytes under 53, one with fingers may not") {
    CHECK(decode_dg3(from_hex("63067F6103020100")).empty());
    CHECK(decode_dg3(from_hex("630A7F61030201005302ABCD")).empty());
    Bytes with = encode_dg3({{Bytes{0xAB}, false, 0x09, 0}});
    with[1] = static_cast<std::uint8_t>(with[1] + 3);
    append(with, from_hex("5301AB"));
    CHECK(fault_of([&] { decode_dg3(with); }).find("left over") != std::string::npos);
}

TEST_CASE("a DG3 of another format, an empty template and a wrong count are refused") {
    const Bytes good = encode_dg3({{Bytes{0xAB, 0xCD}, false, 0x09, 0}});
    const auto fault = [&](std::size_t offset, std::string_view hex) {
        return fault_of([&] { decode_dg3(patched(good, offset, hex.size() / 2, hex)); });
    };
    const std::size_t count = 7, format = good.size() - 6;
    REQUIRE(good[count] == 0x01);
    REQUIRE(good[format] == 0x01);
    CHECK(fault(format, "07").find("0101/0007") != std::string::npos);
    CHECK(fault(count, "00").find("more templates") != std::string::npos);
    CHECK(fault(count, "02").find("are there") != std::string::npos);
    CHECK(fault(count, "80").find("not negative") != std::string::npos);
    CHECK(fault_of([] { encode_dg3({{{}, false, 9, 0}}); }).find("empty") != std::string::npos);
    CHECK(fault_of([] {
              encode_dg3(std::vector<Finger>(128, {Bytes{1}, false, 9, 0}));
          }).find("127") != std::string::npos);
}
