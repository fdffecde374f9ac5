// SPDX-License-Identifier: Apache-2.0
#include "apdu/command.h"
#include "tests/unit/apdu/support.h"

using namespace kartsaz;
using namespace kartsaz::apdu;
using test::check_error;

namespace {

CommandApdu command(std::size_t nc, std::optional<std::uint32_t> ne, bool extended = false) {
    return {0x00, 0xD6, 0x01, 0x02, Bytes(nc, 0xAB), ne, extended};
}

std::string hex_of(std::size_t count) {
    return to_hex(Bytes(count, 0xAB));
}

}  // namespace

TEST_CASE("each case has its wire form, short where the lengths allow it") {
    struct Row {
        CommandApdu command;
        std::string wire;
    };
    const Row rows[] = {
        {command(0, {}), "00D60102"},
        {command(0, 1), "00D6010201"},
        {command(0, 255), "00D60102FF"},
        {command(0, 256), "00D6010200"},
        {command(0, 257), "00D60102000101"},
        {command(0, 65536), "00D60102000000"},
        {command(0, 256, true), "00D60102000100"},
        {command(1, {}), "00D6010201AB"},
        {command(255, {}), "00D60102FF" + hex_of(255)},
        {command(256, {}), "00D60102000100" + hex_of(256)},
        {command(65535, {}), "00D6010200FFFF" + hex_of(65535)},
        {command(2, {}, true), "00D60102000002ABAB"},
        {command(1, 256), "00D6010201AB00"},
        {command(1, 257), "00D60102000001AB0101"},
        {command(256, 65536), "00D60102000100" + hex_of(256) + "0000"},
    };
    for (const auto& row : rows) {
        CAPTURE(row.wire.substr(0, 30));
        const Bytes wire = encode(row.command);
        CHECK(to_hex(wire) == row.wire);
        CHECK(encoded_size(row.command) == wire.size());
        CHECK(decode_command(wire) == row.command);
    }
}

TEST_CASE("a command without data and Le has no extended form") {
    const auto forced = command(0, {}, true);
    CHECK_FALSE(is_extended(forced));
    CHECK(to_hex(encode(forced)) == "00D60102");
}

TEST_CASE("lengths out of range are refused before anything is sent") {
    check_error([] { encode(command(65536, {})); }, Errc::usage, {"65536 bytes", "65535"});
    check_error([] { encode(command(0, 0)); }, Errc::usage, {"0 response bytes"});
    check_error([] { encode(command(0, 65537)); }, Errc::usage, {"65537"});
}

TEST_CASE("wire forms that break a length rule are refused with the rule") {
    struct Row {
        const char* wire;
        const char* rule;
    };
    const Row rows[] = {
        {"", "0 bytes"},
        {"00A404", "3 bytes"},
        {"00A4040002AB", "Lc is 2, but 1 bytes follow"},
        {"00A4040001AB0000", "2 bytes after Lc"},
        {"00A4040000AB", "neither short nor extended"},
        {"00A404000000000A", "extended Lc of 0"},
        {"00A40400000002AB", "extended Lc is 2, but 1 bytes follow"},
        {"00A40400000001AB00", "1 bytes after extended Lc"},
        {"00A40400000001AB000000", "3 bytes after extended Lc"},
    };
    for (const auto& row : rows) {
        CAPTURE(row.wire);
        check_error([&] { decode_command(from_hex(row.wire)); }, Errc::input_invalid, {row.rule});
    }
}

TEST_CASE("every truncation of a wire form is refused or is another whole command") {
    const Bytes wire = encode(command(300, 300));
    for (std::size_t size = 0; size < wire.size(); ++size) {
        const ByteView cut = ByteView{wire}.first(size);
        if (size == 4 || size == 5 || size == 7 || size == wire.size() - 2) {
            CHECK(encode(decode_command(cut)) == Bytes(cut.begin(), cut.end()));
        } else {
            check_error([&] { decode_command(cut); }, Errc::input_invalid);
        }
    }
}

TEST_CASE("a response is data and a status word") {
    const auto response = decode_response(from_hex("01029000"));
    CHECK(response == ResponseApdu{Bytes{1, 2}, StatusWord{0x9000}});
    CHECK(to_hex(encode(response)) == "01029000");
    CHECK(decode_response(from_hex("6A82")).sw == StatusWord{0x6A82});
    check_error([] { decode_response(from_hex("90")); }, Errc::input_invalid, {"1 bytes"});
}

TEST_CASE("expect passes 9000 and the words it is told, and names place and meaning of others") {
    const ResponseApdu good{Bytes{7}, StatusWord{0x9000}};
    CHECK(expect(good, "x") == good);
    CHECK(expect({{}, StatusWord{0x6282}}, "x", {0x6283, 0x6282}).sw.value() == 0x6282);
    const auto error = test::error_of([] {
        expect({Bytes{0x41}, StatusWord{0x6A82}}, "EF.DG1: select", {0x6282});
    });
    REQUIRE(error);
    CHECK(error->code() == Errc::card_refused);
    CHECK(error->sw() == StatusWord{0x6A82});
    CHECK(std::string{error->what()} == "EF.DG1: select: SW 6A82 (file or application not found)");
}

TEST_CASE("expect tells a blocked PIN from other refusals") {
    check_error([] { expect({{}, StatusWord{0x63C0}}, "PIN"); }, Errc::pin_blocked, {"no tries left"});
    check_error([] { expect({{}, StatusWord{0x6983}}, "PIN"); }, Errc::pin_blocked, {"6983"});
    check_error([] { expect({{}, StatusWord{0x63C2}}, "PIN"); }, Errc::card_refused, {"2 tries left"});
}

TEST_CASE("a status word knows tries, warnings and its two bytes") {
    CHECK(StatusWord{0x63C0}.tries_left() == 0U);
    CHECK(StatusWord{0x63CF}.tries_left() == 15U);
    CHECK_FALSE(StatusWord{0x6310}.tries_left());
    CHECK(StatusWord{0x6282}.warning());
    CHECK_FALSE(StatusWord{0x6400}.warning());
    CHECK(StatusWord{0x6C1F}.sw1() == 0x6C);
    CHECK(StatusWord{0x6C1F}.sw2() == 0x1F);
}

TEST_CASE("status words are described, families by their number, unknown ones as such") {
    CHECK(describe(StatusWord{0x9000}) == "done");
    CHECK(describe(StatusWord{0x6112}) == "18 more response bytes are available");
    CHECK(describe(StatusWord{0x6100}) == "256 or more response bytes are available");
    CHECK(describe(StatusWord{0x6C20}) == "wrong expected length, 32 bytes are available");
    CHECK(describe(StatusWord{0x63C1}) == "1 try left");
    CHECK(describe(StatusWord{0x63C5}) == "5 tries left");
    CHECK(describe(StatusWord{0x6985}) == "conditions of use not satisfied");
    CHECK(describe(StatusWord{0x69F0}) == "command not allowed");
    CHECK(describe(StatusWord{0x6D00}) == "instruction not supported");
    CHECK(describe(StatusWord{0x1234}) == "unknown status word");
}
