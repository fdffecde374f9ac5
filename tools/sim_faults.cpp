// SPDX-License-Identifier: Apache-2.0
#include "tools/sim_faults.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <vector>

#include "apdu/error.h"

namespace kartsaz::tools {
namespace {

struct Row {
    std::string_view name;
    sim::Faults::Kind kind;
    int base;  ///< of the value, 0: there is none
};
constexpr std::array rows{
    Row{"cut-before", sim::Faults::Kind::cut_before, 0},
    Row{"cut-after", sim::Faults::Kind::cut_after, 0},
    Row{"drop-response", sim::Faults::Kind::drop_response, 0},
    Row{"flip-bit", sim::Faults::Kind::flip_response_bit, 10},
    Row{"answer-sw", sim::Faults::Kind::answer_sw, 16},
    Row{"slow", sim::Faults::Kind::slow, 10},
    Row{"cut-in-write", sim::Faults::Kind::cut_in_write, 10},
};

std::vector<std::string> split(const std::string& text) {
    std::vector<std::string> parts(1);
    for (const char c : text) {
        if (c == ':') {
            parts.emplace_back();
        } else {
            parts.back().push_back(c);
        }
    }
    return parts;
}

template <typename Number>
Number number(const std::string& text, int base, const std::string& whole) {
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (error != std::errc{} || end != text.data() + text.size() || text.empty()) {
        throw Error{Errc::usage, fmt::format("fault \"{}\": \"{}\" is not a number", whole, text)};
    }
    return value;
}

}  // namespace

sim::Faults parse_fault(const std::string& text) {
    const auto parts = split(text);
    for (const auto& row : rows) {
        if (parts[0] != row.name) continue;
        if (parts.size() != (row.base == 0 ? 2U : 3U)) break;
        sim::Faults fault;
        fault.kind = row.kind;
        fault.at = number<std::uint64_t>(parts[1], 10, text);
        if (row.base != 0) fault.value = number<std::uint32_t>(parts[2], row.base, text);
        return fault;
    }
    throw Error{
        Errc::usage,
        fmt::format("fault \"{}\": not one of cut-before:N, cut-after:N, drop-response:N, flip-bit:N:BIT, "
                    "answer-sw:N:SW, slow:N:MS, cut-in-write:N:BYTES",
                    text)};
}

}  // namespace kartsaz::tools
