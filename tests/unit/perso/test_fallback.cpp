// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "apdu/decorator.h"
#include "apdu/error.h"
#include "libcard/perso/personalize.h"
#include "libcard/reader/sim_transport.h"
#include "libcard/sim/body.h"
#include "tests/support/bureau.h"

namespace {

using namespace kartsaz;

/// A reader that claims extended length and then refuses every such command, as some do.
class LyingReader final : public apdu::Transport {
public:
    explicit LyingReader(apdu::Transport& below) : below_{below}, limits_{below.limits()} {}
    apdu::ResponseApdu transmit(const apdu::CommandApdu& command) override {
        if (apdu::is_extended(command)) {
            ++refused;
            return {{}, apdu::StatusWord{0x6700}};
        }
        return below_.transmit(command);
    }
    Bytes reset() override { return below_.reset(); }
    Bytes atr() const override { return below_.atr(); }
    apdu::BlockLimits limits() const override { return limits_; }
    void refuse_extended() override { limits_ = {}; }
    int refused = 0;

private:
    apdu::Transport& below_;
    apdu::BlockLimits limits_;
};

}  // namespace

TEST_CASE("a reader that refuses extended length costs one command and no card", "[fallback]") {
    const auto body = sim::Body::create(sim::NewBody{});
    const test::Bureau bureau{"emrtd"};
    {
        const auto card = reader::sim_transport(*body);
        LyingReader reader{*card};
        REQUIRE(reader.limits().extended());
        CHECK(perso::personalize(reader, bureau.run()).complete);
        CHECK(reader.refused == 1);
        CHECK_FALSE(reader.limits().extended());
    }
    const auto card = reader::sim_transport(*body);
    CHECK(perso::personalize(*card, bureau.run()).steps.empty());
}

TEST_CASE("a reader that refuses extended length is found out where keys need it", "[fallback]") {
    const auto body = sim::Body::create(sim::NewBody{});
    const test::Bureau bureau{"national-eid"};
    const auto card = reader::sim_transport(*body);
    LyingReader reader{*card};
    CHECK_THROWS_WITH(perso::personalize(reader, bureau.run()),
                      Catch::Contains("short commands only") && Catch::Contains("othing was written"));
    CHECK_FALSE(reader.limits().extended());
    CHECK(body->files().empty());
}

TEST_CASE("a card that refuses a write is told with step, status word and its meaning", "[fallback]") {
    const auto body = sim::Body::create(sim::NewBody{});
    const test::Bureau bureau{"national-eid"};
    body->set_faults({{sim::Faults::Kind::answer_sw, 25, 0x6A84}});
    const auto card = reader::sim_transport(*body);
    try {
        perso::personalize(*card, bureau.run());
        FAIL("accepted");
    } catch (const Error& error) {
        CHECK(error.code() == Errc::card_refused);
        REQUIRE(error.sw());
        CHECK(error.sw()->value() == 0x6A84);
        CHECK_THAT(error.what(),
                   Catch::Contains("6A84") && Catch::Contains("step ") && Catch::Contains("memory"));
    }
}
