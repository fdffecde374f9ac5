// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <catch2/catch.hpp>

#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "apdu/error.h"
#include "apdu/transport.h"

namespace kartsaz::test {

/// What `action` throws, or nothing.
template <typename Action>
std::optional<Error> error_of(Action&& action) {
    try {
        std::forward<Action>(action)();
    } catch (const Error& error) {
        return error;
    }
    return std::nullopt;
}

/// Requires an Error of this code whose text has all `parts`.
template <typename Action>
void check_error(Action&& action, Errc code, std::initializer_list<const char*> parts = {}) {
    const auto error = error_of(std::forward<Action>(action));
    REQUIRE(error);
    CHECK(error->code() == code);
    for (const auto* part : parts) CHECK_THAT(error->what(), Catch::Contains(part));
}

/// Answers each command by a function and keeps what was sent.
template <typename Answer>
class FunctionTransport final : public apdu::Transport {
public:
    explicit FunctionTransport(Answer answer) : answer_{std::move(answer)} {}
    apdu::ResponseApdu transmit(const apdu::CommandApdu& command) override {
        sent.push_back(command);
        return answer_(command);
    }
    Bytes reset() override {
        ++resets;
        return atr();
    }
    Bytes atr() const override { return from_hex("3B80800101"); }
    apdu::BlockLimits limits() const override { return limits_; }
    void refuse_extended() override { limits_ = {}; }

    std::vector<apdu::CommandApdu> sent{};
    int resets = 0;

private:
    Answer answer_;
    apdu::BlockLimits limits_{2048, 2048};
};

}  // namespace kartsaz::test
