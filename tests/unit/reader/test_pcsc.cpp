// SPDX-License-Identifier: Apache-2.0
#include "libcard/reader/pcsc.h"
#include "libcard/reader/watch.h"
#include "tests/unit/apdu/support.h"

using namespace kartsaz;
using namespace kartsaz::reader;
using Kind = WatchEvent::Kind;

namespace {

ReaderStatus status(const std::string& name, const std::string& atr) {
    ReaderStatus out;
    out.name = name;
    out.card_present = !atr.empty();
    out.atr = from_hex(atr);
    return out;
}

std::string text(const std::vector<WatchEvent>& events) {
    std::string out;
    for (const auto& event : events) {
        switch (event.kind) {
            case Kind::reader_added:
                out += "+";
                break;
            case Kind::reader_removed:
                out += "-";
                break;
            case Kind::card_inserted:
                out += "in:";
                break;
            case Kind::card_removed:
                out += "out:";
                break;
            case Kind::service_lost:
                out += "lost";
                break;
            case Kind::service_back:
                out += "back";
                break;
        }
        out += event.reader.name + " ";
    }
    return out;
}

}  // namespace

TEST_CASE("a PC/SC code becomes an error with API name, hex code and its text") {
    struct Row {
        std::uint32_t code;
        Errc errc;
        const char* text;
    };
    const Row rows[] = {
        {0x80100068, Errc::card_removed, "80100068"},  // SCARD_W_RESET_CARD
        {0x80100069, Errc::card_removed, "80100069"},  // SCARD_W_REMOVED_CARD
        {0x80100067, Errc::card_removed, "80100067"},  // SCARD_W_UNPOWERED_CARD
        {0x8010000C, Errc::card_removed, "8010000C"},  // SCARD_E_NO_SMARTCARD
        {0x8010000B, Errc::reader_failed, "another program holds the card"},
        {0x8010001D, Errc::reader_failed, "pcscd does not run"},
        {0x8010001E, Errc::reader_failed, "pcscd does not run"},
        {0x80100066, Errc::reader_failed, "gives no ATR"},
        {0x80100016, Errc::reader_failed, "80100016"},
        {0x80100009, Errc::reader_failed, "80100009"},
    };
    for (const auto& row : rows) {
        CAPTURE(row.text);
        const Error error = pcsc_error("SCardTransmit", static_cast<long>(row.code), "Reader 7");
        CHECK(error.code() == row.errc);
        CHECK_THAT(error.what(), Catch::StartsWith("reader 'Reader 7': SCardTransmit: 8010"));
        CHECK_THAT(error.what(), Catch::Contains(row.text));
    }
    CHECK_THAT(pcsc_error("SCardListReaders", 0x8010001D).what(),
               Catch::StartsWith("SCardListReaders: 8010001D "));
    CHECK_THAT(pcsc_error("SCardTransmit", 0x80100069).what(), Catch::Contains("removed"));
}

TEST_CASE("changes between two lists of readers are told in the order they can happen") {
    const auto empty = status("A", "");
    const auto card = status("A", "3B00");
    const auto other = status("A", "3B80800101");
    const auto second = status("B", "3B00");
    CHECK(text(reader_changes({}, {empty})) == "+A ");
    CHECK(text(reader_changes({}, {card, second})) == "+A in:A +B in:B ");
    CHECK(text(reader_changes({empty}, {card})) == "in:A ");
    CHECK(text(reader_changes({card}, {empty})) == "out:A ");
    CHECK(text(reader_changes({card}, {other})) == "out:A in:A ");
    CHECK(text(reader_changes({card, second}, {card})) == "out:B -B ");
    CHECK(text(reader_changes({card}, {})) == "out:A -A ");
    CHECK(text(reader_changes({empty, second}, {second, card})) == "in:A ");
    CHECK(reader_changes({card, second}, {second, card}).empty());
}
