// SPDX-License-Identifier: Apache-2.0
#include "tools/columns.h"

#include <algorithm>
#include <array>

namespace kartsaz::tools {
namespace {

struct Range {
    char32_t first, last;
};
/// Characters without a column of their own, as far as Persian and Latin text has them.
/// Source: Unicode 15.0, general categories Mn and Cf.
constexpr std::array no_column{
    Range{0x0300, 0x036F}, Range{0x0610, 0x061A}, Range{0x061C, 0x061C}, Range{0x064B, 0x065F},
    Range{0x0670, 0x0670}, Range{0x06D6, 0x06DC}, Range{0x06DF, 0x06E4}, Range{0x200B, 0x200F},
    Range{0x202A, 0x202E}, Range{0x2060, 0x2069}, Range{0xFE00, 0xFE0F}, Range{0xFEFF, 0xFEFF},
};

bool continues(char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

/// Bytes of the character that `text` starts with; 1 for what is not UTF-8.
std::size_t length_of_first(std::string_view text) {
    std::size_t size = 1;
    while (size < std::min<std::size_t>(text.size(), 4) && continues(text[size])) ++size;
    return size;
}

char32_t first_of(std::string_view text) {
    const auto lead = static_cast<unsigned char>(text[0]);
    const std::size_t size = length_of_first(text);
    char32_t value = size == 1 ? lead : lead & (0x7FU >> size);
    for (std::size_t i = 1; i < size; ++i)
        value = (value << 6U) | (static_cast<unsigned char>(text[i]) & 0x3FU);
    return value;
}

std::size_t columns_of(char32_t c) {
    const auto holds = [c](const Range& range) { return range.first <= c && c <= range.last; };
    return std::any_of(no_column.begin(), no_column.end(), holds) ? 0 : 1;
}

/// Bytes of the longest start of `text` that fits; at least one character.
std::size_t fitting(std::string_view text, std::size_t room) {
    std::size_t bytes = 0;
    std::size_t used = 0;
    while (bytes < text.size()) {
        const auto rest = text.substr(bytes);
        used += columns_of(first_of(rest));
        if (used > room && bytes > 0) break;
        bytes += length_of_first(rest);
    }
    return bytes;
}

}  // namespace

std::size_t width(std::string_view text) {
    std::size_t used = 0;
    while (!text.empty()) {
        used += columns_of(first_of(text));
        text.remove_prefix(length_of_first(text));
    }
    return used;
}

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
        while (width(word) > room) {
            const std::size_t size = fitting(word, room);
            lines.back() = word.substr(0, size);
            lines.emplace_back();
            word.remove_prefix(size);
        }
        lines.back() = word;
    }
    return lines;
}

std::string harmless(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const char32_t c = first_of(text);
        const std::size_t size = length_of_first(text);
        const bool control = (c < 0x20 && c != U'\n') || (c >= 0x7F && c < 0xA0);
        out += control ? std::string{"?"} : std::string{text.substr(0, size)};
        text.remove_prefix(size);
    }
    return out;
}

}  // namespace kartsaz::tools
