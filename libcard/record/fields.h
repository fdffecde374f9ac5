// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

/// The names that record.json may use. docs/record.schema.json says the same; a test compares them.
namespace kartsaz::record {

struct Field {
    std::string_view object;  ///< path of the object it stands in: "", "/name/fa", "/fingers/*"
    std::string_view name;
    bool required;
};
std::span<const Field> fields();

/// Limits in bytes of UTF-8. Source: ICAO Doc 9303-10, 4.7.11 for what DG11 is expected to hold.
namespace limit {
inline constexpr std::size_t name_part = 60;
inline constexpr std::size_t full_name = 99;  ///< surname, two fillers, given names
inline constexpr std::size_t place = 60;
inline constexpr std::size_t address = 200;
inline constexpr std::size_t authority = 99;
inline constexpr std::size_t serial = 40;
inline constexpr std::size_t email = 100;
inline constexpr std::size_t json = 256 * 1024;
inline constexpr std::size_t photo = 1024 * 1024;
inline constexpr std::size_t finger_template = 64 * 1024;
}  // namespace limit

/// The candidate that `word` was probably meant to be; empty when none is near.
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);

/// "right-index", as the record writes it. @param position 1..10
std::string position_name(unsigned position);

}  // namespace kartsaz::record
