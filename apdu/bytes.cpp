// SPDX-License-Identifier: Apache-2.0
#include "apdu/bytes.h"

#include <fmt/format.h>

#include "apdu/error.h"

namespace kartsaz {
namespace {

int digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
}

bool blank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

}  // namespace

Bytes from_hex(std::string_view text) {
    Bytes out;
    out.reserve(text.size() / 2);
    int high = -1;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (blank(text[i])) continue;
        const int value = digit(text[i]);
        if (value < 0) {
            throw Error{Errc::input_invalid, fmt::format("not a hexadecimal digit at offset {}", i)};
        }
        if (high < 0) {
            high = value;
        } else {
            out.push_back(static_cast<std::uint8_t>(high * 16 + value));
            high = -1;
        }
    }
    if (high >= 0) throw Error{Errc::input_invalid, "odd number of hexadecimal digits"};
    return out;
}

std::string to_hex(ByteView bytes) {
    static constexpr char digits[] = "0123456789ABCDEF";
    std::string out;
    out.reserve(bytes.size() * 2);
    for (const auto b : bytes) {
        out.push_back(digits[b >> 4U]);
        out.push_back(digits[b & 0x0FU]);
    }
    return out;
}

Bytes to_bytes(std::string_view text) {
    return Bytes(text.begin(), text.end());
}

std::string to_text(ByteView bytes) {
    return std::string(bytes.begin(), bytes.end());
}

Bytes concat(std::initializer_list<ByteView> parts) {
    Bytes out;
    std::size_t total = 0;
    for (const auto& part : parts) total += part.size();
    out.reserve(total);
    for (const auto& part : parts) append(out, part);
    return out;
}

void append(Bytes& bytes, ByteView tail) {
    bytes.insert(bytes.end(), tail.begin(), tail.end());
}

std::uint64_t big_endian(ByteView bytes) {
    if (bytes.empty() || bytes.size() > 8) {
        throw Error{Errc::internal, "an integer of 1 to 8 bytes was expected"};
    }
    std::uint64_t value = 0;
    for (const auto b : bytes) value = (value << 8U) | b;
    return value;
}

Bytes big_endian(std::uint64_t value, std::size_t size) {
    Bytes out(size);
    for (std::size_t i = 0; i < size; ++i) {
        out[size - 1 - i] = static_cast<std::uint8_t>(value & 0xFFU);
        value >>= 8U;
    }
    return out;
}

}  // namespace kartsaz
