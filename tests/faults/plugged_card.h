// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/faults/process.h"
#include "tests/faults/wire.h"

/// A card that lives in a process of its own, and stations that die at it. The test stands between the two:
/// it is the reader to the card and the card to the station.
namespace kartsaz::faults {

/// When the station dies: before its command number `at` reaches the card, or when the card has answered it.
struct Death {
    std::uint64_t at = 0;  ///< 0: it lives
    bool answered = false;
};

/// A card in its own process, and the line to it.
class PluggedCard {
public:
    /// @param file  of a body  @param log  what its process prints
    PluggedCard(const std::string& file, const std::string& log);
    const Socket& line() const { return line_; }

private:
    Listener listener_;
    std::optional<Process> process_;
    Socket line_;
};

/// What one run of a station came to.
struct Outcome {
    End end;
    std::uint64_t apdus = 0;
};

/// Runs `kartsaz COMMAND -r` at the card until it ends or dies; whatever happened, the card is powered off
/// then. @param before  words before the program's name: "/usr/bin/env" and variables
Outcome at_the_card(const PluggedCard& card, std::vector<std::string> command, const std::string& log,
                    Death death = {}, const std::vector<std::string>& before = {});

}  // namespace kartsaz::faults
