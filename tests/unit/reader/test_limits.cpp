// SPDX-License-Identifier: Apache-2.0
#include "apdu/transcript.h"
#include "libcard/reader/limits.h"
#include "tests/unit/apdu/support.h"

using namespace kartsaz;
using namespace kartsaz::reader;
using apdu::BlockLimits;
using apdu::ReplayTransport;
using test::check_error;

namespace {

const std::string extended_atr = "! ATR 3B85800180 73C021E0 F6\n";
const std::string select_info = "> 00A4020C022F01\n";
const std::string read_info = "> 00B0000000\n";

struct Row {
    const char* name;
    std::string script;
    std::size_t command_data;
    std::size_t response_data;
};

const Row rows[] = {
    {"an ATR that claims nothing is not asked", "! ATR 3B80800101\n", 255, 256},
    {"a broken ATR means short", "! ATR 3B80800102\n", 255, 256},
    {"no EF.ATR/INFO", extended_atr + select_info + "< 6A82\n", 2048, 2048},
    {"an unreadable EF.ATR/INFO", extended_atr + select_info + "< 9000\n" + read_info + "< 6982\n", 2048,
     2048},
    {"EF.ATR/INFO without lengths",
     extended_atr + select_info + "< 9000\n" + read_info + "< 4703C021E0 9000\n", 2048, 2048},
    {"the lengths of 7F66",
     extended_atr + select_info + "< 9000\n" + read_info + "< 7F6608 02021009 02021002 6282\n", 4096, 4096},
    {"a wrong Le is put right",
     extended_atr + select_info + "< 9000\n" + read_info +
         "< 6C0B\n> 00B000000B\n< 7F6608 02021009 02021002 9000\n",
     4096, 4096},
    {"a broken EF.ATR/INFO means short",
     extended_atr + select_info + "< 9000\n" + read_info + "< 7F6608 0202 9000\n", 255, 256},
    {"lengths without room for data mean short",
     extended_atr + select_info + "< 9000\n" + read_info + "< 7F6606 020109 020102 9000\n", 255, 256},
};

}  // namespace

TEST_CASE("limits are learned from ATR and EF.ATR/INFO, and doubt means short") {
    for (const auto& row : rows) {
        CAPTURE(row.name);
        ReplayTransport card{row.script, row.name};
        const auto limits = learn_limits(card);
        CHECK(limits.command_data == row.command_data);
        CHECK(limits.response_data == row.response_data);
        CHECK_NOTHROW(card.finish());
    }
}

TEST_CASE("what the reader takes bounds what the card says") {
    const std::string script = extended_atr + select_info + "< 6A82\n";
    ReplayTransport card{script, "bounded"};
    CHECK(learn_limits(card, 1000).command_data == 1000);
    for (const std::size_t little : {std::size_t{0}, std::size_t{256}}) {
        ReplayTransport silent{script, "short reader"};
        CHECK_FALSE(learn_limits(silent, little).extended());
        CHECK_FALSE(silent.finished());  // nothing was asked
    }
}

TEST_CASE("a card that is pulled while it is asked is not taken for a short one") {
    ReplayTransport card{extended_atr + select_info + "! removed\n", "pulled"};
    check_error([&] { learn_limits(card); }, Errc::card_removed);
}

TEST_CASE("limits are learned once, and a refusal is remembered for reader and ATR") {
    const std::string script = extended_atr + select_info + "< 6A82\n! reset\n" + extended_atr;
    auto card = with_limits(std::make_unique<ReplayTransport>(script, "first"), "memory test");
    CHECK(card->limits().extended());
    card->reset();  // the replay refuses a second learning
    CHECK(card->limits().extended());
    card->refuse_extended();
    CHECK_FALSE(card->limits().extended());

    const auto again = with_limits(std::make_unique<ReplayTransport>(extended_atr, "again"), "memory test");
    CHECK_FALSE(again->limits().extended());
    const auto other = with_limits(std::make_unique<ReplayTransport>(script, "other"), "another reader");
    CHECK(other->limits().extended());
}

TEST_CASE("a refusal without a reader's name is not remembered") {
    const std::string script = extended_atr + select_info + "< 6A82\n";
    with_limits(std::make_unique<ReplayTransport>(script, "first"), "")->refuse_extended();
    CHECK(with_limits(std::make_unique<ReplayTransport>(script, "second"), "")->limits().extended());
}

TEST_CASE("a feature's control code is found in the list of the reader") {
    const Bytes features = from_hex("0604 42330006 1204 42330012");
    CHECK(feature_code(features, 0x12) == 0x42330012U);
    CHECK_FALSE(feature_code(features, 0x13));
    CHECK_FALSE(feature_code(from_hex("120442"), 0x12));
    CHECK_FALSE(feature_code(from_hex("1202 4233 1204 42330012"), 0x12));
    CHECK_FALSE(feature_code({}, 0x12));
}

TEST_CASE("the largest APDU data size is found among the reader's properties") {
    CHECK(max_apdu_data_size(from_hex("0102 0000 0A04 00000100")) == 65536U);
    CHECK(max_apdu_data_size(from_hex("0A04 00000000")) == 0U);
    CHECK(max_apdu_data_size(from_hex("0A02 0008")) == 2048U);
    CHECK_FALSE(max_apdu_data_size(from_hex("0B02 0008")));
    CHECK_FALSE(max_apdu_data_size(from_hex("0A04 0000")));
    CHECK_FALSE(max_apdu_data_size(from_hex("0A05 0000000000")));
    CHECK_FALSE(max_apdu_data_size({}));
}
