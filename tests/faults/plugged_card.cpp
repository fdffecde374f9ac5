// SPDX-License-Identifier: Apache-2.0
#include "tests/faults/plugged_card.h"

#include <fmt/format.h>

#include <stdexcept>

namespace kartsaz::faults {
namespace {

constexpr std::uint8_t control_off = 0, control_atr = 4;

/// Carries messages between a station and the card until the station hangs up or dies. Returns the APDUs
/// seen.
std::uint64_t carry(const Socket& card, const Socket& station, Process& process, Death death) {
    std::uint64_t count = 0;
    Bytes message;
    while (receive_message(station, message)) {
        const bool control = message.size() == 1;
        if (!control) ++count;
        const bool last = !control && count == death.at;
        if (last && !death.answered) break;
        if (!send_message(card, message)) throw std::runtime_error{"the card hung up"};
        if (control && message[0] != control_atr) continue;
        if (!receive_message(card, message)) throw std::runtime_error{"the card hung up"};
        if (last) break;
        send_message(station, message);
    }
    if (death.at != 0 && count == death.at) process.kill_now();
    // what a reader does when its owner is gone
    send_message(card, Bytes{control_off});
    return count;
}

}  // namespace

PluggedCard::PluggedCard(const std::string& file, const std::string& log) {
    process_.emplace(std::vector<std::string>{KARTSAZ_PROGRAM, "sim", "plug", file, "--port",
                                              std::to_string(listener_.port()), "--once"},
                     log);
    line_ = listener_.accept();
}

Outcome at_the_card(const PluggedCard& card, std::vector<std::string> command, const std::string& log,
                    Death death, const std::vector<std::string>& before) {
    const auto port = free_port();
    command.insert(command.begin(), KARTSAZ_PROGRAM);
    command.insert(command.begin(), before.begin(), before.end());
    command.insert(command.end(), {"-r", fmt::format("vpcd:{}", port)});
    Process process{command, log};
    const auto station = connect_to(port, [&] { return process.ended(); });
    const auto apdus = carry(card.line(), station, process, death);
    return {process.wait(), apdus};
}

}  // namespace kartsaz::faults
