// SPDX-License-Identifier: Apache-2.0
#include "apdu/tlv.h"
#include "tests/unit/apdu/support.h"

using namespace kartsaz;
using namespace kartsaz::apdu;
using test::check_error;

TEST_CASE("objects are written with minimal lengths at every border") {
    struct Row {
        std::size_t size;
        const char* header;
    };
    for (const auto& row : {Row{0, "5F1F00"}, Row{127, "5F1F7F"}, Row{128, "5F1F8180"}, Row{255, "5F1F81FF"},
                            Row{256, "5F1F820100"}, Row{65535, "5F1F82FFFF"}, Row{65536, "5F1F83010000"}}) {
        const Bytes out = TlvWriter{}.put(0x5F1F, Bytes(row.size, 0x3C)).bytes();
        const std::size_t head = out.size() - row.size;
        CHECK(to_hex(ByteView{out}.first(head)) == row.header);
    }
}

TEST_CASE("objects nest and texts and encoded bytes are put as they are") {
    const Bytes out = TlvWriter{}
                          .nest(0x60,
                                [](TlvWriter& com) {
                                    com.put(0x5F01, "0107").put(0x5C, Bytes{0x61, 0x75});
                                })
                          .raw(Bytes{0x53, 0x00})
                          .bytes();
    CHECK(to_hex(out) == "600B5F0104303130375C0261755300");
}

TEST_CASE("a number that is no BER-TLV tag is not written") {
    for (const std::uint32_t tag : {0x00U, 0x1FU, 0x5F81U, 0x6161U, 0x7F8182U}) {
        CAPTURE(tag);
        check_error([&] { TlvWriter{}.put(tag, Bytes{}); }, Errc::usage, {"not a BER-TLV tag"});
    }
}

TEST_CASE("objects are read with their places in the outermost bytes") {
    const Bytes bytes = from_hex("60 0B 5F0104 30313037 5C02 6175");
    TlvReader reader{bytes, "EF.COM"};
    CHECK(reader.peek() == 0x60U);
    const Tlv com = reader.next(0x60);
    CHECK(com.constructed());
    CHECK(com.offset == 0);
    CHECK(com.value_offset == 2);
    CHECK(com.whole.size() == bytes.size());
    TlvReader inner = reader.enter(com);
    CHECK_FALSE(inner.maybe(0x5C));
    const auto version = inner.maybe(0x5F01);
    REQUIRE(version);
    CHECK(version->offset == 2);
    CHECK(to_text(version->value) == "0107");
    CHECK_FALSE(version->constructed());
    CHECK(inner.offset() == 9);
    CHECK(inner.next().tag == 0x5C);
    CHECK(inner.done());
    CHECK_FALSE(inner.peek());
    CHECK_NOTHROW(inner.finish());
}

TEST_CASE("lengths need not be minimal when read") {
    const Bytes bytes = from_hex("04 84 00000001 AA");
    TlvReader reader{bytes, "x"};
    CHECK(reader.next(0x04).value.size() == 1);
}

TEST_CASE("each broken rule is named with its offset") {
    struct Row {
        const char* bytes;
        const char* text;
    };
    const Row rows[] = {
        {"7F", "EF.X: offset 1: the data ends inside a tag"},
        {"7F8182838401", "EF.X: offset 0: tag of more than 4 bytes"},
        {"0001AA", "EF.X: offset 0: 00 is not a tag"},
        {"61", "EF.X: offset 1: the data ends where a length is expected"},
        {"6180AA0000", "EF.X: offset 1: indefinite length"},
        {"6185000000000100", "EF.X: offset 1: length of 5 bytes, 4 at most"},
        {"618201", "EF.X: offset 2: the data ends inside a length"},
        {"6102AA", "EF.X: offset 1: length 2 runs past the end"},
        {"6184FFFFFFFF00", "EF.X: offset 1: length 4294967295 runs past the end"},
        {"610100620300", "EF.X: offset 4: length 3 runs past the end"},
    };
    for (const auto& row : rows) {
        CAPTURE(row.bytes);
        const Bytes bytes = from_hex(row.bytes);
        check_error(
            [&] {
                TlvReader reader{bytes, "EF.X"};
                while (!reader.done()) reader.next();
            },
            Errc::input_invalid, {row.text});
    }
}

TEST_CASE("a missing, a wrong and a left-over object are refused") {
    const Bytes bytes = from_hex("6101AA");
    TlvReader reader{bytes, "EF.X", 10};
    check_error([&] { reader.next(0x75); }, Errc::input_invalid, {"offset 10: tag 75 expected, 61 found"});
    check_error([&] { reader.finish(); }, Errc::input_invalid, {"offset 10: 3 bytes left over"});
    reader.next();
    check_error([&] { reader.next(0x75); }, Errc::input_invalid,
                {"offset 13: tag 75 expected, but the data ends"});
    check_error([&] { reader.next(); }, Errc::input_invalid, {"offset 13"});
}

TEST_CASE("every truncation of an object is refused") {
    const Bytes whole = TlvWriter{}.put(0x7F61, Bytes(300, 0x11)).bytes();
    for (std::size_t size = 1; size < whole.size(); ++size) {
        TlvReader reader{ByteView{whole}.first(size), "cut"};
        check_error([&] { reader.next(); }, Errc::input_invalid);
    }
}

TEST_CASE("deeply nested objects are walked without recursion") {
    Bytes bytes;
    for (int i = 0; i < 200; ++i) bytes = TlvWriter{}.put(0x61, bytes).bytes();
    TlvReader reader{bytes, "deep"};
    int depth = 0;
    while (!reader.done()) {
        reader = reader.enter(reader.next(0x61));
        ++depth;
    }
    CHECK(depth == 200);
}

TEST_CASE("the total length of a file follows from its first bytes") {
    CHECK(tlv_total_length(from_hex("615D"), "EF.DG1") == 95U);
    CHECK(tlv_total_length(from_hex("758240B0"), "EF.DG2") == 16564U);
    CHECK_FALSE(tlv_total_length(from_hex("7582"), "EF.DG2"));
    CHECK_FALSE(tlv_total_length(from_hex("7F"), "x"));
    CHECK_FALSE(tlv_total_length({}, "x"));
    check_error([] { tlv_total_length(from_hex("7580"), "EF.DG2"); }, Errc::input_invalid,
                {"EF.DG2", "indefinite"});
    check_error([] { tlv_total_length(from_hex("00000000"), "EF.DG2"); }, Errc::input_invalid, {"not a tag"});
}

TEST_CASE("an object is found among its siblings and not inside them") {
    const Bytes bytes = from_hex("6103 5F0100 5C0161 5C0162");
    const auto found = find_tlv(bytes, 0x5C, "x");
    REQUIRE(found);
    CHECK(found->value[0] == 0x61);
    CHECK_FALSE(find_tlv(bytes, 0x5F01, "x"));
    check_error([&] { find_tlv(from_hex("5C0561"), 0x61, "x"); }, Errc::input_invalid, {"past the end"});
}
