// SPDX-License-Identifier: Apache-2.0
#include "tools/console.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <vector>

#include "tools/columns.h"
#include "tools/exit_codes.h"

namespace kartsaz::tools {
namespace {

constexpr std::size_t columns = 80;
constexpr std::size_t label_width = 22;  // "passport application" and two blanks
bool json_mode = false;

void put(std::FILE* out, std::string_view text) {
    const std::string line = harmless(text) + '\n';
    std::fwrite(line.data(), 1, line.size(), out);
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

void set_json(bool on) {
    json_mode = on;
}

std::FILE* people() {
    return json_mode ? stderr : stdout;
}

void say(std::string_view text, unsigned indent) {
    say_lines(people(), text, indent);
}

void say_field(std::string_view label, std::string_view value) {
    while (true) {
        const auto end = value.find('\n');
        for (const auto& part : wrap(value.substr(0, end), columns - 2 - label_width)) {
            const std::size_t pad = label_width > width(label) ? label_width - width(label) : 1;
            put(people(), "  " + std::string{label} + std::string(pad, ' ') + part);
            label = {};
        }
        if (end == std::string_view::npos) return;
        value.remove_prefix(end + 1);
    }
}

void say_heading(std::string_view text) {
    std::fputc('\n', people());
    say(text);
}

void print_json(const nlohmann::json& document) {
    fmt::print("{}\n", document.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
}

void print_error(std::string_view what, int code) {
    std::fflush(stdout);
    say_lines(stderr, fmt::format("kartsaz: {}", what), 2);
    if (json_mode) print_json({{"error", {{"exit_code", code}, {"text", what}}}});
}

void print_note(std::string_view what) {
    std::fflush(stdout);
    if (::isatty(STDERR_FILENO) == 1) fmt::print(stderr, "\r{:79}\r", "");  // a bar may be there
    say_lines(stderr, fmt::format("kartsaz: note: {}", what), 2);
}

ProgressBar::ProgressBar() : terminal_{::isatty(STDERR_FILENO) == 1} {}

ProgressBar::~ProgressBar() {
    clear();
}

void ProgressBar::show(std::size_t done, std::size_t total, std::string_view label) {
    if (!terminal_ || total == 0) return;
    constexpr std::size_t cells = 24;
    const std::size_t full = std::min(cells, done * cells / total);
    const std::string text = wrap(harmless(label), 44).front();
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

namespace {

volatile std::sig_atomic_t stop_signal = 0;

}  // namespace

void stop_on_request() {
    std::signal(SIGINT, [](int number) { stop_signal = number; });
    std::signal(SIGTERM, [](int number) { stop_signal = number; });
}

bool stop_requested() {
    return stop_signal != 0;
}

void warn_development_keys() {
    say("! DEVELOPMENT KEYS: they are published. A card made with them proves nothing.", 2);
}

}  // namespace kartsaz::tools
