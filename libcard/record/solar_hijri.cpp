// SPDX-License-Identifier: Apache-2.0
#include "libcard/record/solar_hijri.h"

#include <unicode/calendar.h>
#include <unicode/locid.h>
#include <unicode/timezone.h>

#include <array>
#include <chrono>
#include <cmath>
#include <memory>
#include <string>

#include "apdu/error.h"

namespace kartsaz::record {
namespace {

// Empty: from 1178 to today ICU agrees with the calendars that were in force. 1404, 1437 and 1470 begin
// within half an hour of noon, so a future year may need its line here.
constexpr std::array<NowruzOverride, 0> official_overrides{};

}  // namespace

// Called once: an ICU calendar is slow to construct and must not be shared by threads.
std::vector<std::int64_t> nowruz_table(std::span<const NowruzOverride> overrides) {
    UErrorCode status = U_ZERO_ERROR;
    const std::unique_ptr<icu::Calendar> calendar{icu::Calendar::createInstance(
        icu::TimeZone::getGMT()->clone(), icu::Locale{"fa_IR@calendar=persian"}, status)};
    if (U_FAILURE(status) || !calendar) {
        throw Error{Errc::internal, std::string{"ICU gives no persian calendar: "} + u_errorName(status)};
    }
    std::vector<std::int64_t> table;
    for (int year = first_solar_hijri_year; year <= last_solar_hijri_year + 1; ++year) {
        calendar->clear();
        calendar->set(year, 0, 1);
        const double milliseconds = calendar->getTime(status);
        if (U_FAILURE(status)) {
            throw Error{Errc::internal, std::string{"ICU's persian calendar: "} + u_errorName(status)};
        }
        table.push_back(static_cast<std::int64_t>(std::floor(milliseconds / 86'400'000.0)));
    }
    for (const auto& entry : overrides) {
        using namespace std::chrono;
        const sys_days day{std::chrono::year{entry.gregorian_year} /
                           std::chrono::month{static_cast<unsigned>(entry.gregorian_month)} /
                           std::chrono::day{static_cast<unsigned>(entry.gregorian_day)}};
        table.at(static_cast<std::size_t>(entry.year - first_solar_hijri_year)) =
            day.time_since_epoch().count();
    }
    return table;
}

std::int64_t nowruz(int year) {
    static const std::vector<std::int64_t> table = nowruz_table(official_overrides);
    if (year < first_solar_hijri_year || year > last_solar_hijri_year + 1) {
        throw Error{Errc::input_invalid, "a day outside the Solar Hijri years 1178 to 1599"};
    }
    return table[static_cast<std::size_t>(year - first_solar_hijri_year)];
}

}  // namespace kartsaz::record
