// SPDX-License-Identifier: Apache-2.0
#include "apdu/bytes.h"
#include "tests/unit/apdu/support.h"

using namespace kartsaz;
using test::check_error;

TEST_CASE("hex text is read with blanks and either case, and written in upper case") {
    CHECK(from_hex("00a4 04\t00\n") == Bytes{0x00, 0xA4, 0x04, 0x00});
    CHECK(from_hex("").empty());
    CHECK(to_hex(Bytes{0x0F, 0xA0}) == "0FA0");
}

TEST_CASE("hex text that is none is refused with its offset") {
    check_error([] { from_hex("00G4"); }, Errc::input_invalid, {"offset 2"});
    check_error([] { from_hex("00A"); }, Errc::input_invalid, {"odd"});
}

TEST_CASE("integers are big-endian in as many bytes as asked for") {
    CHECK(big_endian(0x1234, 2) == Bytes{0x12, 0x34});
    CHECK(big_endian(0x1234, 3) == Bytes{0x00, 0x12, 0x34});
    CHECK(big_endian(Bytes{0xFF, 0x01}) == 0xFF01);
    CHECK(big_endian(Bytes(8, 0xFF)) == 0xFFFFFFFFFFFFFFFFU);
    check_error([] { big_endian(Bytes(9, 0x00)); }, Errc::internal);
    check_error([] { big_endian(ByteView{}); }, Errc::internal);
}

TEST_CASE("parts are joined in their order") {
    CHECK(concat({Bytes{1}, Bytes{}, Bytes{2, 3}}) == Bytes{1, 2, 3});
    CHECK(to_text(to_bytes("MRZ")) == "MRZ");
}
