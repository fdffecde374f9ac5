// SPDX-License-Identifier: Apache-2.0
#include <sstream>

#include "apdu/iso7816.h"
#include "apdu/transcript.h"
#include "tests/unit/apdu/support.h"

using namespace kartsaz;
using namespace kartsaz::apdu;
using test::check_error;

namespace {

constexpr const char* session = R"(# two files of a card
! ATR 3B 80 80 01 01
! limits 2048 1024

> 00A4 020C 02 011E
< 9000
> 0084 0000 08
< ????????????????9000
! reset
! ATR 3B80800102
> 0082 0000 02 01?? 00
< 6982
)";

}  // namespace

TEST_CASE("a transcript is played back") {
    ReplayTransport card{session, "a.apdu"};
    CHECK(to_hex(card.atr()) == "3B80800101");
    CHECK(card.limits().command_data == 2048);
    CHECK(card.limits().response_data == 1024);
    CHECK(card.transmit(select_ef(0x011E)).sw.ok());
    CHECK(card.transmit(get_challenge(8)).data == Bytes(8, 0));
    card.refuse_extended();
    CHECK_FALSE(card.limits().extended());
    CHECK(to_hex(card.reset()) == "3B80800102");
    CHECK_FALSE(card.finished());
    CHECK(card.transmit(mutual_authenticate(Bytes{0x01, 0x77}, 256)).sw == StatusWord{0x6982});
    CHECK(card.finished());
    CHECK_NOTHROW(card.finish());
}

TEST_CASE("a wrong command is refused with line, expected and got, and is not passed over") {
    ReplayTransport card{session, "a.apdu"};
    check_error([&] { card.transmit(select_ef(0x011D)); }, Errc::input_invalid,
                {"a.apdu: line 5", "expected 00A4020C02011E", "got 00A4020C02011D", "byte 6"});
    check_error([&] { card.transmit({0x00, 0xA4, 0x02, 0x0C}); }, Errc::input_invalid, {"byte 4"});
    CHECK(card.transmit(select_ef(0x011E)).sw.ok());
    check_error([&] { card.reset(); }, Errc::input_invalid, {"line 7", "got a reset"});
    check_error([&] { card.finish(); }, Errc::input_invalid, {"line 7", "the end of the session"});
}

TEST_CASE("a command past the end and one instead of a reset are refused") {
    ReplayTransport card{"> 00B0000001\n< 019000\n! reset\n", "b"};
    CHECK(card.transmit(read_binary(0, 1)).data == Bytes{1});
    check_error([&] { card.transmit(read_binary(0, 1)); }, Errc::input_invalid,
                {"line 3", "expected a reset"});
    CHECK(card.reset().empty());
    check_error([&] { card.transmit(read_binary(0, 1)); }, Errc::input_invalid, {"nothing more"});
    check_error([&] { card.reset(); }, Errc::input_invalid, {"nothing more"});
}

TEST_CASE("a failed comparison shows no secret of either side") {
    ReplayTransport card{"> 00200001 04 31323334\n< 9000\n", "pin"};
    const auto error = test::error_of([&] { card.transmit({0x00, 0x20, 0x00, 0x01, from_hex("35363738")}); });
    REQUIRE(error);
    CHECK_THAT(error->what(), Catch::Contains("0020000104????????"));
    CHECK_THAT(error->what(), !Catch::Contains("31323334") && !Catch::Contains("35363738"));
}

TEST_CASE("a removed card is removed in the replay too") {
    ReplayTransport card{"> 00B0000001\n! removed\n", "c"};
    check_error([&] { card.transmit(read_binary(0, 1)); }, Errc::card_removed, {"c: line 2"});
    CHECK(card.finished());
}

