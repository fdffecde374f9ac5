// SPDX-License-Identifier: Apache-2.0
#include "apdu/chaining.h"
#include "apdu/dgi.h"
#include "tests/unit/apdu/support.h"

using namespace kartsaz;
using namespace kartsaz::apdu;
using test::check_error;

TEST_CASE("a data grouping has a length of one byte up to 254 and of three from 255") {
    for (const std::size_t size : {std::size_t{0}, std::size_t{254}, std::size_t{255}, std::size_t{65535}}) {
        const Bytes content(size, 0x5A);
        const Bytes out = DgiWriter{}.put(0x8113, content).bytes();
        CHECK(out.size() == size + (size < 255 ? 3 : 5));
        CHECK(to_hex(ByteView{out}.first(3)) ==
              "8113" + to_hex(Bytes{static_cast<std::uint8_t>(size < 255 ? size : 255)}));
        const auto groups = read_dgis(out, "x");
        REQUIRE(groups.size() == 1);
        CHECK(groups[0].id == 0x8113);
        CHECK(Bytes(groups[0].content.begin(), groups[0].content.end()) == content);
    }
    check_error([] { DgiWriter{}.put(1, Bytes(65536)); }, Errc::usage, {"65536"});
}

TEST_CASE("data groupings follow each other") {
    const Bytes out = DgiWriter{}.put(0x0101, Bytes{1}).put(0x9000, Bytes{}).bytes();
    CHECK(to_hex(out) == "01010101900000");
    const auto groups = read_dgis(out, "x");
    REQUIRE(groups.size() == 2);
    CHECK(groups[1].id == 0x9000);
    CHECK(groups[1].offset == 4);
}

TEST_CASE("a cut data grouping is refused at every length") {
    const Bytes out = DgiWriter{}.put(0x0101, Bytes(300, 1)).bytes();
    for (std::size_t size = 1; size < out.size(); ++size) {
        check_error([&] { read_dgis(ByteView{out}.first(size), "STORE DATA"); }, Errc::input_invalid,
                    {"STORE DATA: offset"});
    }
}

TEST_CASE("a long command is chained: CLA b5 on all but the last, Le on the last") {
    CommandApdu command{0x04, 0xDA, 0x00, 0x62, Bytes(600, 0x01), 256};
    const auto parts = chain(command);
    REQUIRE(parts.size() == 3);
    CHECK(parts[0].cla == 0x14);
    CHECK(parts[1].cla == 0x14);
    CHECK(parts[2].cla == 0x04);
    CHECK(parts[0].data.size() == 255);
    CHECK(parts[2].data.size() == 90);
    CHECK_FALSE(parts[0].ne);
    CHECK(parts[2].ne == 256U);
    CHECK(parts[1].p2 == 0x62);
}

TEST_CASE("a command that fits is not chained, one byte more is") {
    CommandApdu command{0x00, 0xDB, 0x3F, 0xFF, Bytes(255, 0x01)};
    CHECK(chain(command) == std::vector<CommandApdu>{command});
    command.data.push_back(0x02);
    const auto parts = chain(command);
    REQUIRE(parts.size() == 2);
    CHECK(parts[1].data == Bytes{0x02});
    CHECK(chain({0x00, 0x20, 0x00, 0x01}).size() == 1);
    check_error([&] { chain(command, 0); }, Errc::usage);
    command.cla = 0xFF;
    check_error([&] { chain(command); }, Errc::usage, {"class FF"});
}

TEST_CASE("extended length is used where the link takes it, chaining where not") {
    const BlockLimits small;
    const BlockLimits large{1000, 1000};
    const CommandApdu longer{0x00, 0xDB, 0x00, 0x00, Bytes(400, 1)};
    const CommandApdu longest{0x00, 0xDB, 0x00, 0x00, Bytes(1001, 1)};
    const CommandApdu reads{0x00, 0xB0, 0x00, 0x00, {}, 512};
    CHECK(carriage(longer, small) == Carriage::chained);
    CHECK(carriage(longer, large) == Carriage::extended);
    CHECK(carriage(longest, large) == Carriage::chained);
    CHECK(carriage(reads, large) == Carriage::extended);
    CHECK(carriage(reads, small) == Carriage::plain);
    CHECK(fit(reads, small).front().ne == 256U);
    CHECK(fit(longest, large).size() == 2);
    CommandApdu forced{0x00, 0xB0, 0x00, 0x00, {}, 10, true};
    CHECK_FALSE(fit(forced, small).front().extended);
    CHECK(fit(forced, large).front().extended);
}

TEST_CASE("a chain stops at the first part that is refused") {
    int count = 0;
    test::FunctionTransport card{[&](const CommandApdu&) {
        return ResponseApdu{{}, StatusWord{static_cast<std::uint16_t>(++count == 2 ? 0x6884 : 0x9000)}};
    }};
    const CommandApdu command{0x00, 0xDA, 0x00, 0x00, Bytes(10'000, 1)};
    CHECK(transmit_fitted(card, command).sw == StatusWord{0x6884});
    CHECK(card.sent.size() == 2);
    CHECK(card.sent[0].data.size() == 2048);
}
