// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

/// The Solar Hijri year: all its months have fixed lengths but the last, so its first day says everything.
namespace kartsaz::record {

/// Years that the record understands; they cover the Gregorian years 1800 to 2199.
inline constexpr int first_solar_hijri_year = 1178;
inline constexpr int last_solar_hijri_year = 1599;

/// Days from 1970-01-01 to the first of Farvardin of `year`, by ICU's persian calendar unless an override
/// says otherwise. @param year  first_solar_hijri_year to last_solar_hijri_year + 1
/// @throws Error{input_invalid} outside these years
std::int64_t nowruz(int year);

/// A year whose first day is not where ICU's 33-year arithmetic puts it. The calendar is astronomical: the
/// day of the equinox if it falls before noon in Tehran, else the next. When the official calendar of a year
/// differs, a line in solar_hijri.cpp is all that is needed.
struct NowruzOverride {
    int year;
    int gregorian_year, gregorian_month, gregorian_day;
};
/// The first days of all years in order, with `overrides` applied.
std::vector<std::int64_t> nowruz_table(std::span<const NowruzOverride> overrides);

}  // namespace kartsaz::record
