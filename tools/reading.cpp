// SPDX-License-Identifier: Apache-2.0
#include "tools/reading.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "apdu/error.h"
#include "libcard/app/piv/options.h"
#include "libcard/app/pkcs15/options.h"
#include "libcard/app/read_card.h"
#include "libcard/profile/profile.h"
#include "libcard/record/date.h"
#include "libcard/record/record.h"
#include "libcard/record/text.h"
#include "tools/console.h"
#include "tools/secret_input.h"

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

std::string information_of_file(const std::string& file) {
    std::ifstream in{file, std::ios::binary};
    if (!in) throw Error{Errc::input_invalid, file + ": cannot be read"};
    std::string mrz;
    for (const char c : std::string{std::istreambuf_iterator<char>{in}, std::istreambuf_iterator<char>{}}) {
        const bool allowed = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '<';
        if (allowed) {
            mrz.push_back(c);
        } else if (c != '\n' && c != '\r') {
            throw Error{Errc::input_invalid, fmt::format("{}: only A-Z, 0-9 and < stand in an MRZ", file)};
        }
    }
    return information_of(mrz, file);
}

/// Of a profile with the signature application, or the PIV application.
std::optional<perso::TransportPin> pin_of(const profile::Profile& profile) {
    const auto& names = profile.applications;
    const auto has = [&](const char* name) {
        return std::find(names.begin(), names.end(), name) != names.end();
    };
    if (has("pkcs15")) {
        const auto rules = app::pkcs15::read_options(profile).pin;
        return perso::TransportPin{rules.keyset, rules.digits};
    }
    if (!has("piv")) return std::nullopt;
    const auto rules = app::piv::read_options(profile).pin;
    return perso::TransportPin{rules.keyset, rules.digits};
}

std::string text_of(const std::string& path) {
    std::ifstream in{path, std::ios::binary};
    if (!in) throw Error{Errc::input_invalid, path + ": cannot be read"};
    return {std::istreambuf_iterator<char>{in}, std::istreambuf_iterator<char>{}};
}

}  // namespace

perso::Receipt read_receipt(const std::string& file) {
    check_source(file, "a receipt");
    try {
        return perso::receipt_from_json(text_of(file), file);
    } catch (const Error& error) {
        const std::string what = error.what();
        throw Error{Errc::input_invalid, what.starts_with(file) ? what : file + ": " + what};
    }
}

void add_pin_option(CLI::App& command, std::string& pin) {
    passphrase_option(
        command, "--pin-file", pin,
        "The holder's PIN, for keys that are used only with it: the first line of a file readable by "
        "you alone, the next line of a descriptor, or asked for. Tried once, and only when more "
        "than one try is left")
        ->group("Keys");
}

CardAccess card_access(const AccessOptions& options) {
    CardAccess access;
    if (!options.record.empty()) {
        check_source(options.record, "a record");
        const auto record = record::load(options.record, {true}).record;
        access.mrz_information = record.mrz_information();
        access.document_number = record.document_number;
    } else if (!options.mrz.empty()) {
        access.mrz_information = information_of_file(options.mrz);
    }
    if (!options.profile.empty()) {
        access.transport_pin = pin_of(profile::load(options.profile));
    }
    if (!options.receipt.empty()) {
        if (auto pin = read_receipt(options.receipt).transport_pin) access.transport_pin = std::move(pin);
    }
    if (!options.pin.empty()) access.pin = read_secret(options.pin, "PIN of the card");
    return access;
}

app::CardDump read_whole_card(apdu::Transport& card, const CardAccess& access, const keys::KeyStore* keys) {
    ProgressBar bar;
    app::ReadCardOptions options;
    options.mrz_information = access.mrz_information;
    options.document_number = access.document_number;
    options.pin = access.pin ? &*access.pin : nullptr;
    options.keys = keys;
    options.transport_pin = access.transport_pin;
    options.progress = [&](std::string_view file, std::size_t done, std::size_t total) {
        bar.show(done, total, file);
    };
    return app::read_card(card, options);
}

JudgedAt judged_at(const std::string& text) {
    const std::int64_t now = now_seconds();
    if (text.empty()) return {now, {}};
    std::string rule;
    const auto date = record::parse_date(text, rule);
    if (!date) throw Error{Errc::usage, "--at: " + rule};
    if (*date == record::from_unix(now)) return {now, {}};
    constexpr std::int64_t day = 86'400;
    const std::int64_t first = record::to_unix(*date);
    return {first + day - 1, first};
}

}  // namespace kartsaz::tools
