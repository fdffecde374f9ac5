// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

/// Status words that several applications of the simulator answer with, ISO/IEC 7816-4, 5.6.
namespace kartsaz::sim::status {

constexpr std::uint16_t wrong_length = 0x6700;
constexpr std::uint16_t general = 0x6900;
constexpr std::uint16_t denied = 0x6982;
constexpr std::uint16_t invalid = 0x6984;
constexpr std::uint16_t no_condition = 0x6985;
constexpr std::uint16_t wrong_data = 0x6A80;
constexpr std::uint16_t unsupported = 0x6A81;
constexpr std::uint16_t not_found = 0x6A82;
constexpr std::uint16_t wrong_p1p2 = 0x6A86;
constexpr std::uint16_t fault = 0x6F00;

}  // namespace kartsaz::sim::status
