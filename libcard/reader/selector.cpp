// SPDX-License-Identifier: Apache-2.0
#include "libcard/reader/selector.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <optional>
#include <string_view>

#include "apdu/error.h"

namespace kartsaz::reader {
namespace {

using Kind = Selector::Kind;

struct Prefix {
    std::string_view text;
    Kind kind;
};
constexpr Prefix prefixes[] = {
    {"sim:", Kind::sim}, {"replay:", Kind::replay}, {"vpcd:", Kind::vpcd}, {"pcsc:", Kind::pcsc_name}};

std::optional<unsigned> whole_number(std::string_view text) {
    unsigned value = 0;
    const auto end = text.data() + text.size();
    const auto result = std::from_chars(text.data(), end, value);
    if (text.empty() || result.ec != std::errc{} || result.ptr != end) return std::nullopt;
    return value;
}

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : static_cast<char>(c);
    });
    return text;
}

std::string wish(const Selector& selector) {
    switch (selector.kind) {
        case Kind::pcsc_name:
            return fmt::format("reader '{}'", selector.value);
        case Kind::pcsc_number:
            return fmt::format("reader number {}", selector.number);
        case Kind::pcsc_part:
            return fmt::format("a reader named like '{}'", selector.value);
        default:
            return "a reader with a card";
    }
}

bool fits(const Selector& selector, const ReaderStatus& reader) {
    switch (selector.kind) {
        case Kind::pcsc_name:
            return reader.name == selector.value;
        case Kind::pcsc_number:
            return reader.index == selector.number;
        case Kind::pcsc_part:
            return lower(reader.name).find(lower(selector.value)) != std::string::npos;
        case Kind::only_card:
            return reader.card_present;
        default:
            throw Error{Errc::internal, "choose_reader() with a selector that is not for PC/SC"};
    }
}

}  // namespace

Selector parse_selector(const std::string& text) {
    if (text.empty()) return {};
    for (const auto& prefix : prefixes) {
        if (!text.starts_with(prefix.text)) continue;
        Selector out{prefix.kind, text.substr(prefix.text.size())};
        if (out.value.empty()) {
            throw Error{Errc::usage, fmt::format("reader '{}': nothing after the colon", text)};
        }
        if (out.kind == Kind::vpcd) {
            const auto port = whole_number(out.value);
            if (!port || *port == 0 || *port > 65535) {
                throw Error{Errc::usage,
                            fmt::format("reader '{}': a port is a number from 1 to 65535", text)};
            }
            out.number = *port;
        }
        return out;
    }
    if (const auto number = whole_number(text)) return {Kind::pcsc_number, text, *number};
    return {Kind::pcsc_part, text};
}

std::string list_text(const std::vector<ReaderStatus>& readers) {
    if (readers.empty()) return "no reader is connected";
    std::string out = "the readers are:";
    for (const auto& reader : readers) {
        out += fmt::format("\n  {}: {} ({}{})", reader.index, reader.name,
                           reader.card_present ? "card" : "no card", reader.in_use ? ", in use" : "");
    }
    return out;
}

const ReaderStatus& choose_reader(const Selector& selector, const std::vector<ReaderStatus>& readers) {
    std::vector<const ReaderStatus*> found;
    for (const auto& reader : readers) {
        if (selector.kind == Kind::pcsc_part && reader.name == selector.value) return reader;
        if (fits(selector, reader)) found.push_back(&reader);
    }
    if (found.size() == 1) return *found.front();
    const auto with_card =
        std::partition(found.begin(), found.end(), [](auto* r) { return r->card_present; });
    const auto cards = with_card - found.begin();
    if (cards == 1) return *found.front();
    if (cards == 0) {
        const auto what = found.empty() ? "is not there" : "and with a card is not there";
        throw Error{Errc::reader_failed, fmt::format("{} {}; {}", wish(selector), what, list_text(readers))};
    }
    throw Error{Errc::usage, fmt::format("{}: {} of them have a card; say which one; {}", wish(selector),
                                         cards, list_text(readers))};
}

}  // namespace kartsaz::reader