TEST_CASE("texts that are no transcript are refused with the line") {
    struct Row {
        const char* text;
        const char* rule;
    };
    const Row rows[] = {
        {"00A4", "x: line 1: a line starts with"},
        {"# fine\n> 00A4040", "x: line 2: odd number"},
        {"> 00A40G00", "x: line 1: byte 2 is neither"},
        {"> 00A4", "x: line 1: a command has 4"},
        {"> 00A40400\n< 90", "x: line 2: a response has 2"},
        {"< 9000", "x: line 1: a response without a command"},
        {"> 00A40400\n> 00A40400\n", "x: line 1: a command without a response"},
        {"> 00A40400\n# end\n", "x: line 1: a command without a response"},
        {"> 00A40400\n! reset\n", "x: line 1: a command without a response"},
        {"> 00A40400\n< 9000\n< 9000\n", "x: line 3: a response without a command"},
        {"! ATR", "x: line 1: an ATR without bytes"},
        {"! limits 255", "x: line 1: limits are two numbers"},
        {"! limits 0 1", "x: line 1: limits are two numbers"},
        {"! limits 1 65537", "x: line 1: limits are two numbers"},
        {"! resets", "x: line 1: after ! stands"},
        {"! reset now", "x: line 1: after ! stands"},
        {"> 00A40?00", "neither hexadecimal nor"},
    };
    for (const auto& row : rows) {
        CAPTURE(row.text);
        check_error([&] { parse_transcript(row.text, "x"); }, Errc::input_invalid, {row.rule});
    }
}

TEST_CASE("what is recorded in full plays back the same") {
    std::ostringstream text;
    ReplayTransport card{session, "a.apdu"};
    {
        RecordingTransport recorder{card, text, RecordingTransport::Form::full};
        recorder.transmit(select_ef(0x011E));
        recorder.transmit(get_challenge(8));
        recorder.reset();
        recorder.refuse_extended();
        recorder.transmit(mutual_authenticate(Bytes{0x01, 0x77}, 256));
    }
    CHECK_THAT(text.str(), Catch::Contains(" us\n") && Catch::Contains("! limits 2048 1024") &&
                               Catch::Contains("! limits 255 256"));
    ReplayTransport again{text.str(), "again"};
    CHECK(again.transmit(select_ef(0x011E)).sw.ok());
    again.transmit(get_challenge(8));
    CHECK(to_hex(again.reset()) == "3B80800102");
    CHECK(again.transmit(mutual_authenticate(Bytes{0x01, 0x77}, 256)).sw == StatusWord{0x6982});
    CHECK_NOTHROW(again.finish());
}

TEST_CASE("a masked record holds no secret and no personal data, and still plays back") {
    std::ostringstream text;
    test::FunctionTransport card{[](const CommandApdu& command) {
        return ResponseApdu{command.ne ? from_hex("CAFE") : Bytes{}, StatusWord{0x9000}};
    }};
    {
        RecordingTransport recorder{card, text};
        recorder.transmit({0x00, 0x20, 0x00, 0x01, from_hex("31323334")});
        recorder.transmit(update_binary(0, from_hex("C0DE")));
        recorder.transmit(read_binary(0, 2));
    }
    CHECK_THAT(text.str(),
               !Catch::Contains("31323334") && !Catch::Contains("C0DE") && !Catch::Contains("CAFE"));
    CHECK_THAT(text.str(), Catch::Contains("> 0020000104????????\n< 9000") && Catch::Contains("< ????9000"));
    ReplayTransport again{text.str(), "again"};
    CHECK(again.transmit({0x00, 0x20, 0x00, 0x01, from_hex("39393939")}).sw.ok());
    CHECK(again.transmit(update_binary(0, from_hex("0000"))).sw.ok());
    CHECK(again.transmit(read_binary(0, 2)).data == Bytes(2, 0));
    CHECK(again.finished());
}

TEST_CASE("a record of a card that was pulled ends with its removal") {
    std::vector<std::string> lines;
    test::FunctionTransport card{[](const CommandApdu&) -> ResponseApdu {
        throw Error{Errc::card_removed, "gone"};
    }};
    RecordingTransport recorder{card, [&](std::string_view line) { lines.emplace_back(line); }};
    check_error([&] { recorder.transmit(read_binary(0, 1)); }, Errc::card_removed);
    REQUIRE(lines.size() == 5);
    CHECK(lines[2] == "> 00B0000001");
    CHECK(lines[3] == "! removed");
}
