// SPDX-License-Identifier: Apache-2.0
#include "libcard/verify/mrz.h"

#include <algorithm>

namespace kartsaz::verify {
namespace {

bool digits_only(std::string_view text) {
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

MrzField field(std::string_view text, std::size_t offset, std::size_t size) {
    return {std::string{text.substr(offset, size)}, offset};
}

/// The weights are a rule of their own here: the writer's function must not vouch for itself.
char check_digit(std::string_view covered) {
    constexpr int weights[] = {7, 3, 1};
    int sum = 0;
    for (std::size_t i = 0; i < covered.size(); ++i) {
        const char c = covered[i];
        int value = 0;
        if (c >= '0' && c <= '9') value = c - '0';
        if (c >= 'A' && c <= 'Z') value = c - 'A' + 10;
        sum += value * weights[i % 3];
    }
    return static_cast<char>('0' + sum % 10);
}

void add_digit(Mrz& mrz, std::string name, std::string_view covered, std::size_t offset) {
    mrz.check_digits.push_back({std::move(name), check_digit(covered), mrz.text[offset], offset});
}

/// A document number of more than nine characters: position 15 holds a filler, the rest and the check digit
/// open the optional data. Source: ICAO Doc 9303-5, 4.2.2.1, note j.
void add_document_number(Mrz& mrz, std::size_t digit_offset) {
    const std::string number = mrz.document_number.text;
    mrz.whole_document_number = mrz.document_number.trimmed();
    const std::string& optional = mrz.optional1.text;
    const std::size_t end = optional.find('<');
    if (mrz.text[digit_offset] == '<' && mrz.whole_document_number.size() == number.size() && end >= 2 &&
        end != std::string::npos) {
        mrz.whole_document_number = number + optional.substr(0, end - 1);
        add_digit(mrz, "document number", mrz.whole_document_number, mrz.optional1.offset + end - 1);
        mrz.optional1 = field(mrz.text, mrz.optional1.offset + end + 1, optional.size() - end - 1);
        return;
    }
    add_digit(mrz, "document number", number, digit_offset);
}

void split_name(Mrz& mrz) {
    const std::string name = mrz.name.trimmed();
    const std::size_t gap = name.find("<<");
    mrz.surname = name.substr(0, gap);
    if (gap != std::string::npos) mrz.given = name.substr(gap + 2);
    std::replace(mrz.surname.begin(), mrz.surname.end(), '<', ' ');
    std::replace(mrz.given.begin(), mrz.given.end(), '<', ' ');
}

void read_td1(Mrz& m) {
    const std::string_view t = m.text;
    m.document_number = field(t, 5, 9);
    m.optional1 = field(t, 15, 15);
    m.birth = field(t, 30, 6);
    m.sex = field(t, 37, 1);
    m.expiry = field(t, 38, 6);
    m.nationality = field(t, 45, 3);
    m.optional2 = field(t, 48, 11);
    m.name = field(t, 60, 30);
    add_document_number(m, 14);
    add_digit(m, "birth date", m.birth.text, 36);
    add_digit(m, "expiry date", m.expiry.text, 44);
    add_digit(
        m, "composite",
        std::string{t.substr(5, 25)}.append(t.substr(30, 7)).append(t.substr(38, 7)).append(t.substr(48, 11)),
        59);
}

void read_td2(Mrz& m) {
    const std::string_view t = m.text;
    m.name = field(t, 5, 31);
    m.document_number = field(t, 36, 9);
    m.nationality = field(t, 46, 3);
    m.birth = field(t, 49, 6);
    m.sex = field(t, 56, 1);
    m.expiry = field(t, 57, 6);
    m.optional1 = field(t, 64, 7);
    add_document_number(m, 45);
    add_digit(m, "birth date", m.birth.text, 55);
    add_digit(m, "expiry date", m.expiry.text, 63);
    add_digit(m, "composite", std::string{t.substr(36, 10)}.append(t.substr(49, 7)).append(t.substr(57, 14)),
              71);
}

void read_td3(Mrz& m) {
    const std::string_view t = m.text;
    m.name = field(t, 5, 39);
    m.document_number = field(t, 44, 9);
    m.nationality = field(t, 54, 3);
    m.birth = field(t, 57, 6);
    m.sex = field(t, 64, 1);
    m.expiry = field(t, 65, 6);
    m.optional1 = field(t, 72, 14);
    m.whole_document_number = m.document_number.trimmed();
    add_digit(m, "document number", m.document_number.text, 53);
    add_digit(m, "birth date", m.birth.text, 63);
    add_digit(m, "expiry date", m.expiry.text, 71);
    // A filler may stand for the digit of an empty personal number. Source: ICAO Doc 9303-4, 4.2.2.2.
    if (!(m.text[86] == '<' && m.optional1.trimmed().empty())) {
        add_digit(m, "personal number", m.optional1.text, 86);
    }
    add_digit(m, "composite", std::string{t.substr(44, 10)}.append(t.substr(57, 7)).append(t.substr(65, 22)),
              87);
}

std::optional<record::Date> day(std::string_view yymmdd, int century) {
    if (yymmdd.size() != 6 || !digits_only(yymmdd)) return std::nullopt;
    const auto two = [&](std::size_t at) { return (yymmdd[at] - '0') * 10 + (yymmdd[at + 1] - '0'); };
    return record::from_gregorian(century + two(0), two(2), two(4));
}

}  // namespace

std::string MrzField::trimmed() const {
    const std::size_t last = text.find_last_not_of('<');
    return last == std::string::npos ? std::string{} : text.substr(0, last + 1);
}

MrzField Mrz::national_id() const {
    for (const MrzField* optional : {&optional1, &optional2}) {
        if (optional->text.size() >= 10 && digits_only(std::string_view{optional->text}.substr(0, 10))) {
            return {optional->text.substr(0, 10), optional->offset};
        }
    }
    return {};
}

std::optional<Mrz> parse_mrz(std::string_view text, std::size_t file_offset) {
    if (text.size() != 90 && text.size() != 72 && text.size() != 88) return std::nullopt;
    Mrz mrz;
    mrz.text = text;
    mrz.file_offset = file_offset;
    mrz.code = field(text, 0, 2);
    mrz.state = field(text, 2, 3);
    if (text.size() == 90) read_td1(mrz);
    if (text.size() == 72) read_td2(mrz);
    if (text.size() == 88) read_td3(mrz);
    split_name(mrz);
    return mrz;
}

std::optional<record::Date> mrz_birth_date(std::string_view yymmdd, const record::Date& today) {
    const auto recent = day(yymmdd, 2000);
    return recent && *recent <= today ? recent : day(yymmdd, 1900);
}

std::optional<record::Date> mrz_expiry_date(std::string_view yymmdd) {
    return day(yymmdd, 2000);
}

}  // namespace kartsaz::verify
