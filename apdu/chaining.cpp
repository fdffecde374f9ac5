// SPDX-License-Identifier: Apache-2.0
#include "apdu/chaining.h"

#include <fmt/format.h>

#include <algorithm>

#include "apdu/error.h"

namespace kartsaz::apdu {
namespace {

constexpr std::uint8_t chaining_bit = 0x10;

CommandApdu with_allowed_ne(CommandApdu command, const BlockLimits& limits) {
    if (command.ne) {
        command.ne = std::min<std::uint32_t>(*command.ne, static_cast<std::uint32_t>(limits.response_data));
    }
    if (!limits.extended()) command.extended = false;
    return command;
}

}  // namespace

std::vector<CommandApdu> chain(const CommandApdu& command, std::size_t block) {
    if (block == 0) throw Error{Errc::usage, "command chaining with blocks of no bytes"};
    if (command.data.size() <= block) return {command};
    if (command.cla >= 0xE0) {
        throw Error{Errc::usage, fmt::format("class {:02X} cannot be chained", command.cla)};
    }
    std::vector<CommandApdu> out;
    const ByteView data{command.data};
    for (std::size_t at = 0; at < data.size(); at += block) {
        const ByteView part = data.subspan(at, std::min(block, data.size() - at));
        const bool last = at + part.size() == data.size();
        CommandApdu link{command.cla, command.ins, command.p1, command.p2, Bytes(part.begin(), part.end())};
        link.extended = command.extended;
        if (last) {
            link.ne = command.ne;
        } else {
            link.cla |= chaining_bit;
        }
        out.push_back(std::move(link));
    }
    return out;
}

Carriage carriage(const CommandApdu& command, const BlockLimits& limits) {
    if (command.data.size() > limits.command_data) return Carriage::chained;
    return is_extended(with_allowed_ne(command, limits)) ? Carriage::extended : Carriage::plain;
}

std::vector<CommandApdu> fit(const CommandApdu& command, const BlockLimits& limits) {
    return chain(with_allowed_ne(command, limits), limits.command_data);
}

ResponseApdu transmit_fitted(Transport& card, const CommandApdu& command) {
    ResponseApdu response;
    for (const auto& part : fit(command, card.limits())) {
        response = card.transmit(part);
        if (!response.sw.ok()) break;
    }
    return response;
}

}  // namespace kartsaz::apdu
