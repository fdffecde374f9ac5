// SPDX-License-Identifier: Apache-2.0
#include "apdu/counting.h"
#include "apdu/exchanger.h"
#include "apdu/transcript.h"
#include "tests/unit/apdu/support.h"

using namespace kartsaz;
using namespace kartsaz::apdu;
using test::check_error;

namespace {

struct Row {
    const char* name;
    std::string script;
    const char* command;
    const char* response;
};

const Row rows[] = {
    {"no remark", "> 00B0000004\n< 010203049000\n", "00B0000004", "010203049000"},
    {"61xx", "> 00A4040001A000\n< 6103\n> 00C0000003\n< 0102039000\n", "00A4040001A000", "0102039000"},
    {"61xx with data", "> 00B0000000\n< AABB6102\n> 00C0000002\n< CCDD9000\n", "00B0000000", "AABBCCDD9000"},
    {"6100 is 256, and again", "> 00B0000000\n< 6100\n> 00C0000000\n< 016100\n> 00C0000000\n< 029000\n",
     "00B0000000", "01029000"},
    {"channel kept, protection and chaining dropped", "> 8F50000000\n< 6101\n> 03C0000001\n< 019000\n",
     "8F50000000", "019000"},
    {"further channels", "> 65B0000000\n< 6101\n> 45C0000001\n< 019000\n", "65B0000000", "019000"},
    {"6Cxx", "> 00B0000000\n< 6C10\n> 00B0000010\n< 019000\n", "00B0000000", "019000"},
    {"6C00 is 256", "> 00B0000004\n< 6C00\n> 00B0000000\n< 019000\n", "00B0000004", "019000"},
    {"6Cxx keeps the extended form", "> 00B00000000000\n< 6C10\n> 00B00000000010\n< 019000\n",
     "00B00000000000", "019000"},
    {"6Cxx twice is the card's last word", "> 00B0000000\n< 6C10\n> 00B0000010\n< 6C11\n", "00B0000000",
     "6C11"},
    {"6Cxx, then 61xx", "> 00B0000000\n< 6C10\n> 00B0000010\n< 6102\n> 00C0000002\n< 01029000\n",
     "00B0000000", "01029000"},
    {"6Cxx to GET RESPONSE", "> 00A4040001A000\n< 6120\n> 00C0000020\n< 6C02\n> 00C0000002\n< 01029000\n",
     "00A4040001A000", "01029000"},
    {"a warning ends it", "> 00B0000000\n< 6102\n> 00C0000002\n< 01026282\n", "00B0000000", "01026282"},
    {"an error ends it and keeps the data", "> 00B0000000\n< AA6102\n> 00C0000002\n< 6F00\n", "00B0000000",
     "AA6F00"},
    {"more data of GlobalPlatform is not its work", "> 80F24002\n< AA6310\n", "80F24002", "AA6310"},
};

}  // namespace

TEST_CASE("61xx and 6Cxx are completed") {
    for (const auto& row : rows) {
        CAPTURE(row.name);
        ReplayTransport card{row.script, row.name};
        Exchanger exchanger{card};
        CHECK(to_hex(encode(exchanger.transmit(decode_command(from_hex(row.command))))) == row.response);
        CHECK_NOTHROW(card.finish());
    }
}

TEST_CASE("a card that announces data for ever is stopped") {
    test::FunctionTransport generous{[](const CommandApdu&) {
        return ResponseApdu{Bytes(255, 1), StatusWord{0x6100}};
    }};
    Exchanger exchanger{generous};
    check_error(
        [&] {
            exchanger.transmit({0x00, 0xCA, 0x00, 0x00, {}, 256});
        },
        Errc::card_refused, {"61xx", "65792"});
    CHECK(generous.sent.size() < 300);

    test::FunctionTransport empty{[](const CommandApdu&) { return ResponseApdu{{}, StatusWord{0x6110}}; }};
    Exchanger other{empty};
    check_error(
        [&] {
            other.transmit({0x00, 0xCA, 0x00, 0x00, {}, 256});
        },
        Errc::card_refused, {"gives none"});
    CHECK(empty.sent.size() == 2);
}

TEST_CASE("the longest response is taken whole and one longer than any is refused") {
    std::size_t size = 65536 + 64;
    test::FunctionTransport card{[&](const CommandApdu&) {
        return ResponseApdu{Bytes(size, 1), StatusWord{0x9000}};
    }};
    Exchanger exchanger{card};
    const CommandApdu command{0x00, 0xB0, 0x00, 0x00, {}, 65536};
    CHECK(exchanger.transmit(command).data.size() == size);
    size = 70'000;
    check_error([&] { exchanger.transmit(command); }, Errc::card_refused, {"70000"});
}

TEST_CASE("a decorator passes on what it does not change") {
    test::FunctionTransport card{[](const CommandApdu&) { return ResponseApdu{{}, StatusWord{0x9000}}; }};
    Exchanger exchanger{card};
    CHECK(exchanger.limits().extended());
    exchanger.refuse_extended();
    CHECK_FALSE(card.limits().extended());
    CHECK(exchanger.reset() == card.atr());
    CHECK(exchanger.atr() == card.atr());
    CHECK(card.resets == 1);
}

TEST_CASE("what goes over the link is counted in wire bytes, lost responses too") {
    bool lose = false;
    test::FunctionTransport card{[&](const CommandApdu&) {
        if (lose) throw Error{Errc::card_removed, "gone"};
        return ResponseApdu{Bytes(4, 0), StatusWord{0x9000}};
    }};
    CountingTransport counting{card};
    counting.transmit({0x00, 0xB0, 0x00, 0x00, {}, 4});
    counting.transmit({0x00, 0xD6, 0x00, 0x00, Bytes(300, 1)});
    CHECK(counting.count() == LinkCount{2, 5 + 307, 12});
    lose = true;
    check_error([&] { counting.transmit({0x00, 0xB0, 0x00, 0x00, {}, 4}); }, Errc::card_removed);
    CHECK(counting.count() == LinkCount{3, 317, 12});
    counting.restart();
    CHECK(counting.count() == LinkCount{});
}
