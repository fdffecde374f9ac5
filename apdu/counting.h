// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "apdu/decorator.h"

namespace kartsaz::apdu {

/// What went over the link, in commands and bytes of their wire forms.
struct LinkCount {
    std::uint64_t commands = 0;
    std::uint64_t bytes_to_card = 0;    ///< header, lengths and data
    std::uint64_t bytes_from_card = 0;  ///< data and status word

    friend bool operator==(const LinkCount&, const LinkCount&) = default;
};

/// Counts exchanges, so that a plan can be compared with what really happened. A command is counted also when
/// no response came. Put it below the Exchanger to count GET RESPONSE and repeated commands.
class CountingTransport final : public TransportDecorator {
public:
    using TransportDecorator::TransportDecorator;

    ResponseApdu transmit(const CommandApdu& command) override {
        ++count_.commands;
        count_.bytes_to_card += encoded_size(command);
        ResponseApdu response = below().transmit(command);
        count_.bytes_from_card += response.data.size() + 2;
        return response;
    }

    const LinkCount& count() const noexcept { return count_; }
    void restart() noexcept { count_ = {}; }

private:
    LinkCount count_;
};

}  // namespace kartsaz::apdu
