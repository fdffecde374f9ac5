// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kartsaz::record {

/// A civil day, kept in the Gregorian calendar; the Solar Hijri form is computed by ICU.
struct Date {
    int year = 0;   ///< Gregorian
    int month = 0;  ///< 1..12
    int day = 0;    ///< 1..31

    friend auto operator<=>(const Date&, const Date&) = default;

    std::string gregorian() const;    ///< "1990-03-21"
    std::string compact() const;      ///< "19900321", as 5F2B wants it
    std::string mrz() const;          ///< "900321"
    std::string solar_hijri() const;  ///< "1369-01-01"; Error{input_invalid} outside the years 1178 to 1599
    std::int64_t days() const;        ///< since 1970-01-01
};

/// A day of either calendar: "1369-01-01" (years 1200..1599 are Solar Hijri), "1990-03-21" (years
/// 1800..2199 are Gregorian); separators - or /; Persian and Arabic-Indic digits are taken too.
/// @param[out] rule  when empty is returned: the rule that is broken, "Esfand has 30 days; the day given is
///                   31". It never repeats the date, which may be a birth date.
std::optional<Date> parse_date(std::string_view text, std::string& rule);

/// Solar Hijri to Gregorian. Empty when there is no such day. Source: ICU's persian calendar; checked
/// against vectors/iran.json.
std::optional<Date> from_solar_hijri(int year, int month, int day);
/// Days of a Solar Hijri month, 29..31. @param month 1..12
int solar_hijri_month_length(int year, int month);
/// Empty when there is no such Gregorian day.
std::optional<Date> from_gregorian(int year, int month, int day);
/// Seconds since 1970-01-01T00:00Z of the start of that day.
std::int64_t to_unix(const Date& date);
/// @throws Error{input_invalid} outside the years 1 to 9999
Date from_unix(std::int64_t seconds);

}  // namespace kartsaz::record
