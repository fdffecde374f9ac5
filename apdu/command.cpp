// SPDX-License-Identifier: Apache-2.0
#include "apdu/command.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "apdu/error.h"

namespace kartsaz::apdu {
namespace {

constexpr std::size_t max_nc = 65535;
constexpr std::uint32_t max_ne = 65536;

void put16(Bytes& out, std::size_t value) {
    out.push_back(static_cast<std::uint8_t>((value >> 8U) & 0xFFU));
    out.push_back(static_cast<std::uint8_t>(value & 0xFFU));
}

void check_ranges(const CommandApdu& command) {
    if (command.data.size() > max_nc) {
        throw Error{Errc::usage, fmt::format("command data of {} bytes: 65535 at most", command.data.size())};
    }
    if (command.ne && (*command.ne == 0 || *command.ne > max_ne)) {
        throw Error{Errc::usage, fmt::format("{} response bytes wanted: 1 to 65536", *command.ne)};
    }
}

[[noreturn]] void bad_command(const std::string& rule) {
    throw Error{Errc::input_invalid, "command APDU: " + rule};
}

std::size_t word_at(ByteView wire, std::size_t at) {
    return std::size_t{wire[at]} << 8U | wire[at + 1];
}

Bytes copy(ByteView bytes) {
    return Bytes(bytes.begin(), bytes.end());
}

void decode_short(ByteView wire, CommandApdu& command) {
    const std::size_t lc = wire[4];
    if (wire.size() < 5 + lc) {
        bad_command(fmt::format("Lc is {}, but {} bytes follow it", lc, wire.size() - 5));
    }
    const std::size_t tail = wire.size() - 5 - lc;
    if (tail > 1)
        bad_command(fmt::format("{} bytes after Lc and {} bytes of data, one Le at most", tail, lc));
    command.data = copy(wire.subspan(5, lc));
    if (tail == 1) command.ne = wire.back() == 0 ? 256U : wire.back();
}

void decode_extended(ByteView wire, CommandApdu& command) {
    if (wire.size() == 6) bad_command("Lc 00 with one byte after it: neither short nor extended");
    const std::size_t first = word_at(wire, 5);
    if (wire.size() == 7) {
        command.ne = first == 0 ? max_ne : static_cast<std::uint32_t>(first);
    } else {
        if (first == 0) bad_command("extended Lc of 0 with data after it");
        if (wire.size() < 7 + first) {
            bad_command(fmt::format("extended Lc is {}, but {} bytes follow it", first, wire.size() - 7));
        }
        const std::size_t tail = wire.size() - 7 - first;
        if (tail != 0 && tail != 2) {
            bad_command(fmt::format("{} bytes after extended Lc and data; Le has two bytes", tail));
        }
        command.data = copy(wire.subspan(7, first));
        if (tail == 2) {
            const auto le = static_cast<std::uint32_t>(word_at(wire, wire.size() - 2));
            command.ne = le == 0 ? max_ne : le;
        }
    }
    command.extended = !is_extended(command);
}

}  // namespace

bool is_extended(const CommandApdu& command) {
    if (command.data.size() > 255 || command.ne.value_or(0) > 256) return true;
    return command.extended && (!command.data.empty() || command.ne);
}

std::size_t encoded_size(const CommandApdu& command) {
    const std::size_t nc = command.data.size();
    if (!is_extended(command)) return 4 + (nc > 0 ? 1 + nc : 0) + (command.ne ? 1 : 0);
    return 5 + (nc > 0 ? 2 + nc : 0) + (command.ne ? 2 : 0);
}

Bytes encode(const CommandApdu& command) {
    check_ranges(command);
    Bytes out;
    out.reserve(encoded_size(command));
    out.insert(out.end(), {command.cla, command.ins, command.p1, command.p2});
    if (is_extended(command)) {
        out.push_back(0x00);
        if (!command.data.empty()) put16(out, command.data.size());
        append(out, command.data);
        if (command.ne) put16(out, *command.ne & 0xFFFFU);
        return out;
    }
    if (!command.data.empty()) out.push_back(static_cast<std::uint8_t>(command.data.size()));
    append(out, command.data);
    if (command.ne) out.push_back(static_cast<std::uint8_t>(*command.ne & 0xFFU));
    return out;
}

CommandApdu decode_command(ByteView wire) {
    if (wire.size() < 4) bad_command(fmt::format("{} bytes, a header has 4", wire.size()));
    CommandApdu command{wire[0], wire[1], wire[2], wire[3]};
    if (wire.size() == 4) return command;
    if (wire.size() == 5) {
        command.ne = wire[4] == 0 ? 256U : wire[4];
    } else if (wire[4] != 0) {
        decode_short(wire, command);
    } else {
        decode_extended(wire, command);
    }
    return command;
}

ResponseApdu decode_response(ByteView wire) {
    if (wire.size() < 2) {
        throw Error{Errc::input_invalid,
                    fmt::format("response APDU: {} bytes, a status word has 2", wire.size())};
    }
    const std::size_t size = wire.size() - 2;
    return {copy(wire.first(size)), StatusWord{static_cast<std::uint16_t>(word_at(wire, size))}};
}

Bytes encode(const ResponseApdu& response) {
    Bytes out = response.data;
    put16(out, response.sw.value());
    return out;
}

ResponseApdu expect(ResponseApdu response, std::string_view doing,
                    std::initializer_list<std::uint16_t> also_ok) {
    const auto value = response.sw.value();
    if (response.sw.ok() || std::find(also_ok.begin(), also_ok.end(), value) != also_ok.end()) {
        return response;
    }
    const auto code = value == 0x63C0 || value == 0x6983 ? Errc::pin_blocked : Errc::card_refused;
    throw Error{code, fmt::format("{}: SW {:04X} ({})", doing, value, describe(response.sw)), response.sw};
}

}  // namespace kartsaz::apdu
