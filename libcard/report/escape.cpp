// SPDX-License-Identifier: Apache-2.0
#include "libcard/report/escape.h"

#include <cstdint>

namespace kartsaz::report {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";

std::uint32_t code_point(std::string_view bytes) {
    const auto byte = [&](std::size_t i) {
        return static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i]));
    };
    if (bytes.size() == 1) return byte(0);
    std::uint32_t value = byte(0) & (0xFFU >> (bytes.size() + 1));
    for (std::size_t i = 1; i < bytes.size(); ++i) value = value << 6U | (byte(i) & 0x3FU);
    return value;
}

/// Embeddings, overrides, isolates and marks: they would reach beyond the value they stand in.
bool turns_direction(std::uint32_t c) {
    return c == 0x200E || c == 0x200F || c == 0x061C || (c >= 0x202A && c <= 0x202E) ||
           (c >= 0x2066 && c <= 0x2069);
}

void put_ascii(std::string& out, char c) {
    switch (c) {
        case '&':
            out += "&amp;";
            break;
        case '<':
            out += "&lt;";
            break;
        case '>':
            out += "&gt;";
            break;
        case '"':
            out += "&quot;";
            break;
        case '\'':
            out += "&#39;";
            break;
        case '\n':
        case '\t':
            out += c;
            break;
        default:
            if (c < 0x20 || c == 0x7F) {
                out += replacement;
            } else {
                out += c;
            }
    }
}

}  // namespace

std::size_t utf8_length(std::string_view text, std::size_t at) {
    const auto lead = static_cast<unsigned char>(text[at]);
    std::size_t size = 0;
    if (lead < 0x80) size = 1;
    if (lead >= 0xC2 && lead <= 0xDF) size = 2;
    if (lead >= 0xE0 && lead <= 0xEF) size = 3;
    if (lead >= 0xF0 && lead <= 0xF4) size = 4;
    if (size == 0 || at + size > text.size()) return 0;
    for (std::size_t i = 1; i < size; ++i) {
        if ((static_cast<unsigned char>(text[at + i]) & 0xC0U) != 0x80) return 0;
    }
    const std::uint32_t c = code_point(text.substr(at, size));
    const bool overlong = (size == 3 && c < 0x800) || (size == 4 && c < 0x10000);
    const bool no_character = (c >= 0xD800 && c <= 0xDFFF) || c > 0x10FFFF || (c & 0xFFFEU) == 0xFFFE;
    return overlong || no_character ? 0 : size;
}

std::string escaped(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t size = utf8_length(text, i);
        if (size == 1) put_ascii(out, text[i]);
        if (size == 0) out += replacement;
        if (size > 1) {
            const std::string_view bytes = text.substr(i, size);
            const std::uint32_t c = code_point(bytes);
            const bool control = c >= 0x80 && c < 0xA0;
            if (control) out += replacement;
            if (!control && !turns_direction(c)) out += bytes;
        }
        i += size == 0 ? 1 : size;
    }
    return out;
}

std::string base64(ByteView bytes) {
    constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    out.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const std::size_t count = bytes.size() - i < 3 ? bytes.size() - i : 3;
        std::uint32_t group = 0;
        for (std::size_t k = 0; k < 3; ++k) group = group << 8U | (k < count ? bytes[i + k] : 0U);
        for (std::size_t k = 0; k < 4; ++k) {
            out += k <= count ? letters[group >> (18U - 6U * k) & 0x3FU] : '=';
        }
    }
    return out;
}

}  // namespace kartsaz::report
