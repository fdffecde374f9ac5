// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "apdu/error.h"
#include "libcard/record/text.h"

namespace kartsaz::record {

std::string national_id_fault(std::string_view digits) {
    if (!std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; })) {
        return "ten digits are needed, there are other characters";
    }
    if (digits.size() != 10) return fmt::format("ten digits are needed, there are {}", digits.size());
    if (std::count(digits.begin(), digits.end(), digits.front()) == 10) {
        return "ten equal digits pass the check but are no national ID";
    }
    int sum = 0;
    for (std::size_t i = 0; i < 9; ++i) sum += (digits[i] - '0') * static_cast<int>(10 - i);
    const int rest = sum % 11;
    const int check = rest < 2 ? rest : 11 - rest;
    // The digits stay out of the message: they are the citizen's.
    if (digits[9] - '0' != check) {
        return "the check digit does not fit the other nine: a digit is wrong or two are mixed up";
    }
    return {};
}

char mrz_check_digit(std::string_view field) {
    constexpr std::array weights{7, 3, 1};
    int sum = 0;
    for (std::size_t i = 0; i < field.size(); ++i) {
        const char c = field[i];
        int value = 0;
        if (c >= '0' && c <= '9') {
            value = c - '0';
        } else if (c >= 'A' && c <= 'Z') {
            value = c - 'A' + 10;
        } else if (c != '<') {
            throw Error{Errc::input_invalid,
                        fmt::format("MRZ field: character {} is none of A-Z 0-9 <", i + 1)};
        }
        sum = (sum + value * weights[i % 3]) % 10;
    }
    return static_cast<char>('0' + sum);
}

}  // namespace kartsaz::record
