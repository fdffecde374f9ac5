// SPDX-License-Identifier: Apache-2.0
// The machine-readable zone of a TD1 card. Source: ICAO Doc 9303-5, 4.2; 9303-3, 4.
#include <string>

#include "libcard/record/record.h"
#include "libcard/record/text.h"

namespace kartsaz::record {
namespace {

constexpr std::size_t line_length = 30;
constexpr std::size_t number_length = 9;  ///< characters of a document number in its own field

/// Blanks and hyphens become one filler each; anything else that is no letter of A-Z is left out, as
/// apostrophes are (9303-3, 4.6).
std::string mrz_name(std::string_view latin) {
    std::string out;
    for (const char c : latin) {
        if (c >= 'A' && c <= 'Z') out.push_back(c);
        if ((c == ' ' || c == '-') && !out.empty() && out.back() != '<') out.push_back('<');
    }
    if (!out.empty() && out.back() == '<') out.pop_back();
    return out;
}

void trim_fillers(std::string& text) {
    while (!text.empty() && text.back() == '<') text.pop_back();
}

/// A cut name fills the line with a letter at its end, so that the reader of the card sees the cut: when a
/// filler would stand there, the part before it gives up its last letter.
std::string cut_given(const std::string& given, std::size_t room) {
    std::string cut = given.substr(0, room);
    if (cut.back() != '<') return cut;
    if (room >= 3 && cut[room - 3] != '<') return cut.substr(0, room - 2) + "<" + given[room];
    trim_fillers(cut);
    return cut;
}

/// SURNAME<<GIVEN<NAMES on 30 characters; both parts stay, given names are cut first (9303-5, 4.2.3).
std::string name_line(const Name& name) {
    std::string surname = mrz_name(name.surname_latin);
    const std::string given = mrz_name(name.given_latin);
    if (given.empty()) {
        surname.resize(std::min(surname.size(), line_length));
        return surname + std::string(line_length - surname.size(), '<');
    }
    if (surname.size() > line_length - 3) {
        surname.resize(line_length - 3);
        trim_fillers(surname);
    }
    const std::size_t room = line_length - surname.size() - 2;
    std::string line = surname + "<<" + (given.size() > room ? cut_given(given, room) : given);
    return line + std::string(line_length - line.size(), '<');
}

char sex_letter(Sex sex) {
    switch (sex) {
        case Sex::female:
            return 'F';
        case Sex::male:
            return 'M';
        case Sex::unspecified:
            return '<';
    }
    return '<';
}

std::string padded(std::string text, std::size_t size) {
    text.resize(size, '<');
    return text;
}

std::string with_check(const std::string& field) {
    return field + mrz_check_digit(field);
}

}  // namespace

std::string Record::mrz() const {
    std::string number;
    std::string optional_data;
    if (document_number.size() <= number_length) {
        number = with_check(padded(document_number, number_length));
        optional_data = national_id;
    } else {
        // The rest of a long number and its check digit take the optional data; a reader takes all up to
        // the first filler as the number, so the national ID is on the chip (DG11) only.
        number = document_number.substr(0, number_length) + '<';
        optional_data = document_number.substr(number_length) + mrz_check_digit(document_number);
    }
    const std::string upper = number + padded(optional_data, 15);
    const std::string birth = with_check(birth_date.mrz());
    const std::string expiry = with_check(expiry_date.mrz());
    const std::string optional_data_2(11, '<');
    const char composite = mrz_check_digit(upper + birth + expiry + optional_data_2);
    return "I<IRN" + upper + birth + sex_letter(sex) + expiry + "IRN" + optional_data_2 + composite +
           name_line(name);
}

std::string Record::mrz_information() const {
    return with_check(padded(document_number, std::max(number_length, document_number.size()))) +
           with_check(birth_date.mrz()) + with_check(expiry_date.mrz());
}

}  // namespace kartsaz::record
