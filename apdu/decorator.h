// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

#include "apdu/transport.h"

namespace kartsaz::apdu {

/// A transport that stands before another one and passes on what it does not change. Does not own it.
class TransportDecorator : public Transport {
public:
    explicit TransportDecorator(Transport& below) : below_{below} {}
    ResponseApdu transmit(const CommandApdu& command) override { return below_.transmit(command); }
    Bytes reset() override { return below_.reset(); }
    Bytes atr() const override { return below_.atr(); }
    BlockLimits limits() const override { return below_.limits(); }
    void refuse_extended() override { below_.refuse_extended(); }

protected:
    Transport& below() { return below_; }
    const Transport& below() const { return below_; }

private:
    Transport& below_;
};

/// A command, its response, and how long the card took.
struct Exchange {
    CommandApdu command{};
    ResponseApdu response{};
    std::chrono::microseconds time{};
};

}  // namespace kartsaz::apdu
