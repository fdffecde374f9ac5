// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <charconv>

#include "apdu/error.h"
#include "apdu/transcript.h"

namespace kartsaz::apdu {
namespace {

using Kind = TranscriptItem::Kind;

std::string_view trim(std::string_view text) {
    const auto blank = " \t\r";
    const auto first = text.find_first_not_of(blank);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(blank) - first + 1);
}

/// The word before the first blank; `text` keeps what follows it.
std::string_view take_word(std::string_view& text) {
    const auto end = text.find_first_of(" \t");
    const auto word = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : trim(text.substr(end));
    return word;
}

[[noreturn]] void fail(const std::string& name, std::size_t line, const std::string& rule) {
    throw Error{Errc::input_invalid, fmt::format("{}: line {}: {}", name, line, rule)};
}

/// Hex with `??` for any byte.
void parse_bytes(std::string_view text, TranscriptItem& item, const std::string& name) {
    std::string digits;
    for (const char c : text) {
        if (c != ' ' && c != '\t') digits.push_back(c);
    }
    if (digits.size() % 2 != 0) fail(name, item.line, "odd number of hexadecimal digits");
    for (std::size_t i = 0; i < digits.size(); i += 2) {
        const auto pair = std::string_view{digits}.substr(i, 2);
        item.any.push_back(pair == "??");
        if (item.any.back()) {
            item.bytes.push_back(0x00);
            continue;
        }
        try {
            append(item.bytes, from_hex(pair));
        } catch (const Error&) {
            fail(name, item.line, fmt::format("byte {} is neither hexadecimal nor ??", i / 2));
        }
    }
}

std::size_t parse_limit(std::string_view word, const TranscriptItem& item, const std::string& name) {
    std::size_t value = 0;
    const auto end = word.data() + word.size();
    const auto result = std::from_chars(word.data(), end, value);
    if (word.empty() || result.ec != std::errc{} || result.ptr != end || value == 0 || value > 65536) {
        fail(name, item.line, "limits are two numbers from 1 to 65536");
    }
    return value;
}

void parse_setting(std::string_view text, TranscriptItem& item, const std::string& name) {
    const auto word = take_word(text);
    if (word == "ATR") {
        item.kind = Kind::atr;
        parse_bytes(text, item, name);
        if (item.bytes.empty()) fail(name, item.line, "an ATR without bytes");
        return;
    }
    if (word == "limits") {
        item.kind = Kind::limits;
        item.limits.command_data = parse_limit(take_word(text), item, name);
        item.limits.response_data = parse_limit(text, item, name);
        return;
    }
    item.kind = word == "reset" ? Kind::reset : Kind::removed;
    if ((word != "reset" && word != "removed") || !text.empty()) {
        fail(name, item.line, "after ! stands ATR, limits, reset or removed");
    }
}

/// Each command is followed by its response; nothing else may stand between them.
void check_order(const std::vector<TranscriptItem>& items, const TranscriptItem& item,
                 const std::string& name) {
    const bool after_command = !items.empty() && items.back().kind == Kind::command;
    const bool answers = item.kind == Kind::response || item.kind == Kind::removed;
    if (answers && !after_command) fail(name, item.line, "a response without a command");
    if (!answers && after_command) fail(name, items.back().line, "a command without a response");
}

TranscriptItem parse_line(std::string_view line, std::size_t number, const std::string& name) {
    TranscriptItem item{Kind::command, number};
    const char mark = line[0];
    const auto text = trim(line.substr(1));
    if (mark == '!') {
        parse_setting(text, item, name);
        return item;
    }
    if (mark != '>' && mark != '<') fail(name, number, "a line starts with #, !, > or <");
    item.kind = mark == '>' ? Kind::command : Kind::response;
    parse_bytes(text, item, name);
    if (item.kind == Kind::command && item.bytes.size() < 4)
        fail(name, number, "a command has 4 bytes or more");
    if (item.kind == Kind::response && item.bytes.size() < 2)
        fail(name, number, "a response has 2 bytes or more");
    return item;
}

}  // namespace

std::vector<TranscriptItem> parse_transcript(std::string_view text, const std::string& name) {
    std::vector<TranscriptItem> items;
    std::size_t number = 0;
    while (!text.empty()) {
        const auto end = text.find('\n');
        const auto line = trim(text.substr(0, end));
        text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
        ++number;
        if (line.empty() || line[0] == '#') continue;
        TranscriptItem item = parse_line(line, number, name);
        check_order(items, item, name);
        items.push_back(std::move(item));
    }
    if (!items.empty() && items.back().kind == Kind::command) {
        fail(name, items.back().line, "a command without a response");
    }
    return items;
}

}  // namespace kartsaz::apdu
