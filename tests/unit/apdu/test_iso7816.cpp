// SPDX-License-Identifier: Apache-2.0
#include "apdu/iso7816.h"
#include "tests/support/vectors.h"
#include "tests/unit/apdu/support.h"

using namespace kartsaz;
using namespace kartsaz::apdu;
using test::check_error;

TEST_CASE("builders give the bytes their clauses print") {
    const Bytes aid = from_hex("A0000002471001");
    struct Row {
        CommandApdu command;
        const char* wire;
    };
    const Row rows[] = {
        {select_aid(aid), "00A4040007A000000247100100"},
        {select_aid_quiet(aid), "00A4040C07A0000002471001"},
        {select_ef(0x011E), "00A4020C02011E"},
        {select_fid(0x3F00), "00A4000C023F00"},
        {read_binary(0, 4), "00B0000004"},
        {read_binary(0x1234, 256), "00B0123400"},
        {read_binary(0x7FFF, 257), "00B07FFF000101"},
        {update_binary(0x0102, Bytes{0xAA, 0xBB}), "00D6010202AABB"},
        {get_challenge(8), "0084000008"},
        {mutual_authenticate(Bytes{1, 2}, 40), "0082000002010228"},
        {internal_authenticate(Bytes(8, 0x11), 256), "0088000008111111111111111100"},
        {internal_authenticate(Bytes{0x11}, 512), "00880000000001110200"},
        {manage_security_environment(0xC1, 0xA4, Bytes{0x83, 0x01, 0x01}), "0022C1A403830101"},
        {general_authenticate({}, false), "10860000027C0000"},
        {general_authenticate(Bytes{0x85, 0x01, 0xAA}, true), "00860000057C038501AA00"},
        {get_data(0x9F7F, 0x80), "80CA9F7F00"},
        {get_data(0x0101), "00CA010100"},
        {put_data(0xDEAD, {}), "00DADEAD"},
        {put_data(0x0062, Bytes{0x01}), "00DA00620101"},
        {get_response(0x01, 256), "01C0000000"},
    };
    for (const auto& row : rows) {
        CAPTURE(row.wire);
        CHECK(to_hex(encode(row.command)) == row.wire);
    }
}

TEST_CASE("offsets and identifiers that the command cannot carry are refused") {
    check_error([] { read_binary(0x8000, 1); }, Errc::usage, {"32768"});
    check_error([] { update_binary(0x8000, Bytes{1}); }, Errc::usage, {"32767"});
    check_error([] { select_aid(Bytes(17, 0xA0)); }, Errc::usage, {"17 bytes"});
}
