// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <deque>

#include "apdu/error.h"
#include "libcard/app/globalplatform/registry.h"

using namespace kartsaz;
using namespace kartsaz::app::globalplatform;
using Catch::Contains;

namespace {

std::string refusal(ByteView data) {
    try {
        parse_registry(data);
    } catch (const Error& error) {
        CHECK(error.code() == Errc::card_refused);
        return error.what();
    }
    return "nothing was thrown";
}

/// Answers with what it was given, the last one for ever; keeps what was asked.
class Answers final : public apdu::Transport {
public:
    explicit Answers(std::deque<const char*> answers) : answers_{std::move(answers)} {}
    apdu::ResponseApdu transmit(const apdu::CommandApdu& command) override {
        asked.push_back(to_hex(apdu::encode(command)));
        const std::string answer = answers_.front();
        if (answers_.size() > 1) answers_.pop_front();
        return apdu::decode_response(from_hex(answer));
    }
    Bytes reset() override { return {}; }
    Bytes atr() const override { return {}; }
    apdu::BlockLimits limits() const override { return {}; }
    void refuse_extended() override {}

    std::vector<std::string> asked;

private:
    std::deque<const char*> answers_;
};

const Bytes good = from_hex(
    "E3134F08A0000001510000009F700101C5039EFE80"
    "E3164F07A00000024710019F7003070000C503000000CC00"
    "E3154F06A000000247109F7001018407A0000002471001");

}  // namespace

TEST_CASE("GET STATUS records give AID, life cycle, privileges and modules, whatever else they hold") {
    const auto entries = parse_registry(good);
    REQUIRE(entries.size() == 3);
    CHECK(to_hex(entries[0].aid) == "A000000151000000");
    CHECK(entries[0].life_cycle == 0x01);
    CHECK(to_hex(entries[0].privileges) == "9EFE80");
    CHECK(entries[1].life_cycle == 0x07);
    CHECK(entries[2].privileges.empty());
    REQUIRE(entries[2].modules.size() == 1);
    CHECK(to_hex(entries[2].modules[0]) == "A0000002471001");
    CHECK(parse_registry({}).empty());
}

TEST_CASE("cut GET STATUS records are refused at every length that is not a record's end") {
    for (std::size_t size = 1; size < good.size(); ++size) {
        if (size == 21 || size == 45) continue;  // whole records
        CAPTURE(size);
        CHECK_THAT(refusal(ByteView{good}.first(size)), Contains("GET STATUS"));
    }
}

TEST_CASE("GET STATUS records of a wrong form are refused in words") {
    const std::vector<std::pair<const char*, const char*>> bad{
        {"E4034F0101", "tag E4 where a record E3 was expected"},
        {"E300", "a record without AID"},
        {"E3049F700107", "a record without AID"},
        {"E3094F07A0000002471001", "the record of A0000002471001 has no life cycle"},
        {"E3064F059F700107", "runs past the end"},
        {"E30A4F04A00000019F700107", "an AID of 4 bytes, 5 to 16 expected"},
        {"E3174F11A0000002471001A0000002471001A0A0A09F700107", "an AID of 17 bytes, 5 to 16 expected"},
        {"E30C4F07A00000024710019F7000", "a life cycle of no byte"},
        {"E3114F07A00000024710019F700107C5020000", "privileges of 2 bytes, 1 or 3 expected"},
        {"E30F4F07A00000024710019F7001078400", "an AID of 0 bytes"},
    };
    for (const auto& [hex, rule] : bad) {
        INFO(hex);
        CHECK_THAT(refusal(from_hex(hex)), Contains(rule));
    }
}

TEST_CASE("every changed bit of GET STATUS records is refused or gives records, never anything else") {
    for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
        auto changed = good;
        changed[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
        std::size_t entries = 0;
        try {
            entries = parse_registry(changed).size();
        } catch (const Error& error) {
            if (error.code() != Errc::card_refused) throw;
        }
        CHECK(entries <= 3);
    }
}

TEST_CASE("the registry is read in as many answers as the card gives") {
    Answers two{{"E30D4F07A00000024710019F7001076310", "E30D4F07A00000024710029F7001079000"}};
    const auto entries = read_registry(two, RegistryPart::applications);
    REQUIRE(entries);
    CHECK(entries->size() == 2);
    CHECK(two.asked == std::vector<std::string>{"80F24002024F0000", "80F24003024F0000"});
    Answers none{{"6A88"}};
    const auto empty = read_registry(none, RegistryPart::packages);
    REQUIRE(empty);
    CHECK(empty->empty());
    Answers unknown{{"6D00"}};
    CHECK_FALSE(read_registry(unknown, RegistryPart::card));
}

TEST_CASE("a list that breaks off, announces and does not give, or never ends is refused") {
    Answers broken{{"E30D4F07A00000024710019F7001076310", "6985"}};
    CHECK_THROWS_WITH(read_registry(broken, RegistryPart::applications), Contains("breaks off with SW 6985"));
    Answers empty{{"6310"}};
    CHECK_THROWS_WITH(read_registry(empty, RegistryPart::applications), Contains("none comes"));
    Answers endless{{"E30D4F07A00000024710019F7001076310"}};
    CHECK_THROWS_WITH(read_registry(endless, RegistryPart::applications), Contains("has not ended"));
    CHECK(endless.asked.size() == 64);
}
