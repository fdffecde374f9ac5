// SPDX-License-Identifier: Apache-2.0
#include "apdu/describe.h"
#include "apdu/iso7816.h"
#include "tests/unit/apdu/support.h"

using namespace kartsaz;
using namespace kartsaz::apdu;
using test::check_error;

TEST_CASE("commands are named in words") {
    struct Row {
        std::string wire;
        const char* words;
    };
    const std::string block = to_hex(Bytes(239, 0x55));
    const Row rows[] = {
        {"00A4040C07A0000002471001", "SELECT application A0000002471001"},
        {"00A40400", "SELECT default application"},
        {"00A4020C020101", "SELECT EF 0101"},
        {"00A4000C023F00", "SELECT file 3F00"},
        {"00A4080C0450005031", "SELECT path 50005031"},
        {"00A40000", "SELECT MF"},
        {"00A40300", "SELECT parent"},
        {"0CA4020C08" + to_hex(Bytes(8, 1)), "[SM] SELECT file"},
        {"00D60000EF" + block, "UPDATE BINARY offset 0, 239 bytes"},
        {"84D60100EF" + block, "[SCP] UPDATE BINARY offset 256, 239 protected bytes"},
        {"04D60100EF" + block, "[SCP] UPDATE BINARY offset 256, 239 protected bytes"},
        {"00B0010400", "READ BINARY offset 260, up to 256 bytes"},
        {"00B09E0010", "READ BINARY SFI 1E offset 0, up to 16 bytes"},
        {"0CB000000D" + to_hex(Bytes(13, 1)) + "00", "[SM] READ BINARY offset 0"},
        {"8050000008" + to_hex(Bytes(8, 1)) + "00", "INITIALIZE UPDATE, any key version"},
        {"8050300008" + to_hex(Bytes(8, 1)) + "00", "INITIALIZE UPDATE, key version 30"},
        {"8482330010" + to_hex(Bytes(16, 1)), "EXTERNAL AUTHENTICATE, level 33"},
        {"0082000002010228", "EXTERNAL or MUTUAL AUTHENTICATE, 2 bytes"},
        {"80D8008102AABB", "PUT KEY new version, key 1 and following, 2 bytes"},
        {"84D8300102AABB", "[SCP] PUT KEY replacing version 30, key 1, 2 protected bytes"},
        {"80E2880202AABB", "STORE DATA block 2 (last), 2 bytes"},
        {"80F28002024F0000", "GET STATUS issuer security domain"},
        {"80F0800F", "SET STATUS card to 0F"},
        {"80E60C0001AA", "INSTALL [for install and make selectable]"},
        {"80CA9F7F00", "GET DATA 9F7F"},
        {"00DA006202AABB", "PUT DATA 0062, 2 bytes"},
        {"00DADEAD", "PUT DATA DEAD, 0 bytes"},
        {"00E00000066304005D0101", "CREATE FILE 0101, 93 bytes"},
        {"10860000027C0000", "[chain] GENERAL AUTHENTICATE, 2 bytes"},
        {"0084000008", "GET CHALLENGE of 8 bytes"},
        {"0022C1A4", "MANAGE SECURITY ENVIRONMENT P1-P2 C1A4"},
        {"0020008104AABBCCDD", "VERIFY reference 81"},
        {"01B0000001", "[channel 1] READ BINARY offset 0, up to 1 bytes"},
        {"E2F2400201AA", "[SCP] [channel 6] GET STATUS applications"},
        {"00120000", "command 00 12 P1-P2 0000"},
        {"8099010203AABBCC", "command 80 99 P1-P2 0102, 3 bytes"},
        {"FFCA000000", "command CA to the reader, 0 bytes"},
    };
    for (const auto& row : rows) {
        CAPTURE(row.wire);
        CHECK(describe(decode_command(from_hex(row.wire))) == row.words);
    }
}

TEST_CASE("no description shows data that is hidden") {
    for (unsigned ins = 0; ins < 256; ++ins) {
        for (const unsigned cla : {0x00U, 0x0CU, 0x80U, 0x84U, 0xFFU}) {
            const CommandApdu command{static_cast<std::uint8_t>(cla), static_cast<std::uint8_t>(ins), 0x00,
                                      0x60, from_hex("5EC2E75EC2E7")};
            if (sensitivity(command).command == Secrecy::open) continue;
            CHECK_THAT(describe(command), !Catch::Contains("5EC2E7"));
        }
    }
}

TEST_CASE("a trace line has times, words, lengths and the meaning of the status word") {
    using std::chrono::microseconds;
    const Exchange exchange{update_binary(0, from_hex("C0DE")), {{}, StatusWord{0x6A84}}, microseconds{1500}};
    CHECK(trace_text(exchange, microseconds{12'345}, {}) ==
          "   12.345 ms +    1.500 ms  UPDATE BINARY offset 0, 2 bytes  [7 > 2]  6A84 not enough memory");
    const auto with_data = trace_text(exchange, microseconds{0}, {.data = true});
    CHECK_THAT(with_data, Catch::EndsWith("\n  > 00D6000002????\n  < 6A84"));
    const auto shown = trace_text(exchange, microseconds{0}, {.data = true, .mask = {.show_personal = true}});
    CHECK_THAT(shown, Catch::Contains("00D6000002C0DE"));
}

TEST_CASE("each exchange, each reset and each lost response is traced") {
    std::vector<std::string> lines;
    bool gone = false;
    test::FunctionTransport card{[&](const CommandApdu&) {
        if (gone) throw Error{Errc::card_removed, "pulled"};
        return ResponseApdu{{}, StatusWord{0x9000}};
    }};
    TracingTransport trace{card, [&](std::string_view text) { lines.emplace_back(text); }};
    CHECK(trace.transmit(select_ef(0x0101)).sw.ok());
    trace.reset();
    gone = true;
    check_error([&] { trace.transmit(select_ef(0x0101)); }, Errc::card_removed);
    REQUIRE(lines.size() == 3);
    CHECK_THAT(lines[0], Catch::EndsWith("SELECT EF 0101  [7 > 2]  9000 done"));
    CHECK_THAT(lines[1], Catch::EndsWith("reset, ATR 3B80800101"));
    CHECK_THAT(lines[2], Catch::EndsWith("SELECT EF 0101  no response: pulled"));
}
