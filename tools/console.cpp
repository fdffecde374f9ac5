// SPDX-License-Identifier: Apache-2.0
#include "tools/console.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "tools/exit_codes.h"

namespace kartsaz::tools {
namespace {

constexpr std::size_t columns = 80;
constexpr std::size_t label_width = 16;
bool json_mode = false;

/// Columns of a UTF-8 text: one for each code point that is not a combining byte.
std::size_t width(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(
        text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

/// A word that does not fit a line is cut, so that long hexadecimal text wraps too.
std::vector<std::string> wrap(std::string_view text, std::size_t room) {
    std::vector<std::string> lines(1);
    while (!text.empty()) {
        const auto blank = text.find(' ');
        std::string_view word = text.substr(0, blank);
        text.remove_prefix(blank == std::string_view::npos ? text.size() : blank + 1);
        const std::size_t used = width(lines.back());
        if (used + (used > 0 ? 1 : 0) + width(word) <= room) {
            if (used > 0 || word.empty()) lines.back() += ' ';
            lines.back() += word;
            continue;
        }
        if (used > 0) lines.emplace_back();
        while (word.size() > room) {
            lines.back() = word.substr(0, room);
            lines.emplace_back();
            word.remove_prefix(room);
        }
        lines.back() = word;
    }
    return lines;
}

void put(std::FILE* out, std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), out);
    std::fputc('\n', out);
}

void say_lines(std::FILE* out, std::string_view text, unsigned indent) {
    while (true) {
        const auto end = text.find('\n');
        std::string_view line = text.substr(0, end);
        std::size_t lead = 0;
        while (lead < line.size() && line[lead] == ' ') ++lead;
        const auto parts = wrap(line.substr(lead), columns - std::max<std::size_t>(lead, indent));
        for (std::size_t i = 0; i < parts.size(); ++i) {
            put(out, std::string(i == 0 ? lead : std::max<std::size_t>(lead, indent), ' ') + parts[i]);
        }
        if (end == std::string_view::npos) return;
        text.remove_prefix(end + 1);
    }
}

}  // namespace

void people_to_stderr() {
    json_mode = true;
}

std::FILE* people() {
    return json_mode ? stderr : stdout;
}

void say(std::string_view text, unsigned indent) {
    say_lines(people(), text, indent);
}

void say_field(std::string_view label, std::string_view value) {
    const auto parts = wrap(value, columns - 2 - label_width);
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const std::string_view head = i == 0 ? label : std::string_view{};
        const std::size_t pad = label_width > width(head) ? label_width - width(head) : 1;
        put(people(), "  " + std::string{head} + std::string(pad, ' ') + parts[i]);
    }
}

void say_heading(std::string_view text) {
    std::fputc('\n', people());
    say(text);
}

void print_json(const nlohmann::json& document) {
    put(stdout, document.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
}

void print_error(std::string_view what, int code) {
    std::fflush(stdout);
    say_lines(stderr, fmt::format("kartsaz: {}", what), 2);
    if (json_mode) print_json({{"error", {{"exit_code", code}, {"text", what}}}});
}

ProgressBar::ProgressBar() : terminal_{::isatty(STDERR_FILENO) == 1} {}

ProgressBar::~ProgressBar() {
    clear();
}

void ProgressBar::show(std::size_t done, std::size_t total, std::string_view label) {
    if (!terminal_ || total == 0) return;
    constexpr std::size_t cells = 24;
    const std::size_t full = std::min(cells, done * cells / total);
    std::string text{label.substr(0, 44)};
    fmt::print(stderr, "\r  [{:#<{}}{:.<{}}] {:3}%  {:<44}", "", full, "", cells - full, done * 100 / total,
               text);
    std::fflush(stderr);
    shown_ = true;
}

void ProgressBar::clear() {
    if (!shown_) return;
    fmt::print(stderr, "\r{:79}\r", "");
    std::fflush(stderr);
    shown_ = false;
}

void warn_development_keys() {
    say("! DEVELOPMENT KEYS: they are published. A card made with them proves nothing.", 2);
}

}  // namespace kartsaz::tools
