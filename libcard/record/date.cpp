// SPDX-License-Identifier: Apache-2.0
#include "libcard/record/date.h"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <utility>

#include "apdu/error.h"
#include "libcard/record/solar_hijri.h"
#include "libcard/record/utf8.h"

namespace kartsaz::record {
namespace {

constexpr std::int64_t seconds_per_day = 86'400;

constexpr std::array solar_hijri_months{"Farvardin", "Ordibehesht", "Khordad", "Tir", "Mordad", "Shahrivar",
                                        "Mehr",      "Aban",        "Azar",    "Dey", "Bahman", "Esfand"};
constexpr std::array gregorian_months{"January", "February", "March",     "April",   "May",      "June",
                                      "July",    "August",   "September", "October", "November", "December"};

Date from_days(std::int64_t days) {
    using namespace std::chrono;
    // 0001-01-01 and 9999-12-31: outside, the arithmetic of <chrono> is not defined for every value
    constexpr std::int64_t first = sys_days{year{1} / 1 / 1}.time_since_epoch().count();
    constexpr std::int64_t last = sys_days{year{9999} / 12 / 31}.time_since_epoch().count();
    if (days < first || days > last) throw Error{Errc::input_invalid, "a day outside the years 1 to 9999"};
    const year_month_day day{sys_days{std::chrono::days{days}}};
    return {static_cast<int>(day.year()), static_cast<int>(static_cast<unsigned>(day.month())),
            static_cast<int>(static_cast<unsigned>(day.day()))};
}

/// Year, month and day of "1369-01-01"; empty when the text does not have that shape.
std::optional<std::array<int, 3>> split(std::string_view text) {
    std::array<int, 3> parts{};
    std::array<int, 3> digits{};
    std::size_t part = 0;
    char separator = '\0';
    for (const char c : to_ascii_digits(text)) {
        if (c >= '0' && c <= '9') {
            if (++digits[part] > (part == 0 ? 4 : 2)) return std::nullopt;
            parts[part] = parts[part] * 10 + (c - '0');
            continue;
        }
        if ((c != '-' && c != '/') || part == 2 || (part == 1 && c != separator)) return std::nullopt;
        separator = c;
        ++part;
    }
    if (part != 2 || digits[0] != 4 || digits[1] == 0 || digits[2] == 0) return std::nullopt;
    return parts;
}

int gregorian_month_length(int year, int month) {
    using namespace std::chrono;
    const year_month_day_last last{std::chrono::year{year} /
                                   std::chrono::month{static_cast<unsigned>(month)} / std::chrono::last};
    return static_cast<int>(static_cast<unsigned>(last.day()));
}

/// The rule a day breaks, with the name of the month but never the date itself: it may be a birth date.
std::string day_rule(const char* month_name, int length, bool leap_matters, int day) {
    return fmt::format("{} has {} days{}; the day given is {}", month_name, length,
                       leap_matters ? " in this year, which is no leap year" : "", day);
}

}  // namespace

std::string Date::gregorian() const {
    return fmt::format("{:04}-{:02}-{:02}", year, month, day);
}

std::string Date::compact() const {
    return fmt::format("{:04}{:02}{:02}", year, month, day);
}

std::string Date::mrz() const {
    return fmt::format("{:02}{:02}{:02}", year % 100, month, day);
}

std::int64_t Date::days() const {
    using namespace std::chrono;
    const auto civil = std::chrono::year{year} / std::chrono::month{static_cast<unsigned>(month)} /
                       std::chrono::day{static_cast<unsigned>(day)};
    return sys_days{civil}.time_since_epoch().count();
}

std::string Date::solar_hijri() const {
    const std::int64_t wanted = days();
    // Nowruz falls in March: the Solar Hijri year is 621 or 622 less
    int sh_year = year - 621;
    if (wanted < nowruz(sh_year)) --sh_year;
    const int n = static_cast<int>(wanted - nowruz(sh_year));
    const int sh_month = n < 186 ? 1 + n / 31 : 7 + (n - 186) / 30;
    const int sh_day = n < 186 ? 1 + n % 31 : 1 + (n - 186) % 30;
    return fmt::format("{:04}-{:02}-{:02}", sh_year, sh_month, sh_day);
}

int solar_hijri_month_length(int year, int month) {
    if (month < 1 || month > 12) throw Error{Errc::usage, "a month is 1 to 12"};
    if (month <= 6) return 31;
    if (month <= 11) return 30;
    return static_cast<int>(nowruz(year + 1) - nowruz(year)) - 336;
}

std::optional<Date> from_solar_hijri(int year, int month, int day) {
    if (year < first_solar_hijri_year || year > last_solar_hijri_year) return std::nullopt;
    if (month < 1 || month > 12 || day < 1 || day > solar_hijri_month_length(year, month))
        return std::nullopt;
    const int months_before = month - 1;
    const int days_before = months_before <= 6 ? 31 * months_before : 186 + 30 * (months_before - 6);
    return from_days(nowruz(year) + days_before + day - 1);
}

std::optional<Date> from_gregorian(int year, int month, int day) {
    if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1) return std::nullopt;
    if (day > gregorian_month_length(year, month)) return std::nullopt;
    return Date{year, month, day};
}

std::optional<Date> parse_date(std::string_view text, std::string& rule) {
    const auto parts = split(text);
    if (!parts) {
        rule = "a date is year-month-day in digits: 1369-01-01 (Solar Hijri) or 1990-03-21 (Gregorian)";
        return std::nullopt;
    }
    const auto [year, month, day] = *parts;
    const bool solar = year >= 1200 && year <= 1599;
    if (!solar && (year < 1800 || year > 2199)) {
        rule = "the year is neither Solar Hijri (1200 to 1599) nor Gregorian (1800 to 2199)";
        return std::nullopt;
    }
    if (month < 1 || month > 12) {
        rule = fmt::format("the months are 1 to 12; the month given is {}", month);
        return std::nullopt;
    }
    if (day < 1) {
        rule = "the first day of a month is 1; the day given is 0";
        return std::nullopt;
    }
    const auto index = static_cast<std::size_t>(month - 1);
    const int length = solar ? solar_hijri_month_length(year, month) : gregorian_month_length(year, month);
    if (day > length) {
        const bool leap_matters = solar ? (month == 12 && length == 29) : (month == 2 && length == 28);
        rule = day_rule(solar ? solar_hijri_months[index] : gregorian_months[index], length,
                        leap_matters && day == length + 1, day);
        return std::nullopt;
    }
    return solar ? from_solar_hijri(year, month, day) : from_gregorian(year, month, day);
}

std::int64_t to_unix(const Date& date) {
    return date.days() * seconds_per_day;
}

Date from_unix(std::int64_t seconds) {
    const std::int64_t days = seconds / seconds_per_day - (seconds % seconds_per_day < 0 ? 1 : 0);
    return from_days(days);
}

}  // namespace kartsaz::record
