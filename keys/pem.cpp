// SPDX-License-Identifier: Apache-2.0
#include "keys/pem.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>

#include "apdu/error.h"

namespace kartsaz::keys {
namespace {

/// -1: no digit of base64.
int digit_of(char c) {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    if (c == '+') return 62;
    return c == '/' ? 63 : -1;
}

}  // namespace

std::string pem_text(ByteView der, std::string_view label) {
    std::string base64((der.size() + 2) / 3 * 4 + 1, '\0');
    const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(base64.data()), der.data(),
                                     static_cast<int>(der.size()));
    base64.resize(static_cast<std::size_t>(size));
    std::string out = fmt::format("-----BEGIN {}-----\n", label);
    for (std::size_t at = 0; at < base64.size(); at += 64) out += base64.substr(at, 64) + "\n";
    return out + fmt::format("-----END {}-----\n", label);
}

Bytes pem_content(std::string_view text, std::string_view label, std::string_view what) {
    const std::string begin = fmt::format("-----BEGIN {}-----", label),
                      end = fmt::format("-----END {}-----", label);
    const auto fail = [&](std::size_t at, std::string_view rule) {
        throw Error{Errc::input_invalid, fmt::format("{}: offset {}: {}", what, at, rule)};
    };
    const auto first = text.find(begin);
    if (first == std::string_view::npos) return {};
    const auto last = text.find(end, first + begin.size());
    if (last == std::string_view::npos) fail(first, fmt::format("{} without {}", begin, end));
    Bytes out;
    std::uint32_t held = 0;
    unsigned digits = 0, padding = 0;
    for (std::size_t at = first + begin.size(); at < last; ++at) {
        const char c = text[at];
        if (c == '\n' || c == '\r' || c == ' ' || c == '\t') continue;
        const int digit = digit_of(c);
        if (c == '=') {
            ++padding;
        } else if (digit < 0 || padding != 0) {
            fail(at, "no base64 (RFC 4648, 4)");
        }
        held = held << 6U | static_cast<std::uint32_t>(std::max(digit, 0));
        if (++digits % 4 != 0) continue;
        for (unsigned byte = 0; byte < 3 - std::min(padding, 3U); ++byte) {
            out.push_back(static_cast<std::uint8_t>(held >> (16 - 8 * byte)));
        }
    }
    if (digits % 4 != 0 || padding > 2) fail(last, "base64 stops inside a group of four (RFC 4648, 4)");
    if (out.empty()) fail(last, "nothing between the two lines");
    return out;
}

}  // namespace kartsaz::keys
