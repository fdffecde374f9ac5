// SPDX-License-Identifier: Apache-2.0
#include "libcard/reader/selector.h"
#include "tests/unit/apdu/support.h"

using namespace kartsaz;
using namespace kartsaz::reader;
using test::check_error;

namespace {

ReaderStatus status(const std::string& name, unsigned index, bool card, bool in_use = false) {
    ReaderStatus out;
    out.name = name;
    out.index = index;
    out.card_present = card;
    out.in_use = in_use;
    return out;
}

const std::vector<ReaderStatus> desk{
    status("Virtual PCD 00 00", 0, true),
    status("Virtual PCD 00 01", 1, false),
    status("ACS ACR39U ICC Reader 00 00", 2, false, true),
};

std::string chosen(const std::string& text, const std::vector<ReaderStatus>& readers = desk) {
    return choose_reader(parse_selector(text), readers).name;
}

}  // namespace

TEST_CASE("a selector names a way to reach a card") {
    struct Row {
        const char* text;
        Selector::Kind kind;
        const char* value;
    };
    const Row rows[] = {
        {"sim:card.body", Selector::Kind::sim, "card.body"},
        {"replay:a.apdu", Selector::Kind::replay, "a.apdu"},
        {"pcsc:ACS: 00", Selector::Kind::pcsc_name, "ACS: 00"},
        {"ACS", Selector::Kind::pcsc_part, "ACS"},
        {"usb:2", Selector::Kind::pcsc_part, "usb:2"},
        {"1st", Selector::Kind::pcsc_part, "1st"},
        {"", Selector::Kind::only_card, ""},
    };
    for (const auto& row : rows) {
        CAPTURE(row.text);
        const auto selector = parse_selector(row.text);
        CHECK(selector.kind == row.kind);
        CHECK(selector.value == row.value);
    }
    CHECK(parse_selector("2").kind == Selector::Kind::pcsc_number);
    CHECK(parse_selector("2").number == 2);
    CHECK(parse_selector("vpcd:35963").kind == Selector::Kind::vpcd);
    CHECK(parse_selector("vpcd:35963").number == 35963);
}

TEST_CASE("selectors that name nothing are refused") {
    for (const char* text : {"sim:", "replay:", "pcsc:", "vpcd:"}) {
        check_error([&] { parse_selector(text); }, Errc::usage, {text, "nothing after the colon"});
    }
    for (const char* text : {"vpcd:0", "vpcd:65536", "vpcd:x", "vpcd:1x", "vpcd:-1"}) {
        check_error([&] { parse_selector(text); }, Errc::usage, {text, "1 to 65535"});
    }
}

TEST_CASE("a reader is chosen by name, number, a part that only one has, or as the only one with a card") {
    CHECK(chosen("pcsc:Virtual PCD 00 01") == "Virtual PCD 00 01");
    CHECK(chosen("1") == "Virtual PCD 00 01");
    CHECK(chosen("acr39u") == "ACS ACR39U ICC Reader 00 00");
    CHECK(chosen("00 01") == "Virtual PCD 00 01");
    CHECK(chosen("") == "Virtual PCD 00 00");
    const std::vector<ReaderStatus> prefix{status("Reader", 0, false), status("Reader 2", 1, true)};
    CHECK(chosen("Reader", prefix) == "Reader");
}

TEST_CASE("a wish that several readers meet is met by the only one of them with a card") {
    CHECK(chosen("virtual") == "Virtual PCD 00 00");
    CHECK(chosen("00") == "Virtual PCD 00 00");
    check_error(
        [] {
            chosen("0 0", {status("X 0 0", 0, false), status("X 0 01", 1, false)});
        },
        Errc::reader_failed, {"and with a card", "1: X 0 01 (no card)"});
}

TEST_CASE("a wish that several readers with a card meet is refused with the whole list") {
    const std::vector<ReaderStatus> two{status("Pad A", 0, true), status("Pad B", 1, true, true),
                                        status("C", 2, false)};
    check_error([&] { chosen("pad", two); }, Errc::usage,
                {"'pad'", "2 of them", "0: Pad A (card)", "1: Pad B (card, in use)", "2: C (no card)"});
    check_error([&] { chosen("", two); }, Errc::usage, {"a reader with a card", "0: Pad A (card)"});
}

TEST_CASE("a wish that no reader meets says which readers there are") {
    check_error([] { chosen("Omnikey"); }, Errc::reader_failed,
                {"'Omnikey'", "1: Virtual PCD 00 01 (no card)"});
    check_error([] { chosen("pcsc:Virtual"); }, Errc::reader_failed, {"reader 'Virtual'"});
    check_error([] { chosen("3"); }, Errc::reader_failed, {"number 3"});
    check_error([] { chosen("", {}); }, Errc::reader_failed, {"no reader is connected"});
    check_error([] { chosen("", {status("A", 0, false)}); }, Errc::reader_failed,
                {"a reader with a card", "0: A (no card)"});
}

TEST_CASE("a selector of another kind does not choose among PC/SC readers") {
    check_error([] { chosen("sim:x"); }, Errc::internal);
}
