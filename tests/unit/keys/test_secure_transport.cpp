// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "apdu/error.h"
#include "keys/secure_channel.h"

using namespace kartsaz;
using namespace kartsaz::keys;

namespace {

/// Adds one byte to commands and takes one from responses.
class OneByte final : public SecureChannel {
public:
    apdu::CommandApdu wrap(const apdu::CommandApdu& command) override {
        auto out = command;
        out.data.push_back(0xEE);
        return out;
    }
    apdu::ResponseApdu unwrap(const apdu::ResponseApdu& response) override {
        auto out = response;
        out.data.pop_back();
        return out;
    }
    apdu::BlockLimits inner_limits(const apdu::BlockLimits& outer) const override {
        return {outer.command_data - 1, outer.response_data - 1};
    }
};

/// Answers with the command's data.
class Echo final : public apdu::Transport {
public:
    apdu::ResponseApdu transmit(const apdu::CommandApdu& command) override {
        last = command;
        return {command.data, apdu::StatusWord{0x9000}};
    }
    Bytes reset() override {
        ++resets;
        return atr();
    }
    Bytes atr() const override { return {0x3B, 0x00}; }
    apdu::BlockLimits limits() const override { return limits_; }
    void refuse_extended() override { limits_ = {}; }

    apdu::CommandApdu last;
    int resets = 0;
    apdu::BlockLimits limits_{1000, 1000};
};

}  // namespace

TEST_CASE("a secure transport wraps on the way down and unwraps on the way up") {
    Echo below;
    SecureTransport link{below, std::make_unique<OneByte>()};
    const auto response = link.transmit({0x00, 0xA4, 0, 0, Bytes{1, 2}});
    CHECK(below.last.data == Bytes{1, 2, 0xEE});
    CHECK(response.data == Bytes{1, 2});
    CHECK(link.limits().command_data == 999);
    CHECK(link.atr() == Bytes{0x3B, 0x00});
    link.refuse_extended();
    CHECK(link.limits().command_data == 254);
    CHECK(link.limits().response_data == 255);
}

TEST_CASE("after a reset nothing goes through a secure transport any more") {
    Echo below;
    SecureTransport link{below, std::make_unique<OneByte>()};
    CHECK(link.reset() == Bytes{0x3B, 0x00});
    CHECK(below.resets == 1);
    try {
        (void)link.transmit({0x00, 0xA4, 0, 0});
        FAIL("sent");
    } catch (const Error& e) {
        CHECK(e.code() == Errc::secure_channel);
    }
    CHECK(below.last.ins == 0);
}

TEST_CASE("a secure transport without a channel is refused") {
    Echo below;
    CHECK_THROWS_AS(SecureTransport(below, nullptr), Error);
}
