// SPDX-License-Identifier: Apache-2.0
#include "keys/secret_hex.h"

#include <string_view>

namespace kartsaz::keys {
namespace {

int digit(std::uint8_t c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
}

}  // namespace

SecretBytes secret_from_hex(const SecretBytes& digits, bool blanks, std::string* fault) {
    Botan::secure_vector<std::uint8_t> out;
    digits.reveal([&](ByteView text) {
        int high = -1;
        for (std::size_t i = 0; i < text.size() && fault->empty(); ++i) {
            if (blanks && text[i] == ' ') continue;
            const int value = digit(text[i]);
            if (value < 0) {
                *fault = "not a hexadecimal digit at character " + std::to_string(i);
            } else if (high < 0) {
                high = value;
            } else {
                out.push_back(static_cast<std::uint8_t>(high * 16 + value));
                high = -1;
            }
        }
        if (fault->empty() && high >= 0) *fault = "odd number of hexadecimal digits";
    });
    if (!fault->empty()) return {};
    return SecretBytes{std::move(out)};
}

SecretBytes secret_to_hex(const SecretBytes& secret) {
    static constexpr std::string_view digits = "0123456789ABCDEF";
    Botan::secure_vector<std::uint8_t> out;
    secret.reveal([&](ByteView bytes) {
        for (const auto byte : bytes) {
            out.push_back(static_cast<std::uint8_t>(digits[byte >> 4U]));
            out.push_back(static_cast<std::uint8_t>(digits[byte & 0x0FU]));
        }
    });
    return SecretBytes{std::move(out)};
}

}  // namespace kartsaz::keys
