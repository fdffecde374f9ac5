// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <stdexcept>
#include <string>
#include <utility>

#include "apdu/transport.h"

namespace kartsaz::test {

/// Answers exactly the commands it was given, in their order; anything else is an error.
class ScriptedCard final : public apdu::Transport {
public:
    void add(Bytes command, Bytes response) { script_.emplace_back(std::move(command), std::move(response)); }
    bool finished() const { return script_.empty(); }

    apdu::ResponseApdu transmit(const apdu::CommandApdu& command) override {
        const auto wire = apdu::encode(command);
        if (script_.empty()) throw std::runtime_error{"one command too many: " + to_hex(wire)};
        const auto [expected, response] = script_.front();
        script_.pop_front();
        if (wire != expected) {
            throw std::runtime_error{"command " + to_hex(wire) + ", expected " + to_hex(expected)};
        }
        return apdu::decode_response(response);
    }
    Bytes reset() override { return atr(); }
    Bytes atr() const override { return {0x3B, 0x00}; }
    apdu::BlockLimits limits() const override { return {}; }
    void refuse_extended() override {}

private:
    std::deque<std::pair<Bytes, Bytes>> script_;
};

}  // namespace kartsaz::test
