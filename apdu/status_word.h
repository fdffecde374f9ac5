// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace kartsaz::apdu {

/// SW1-SW2 of a response. A value: it judges nothing by itself.
/// Source: ISO/IEC 7816-4, Status bytes.
class StatusWord {
public:
    constexpr StatusWord() = default;
    constexpr explicit StatusWord(std::uint16_t value) noexcept : value_{value} {}

    constexpr std::uint16_t value() const noexcept { return value_; }
    constexpr std::uint8_t sw1() const noexcept { return static_cast<std::uint8_t>(value_ >> 8U); }
    constexpr std::uint8_t sw2() const noexcept { return static_cast<std::uint8_t>(value_ & 0xFFU); }
    constexpr bool ok() const noexcept { return value_ == 0x9000; }
    /// 62xx or 63xx: the command was carried out, with a remark.
    constexpr bool warning() const noexcept { return sw1() == 0x62 || sw1() == 0x63; }
    /// Attempts left when the word is 63Cx (PIN, PUK and key counters), otherwise empty.
    constexpr std::optional<unsigned> tries_left() const noexcept {
        if ((value_ & 0xFFF0U) != 0x63C0U) return std::nullopt;
        return value_ & 0x0FU;
    }

    friend constexpr bool operator==(StatusWord, StatusWord) = default;

private:
    std::uint16_t value_ = 0;
};

/// What the word means, in a few words: "file or application not found". Unknown words say so.
/// Source: ISO/IEC 7816-4 tables 5 and 6; GlobalPlatform Card Specification 2.3.1, 11.1.3.
std::string describe(StatusWord sw);

}  // namespace kartsaz::apdu
