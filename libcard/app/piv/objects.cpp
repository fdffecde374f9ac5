// SPDX-License-Identifier: Apache-2.0
#include "libcard/app/piv/objects.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "apdu/error.h"
#include "libcard/app/piv/containers.h"

namespace kartsaz::app::piv {
namespace {

using fields::Fields;

const Fields<Ccc>& ccc_fields() {
    static const Fields<Ccc> all{{0xF0, "card identifier", 21, 21, &Ccc::card_identifier},
                                 {0xF1, "capability container version", 0, 1, &Ccc::container_version},
                                 {0xF2, "capability grammar version", 0, 1, &Ccc::grammar_version},
                                 {0xF3, "applications CardURL", 0, 128, &Ccc::application_url},
                                 {0xF4, "PKCS#15", 0, 1, &Ccc::pkcs15},
                                 {0xF5, "registered data model", 0, 1, &Ccc::data_model},
                                 {0xF6, "access control rule table", 0, 17, &Ccc::access_rules},
                                 {0xF7, "card APDUs", 0, 0, &Ccc::card_apdus},
                                 {0xFA, "redirection tag", 0, 0, &Ccc::redirection},
                                 {0xFB, "capability tuples", 0, 0, &Ccc::capability_tuples},
                                 {0xFC, "status tuples", 0, 0, &Ccc::status_tuples},
                                 {0xFD, "next CCC", 0, 0, &Ccc::next_ccc},
                                 {0xE3, "extended application CardURL", 0, 48, &Ccc::extended_url},
                                 {0xB4, "security object buffer", 0, 48, &Ccc::security_buffer}};
    return all;
}

const Fields<PrintedInformation>& printed_fields() {
    using Printed = PrintedInformation;
    static const Fields<Printed> all{
        {0x01, "name", 0, 125, &Printed::name},
        {0x02, "employee affiliation", 0, 20, &Printed::affiliation},
        {0x03, "employee affiliation, line 2", 0, 20, &Printed::affiliation_more},
        {0x04, "expiration date", 9, 9, &Printed::expiry},
        {0x05, "agency card serial number", 0, 20, &Printed::serial},
        {0x06, "issuer identification", 0, 15, &Printed::issuer},
        {0x07, "organization affiliation", 0, 20, &Printed::organization},
        {0x08, "organization affiliation, line 2", 0, 20, &Printed::organization_more}};
    return all;
}

/// As it stands on the card; KeyHistory is what people want.
struct StoredHistory {
    Bytes on_card, off_card;
    std::optional<std::string> url;
    Offsets offsets{};
};
const Fields<StoredHistory>& history_fields() {
    static const Fields<StoredHistory> all{
        {0xC1, "keys with certificates on the card", 1, 1, &StoredHistory::on_card},
        {0xC2, "keys with certificates off the card", 1, 1, &StoredHistory::off_card},
        {0xF3, "URL of the certificates", 1, 118, &StoredHistory::url}};
    return all;
}

const Fields<Iris>& iris_fields() {
    static const Fields<Iris> all{{0xBC, "iris images", 1, 65535, &Iris::content}};
    return all;
}

std::string_view container_name(std::uint16_t id) {
    return container_of_id(id)->name;
}

void check_history(const KeyHistory& history) {
    const auto name = container_name(id_key_history);
    if (history.on_card + history.off_card > 20) {
        throw Error{Errc::input_invalid,
                    fmt::format("{}: offset {}: {} keys on and {} off the card, 20 at most", name, 2,
                                history.on_card, history.off_card)};
    }
    if ((history.off_card > 0) != history.url.has_value()) {
        throw Error{
            Errc::input_invalid,
            fmt::format("{}: offset {}: a URL (F3) stands there exactly when certificates are off the card",
                        name, 5)};
    }
}

constexpr std::array months{"JAN", "FEB", "MAR", "APR", "MAY", "JUN",
                            "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
constexpr std::size_t pairing_digits = 8;
constexpr std::array<std::uint8_t, 2> pairing_head{0x99, 0x08};
constexpr std::array<std::uint8_t, 2> pairing_tail{0xFE, 0x00};

int decimal(std::string_view digits) {
    int out = 0;
    for (const char c : digits) {
        if (c < '0' || c > '9') return -1;
        out = out * 10 + (c - '0');
    }
    return out;
}

bool all_digits(ByteView bytes) {
    return std::ranges::all_of(bytes, [](std::uint8_t byte) { return byte >= '0' && byte <= '9'; });
}

}  // namespace

Bytes encode_ccc(const Ccc& ccc) {
    return fields::encode(ccc, ccc_fields(), container_name(id_ccc));
}

Ccc decode_ccc(ByteView value) {
    return fields::decode(value, ccc_fields(), container_name(id_ccc));
}

Bytes make_card_identifier(std::uint8_t manufacturer, ByteView chip) {
    constexpr std::size_t number_size = 14;
    if (chip.size() > number_size) {
        throw Error{Errc::usage, fmt::format("CCC: a chip number of {} bytes, 14 at most", chip.size())};
    }
    Bytes out = from_hex("A000000116");
    out.push_back(manufacturer);
    out.push_back(0x02);
    out.resize(out.size() + number_size - chip.size());
    append(out, chip);
    return out;
}

Bytes encode_printed_information(const PrintedInformation& printed) {
    if (!parse_printed_date(printed.expiry)) {
        throw Error{Errc::input_invalid,
                    fmt::format("{}: expiration date (04): YYYYMMMDD expected", container_name(id_printed))};
    }
    return fields::encode(printed, printed_fields(), container_name(id_printed));
}

PrintedInformation decode_printed_information(ByteView value) {
    return fields::decode(value, printed_fields(), container_name(id_printed));
}

std::string printed_date(const record::Date& date) {
    return fmt::format("{:04}{}{:02}", date.year, months.at(static_cast<std::size_t>(date.month - 1)),
                       date.day);
}

std::optional<record::Date> parse_printed_date(std::string_view text) {
    if (text.size() != 9) return std::nullopt;
    const auto month = std::ranges::find(months, text.substr(4, 3));
    const int year = decimal(text.substr(0, 4));
    const int day = decimal(text.substr(7));
    if (month == months.end() || year < 0 || day < 0) return std::nullopt;
    return record::from_gregorian(year, static_cast<int>(month - months.begin()) + 1, day);
}

Bytes encode_key_history(const KeyHistory& history) {
    check_history(history);
    return fields::encode({{history.on_card}, {history.off_card}, history.url, {}}, history_fields(),
                          container_name(id_key_history));
}

KeyHistory decode_key_history(ByteView value) {
    auto stored = fields::decode(value, history_fields(), container_name(id_key_history));
    KeyHistory out{stored.on_card[0], stored.off_card[0], stored.url, stored.offsets};
    check_history(out);
    return out;
}

Bytes encode_iris(const Iris& iris) {
    return fields::encode(iris, iris_fields(), container_name(id_iris));
}

Iris decode_iris(ByteView value) {
    return fields::decode(value, iris_fields(), container_name(id_iris));
}

keys::SecretBytes encode_pairing_code(const keys::SecretBytes& digits) {
    return digits.reveal([](ByteView code) {
        if (code.size() != pairing_digits || !all_digits(code)) {
            throw Error{Errc::input_invalid,
                        fmt::format("{}: 8 digits expected", container_name(id_pairing_code))};
        }
        Botan::secure_vector<std::uint8_t> out(pairing_head.begin(), pairing_head.end());
        out.insert(out.end(), code.begin(), code.end());
        out.insert(out.end(), pairing_tail.begin(), pairing_tail.end());
        return keys::SecretBytes{std::move(out)};
    });
}

keys::SecretBytes decode_pairing_code(const keys::SecretBytes& value) {
    // compared in place and not by the common reader: what it finds wrong it would copy
    return value.reveal([](ByteView bytes) {
        const bool whole = bytes.size() == pairing_head.size() + pairing_digits + pairing_tail.size();
        if (!whole || !std::ranges::equal(bytes.first(2), pairing_head) ||
            !std::ranges::equal(bytes.last(2), pairing_tail) ||
            !all_digits(bytes.subspan(2, pairing_digits))) {
            throw Error{Errc::input_invalid,
                        fmt::format("{}: offset 0: 99 with 8 digits, then FE 00 expected",
                                    container_name(id_pairing_code))};
        }
        return keys::SecretBytes{bytes.subspan(2, pairing_digits)};
    });
}

}  // namespace kartsaz::app::piv
