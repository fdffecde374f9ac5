// SPDX-License-Identifier: Apache-2.0
#include "tools/reading.h"

#include <fmt/format.h>

#include <fstream>
#include <iterator>

#include "apdu/error.h"
#include "libcard/app/read_card.h"
#include "libcard/record/date.h"
#include "libcard/record/record.h"
#include "libcard/record/text.h"
#include "tools/console.h"

namespace kartsaz::tools {
namespace {

/// Document number, birth and expiry date with their check digits out of a TD1 MRZ. ICAO Doc 9303-5, 4.2;
/// 9303-11, 9.7.2.
std::string information_of(const std::string& mrz, const std::string& what) {
    if (mrz.size() != 90) {
        throw Error{Errc::input_invalid,
                    fmt::format("{}: {} characters, a TD1 MRZ has 90", what, mrz.size())};
    }
    std::string number = mrz.substr(5, 10);
    if (mrz[14] == '<') {  // longer than nine: the rest and its check digit start the optional data
        const auto rest = mrz.substr(15, mrz.find('<', 15) - 15);
        number = mrz.substr(5, 9) + rest;
    }
    const std::string information = number + mrz.substr(30, 7) + mrz.substr(38, 7);
    const auto checked = [&](std::string_view field, char digit, std::string_view name) {
        if (record::mrz_check_digit(field) != digit) {
            throw Error{Errc::input_invalid,
                        fmt::format("{}: the check digit of the {} is wrong", what, name)};
        }
    };
    checked(std::string_view{number}.substr(0, number.size() - 1), number.back(), "document number");
    checked(mrz.substr(30, 6), mrz[36], "birth date");
    checked(mrz.substr(38, 6), mrz[44], "expiry date");
    return information;
}

}  // namespace

std::optional<std::string> mrz_information(const AccessOptions& options) {
    if (!options.record.empty()) check_source(options.record, "a record");
    if (!options.record.empty()) return record::load(options.record, {true}).record.mrz_information();
    if (options.mrz.empty()) return std::nullopt;
    std::ifstream in{options.mrz, std::ios::binary};
    if (!in) throw Error{Errc::input_invalid, options.mrz + ": cannot be read"};
    std::string mrz;
    for (const char c : std::string{std::istreambuf_iterator<char>{in}, std::istreambuf_iterator<char>{}}) {
        const bool allowed = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '<';
        if (allowed) {
            mrz.push_back(c);
        } else if (c != '\n' && c != '\r') {
            throw Error{Errc::input_invalid,
                        fmt::format("{}: only A-Z, 0-9 and < stand in an MRZ", options.mrz)};
        }
    }
    return information_of(mrz, options.mrz);
}

app::CardDump read_whole_card(apdu::Transport& card, const std::optional<std::string>& mrz,
                              const keys::KeyStore* keys) {
    ProgressBar bar;
    app::ReadCardOptions options;
    options.mrz_information = mrz;
    options.keys = keys;
    options.progress = [&](std::string_view file, std::size_t done, std::size_t total) {
        bar.show(done, total, file);
    };
    return app::read_card(card, options);
}

std::int64_t judged_at(const std::string& text) {
    if (text.empty()) return now_seconds();
    std::string rule;
    const auto date = record::parse_date(text, rule);
    if (!date) throw Error{Errc::usage, "--at: " + rule};
    return record::to_unix(*date);
}

}  // namespace kartsaz::tools
