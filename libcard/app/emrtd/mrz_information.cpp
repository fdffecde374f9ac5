// SPDX-License-Identifier: Apache-2.0
#include "apdu/error.h"
#include "libcard/app/emrtd/read.h"

namespace kartsaz::app::emrtd {
namespace {

/// Where document number, birth date and expiry date begin; the check digit follows each.
struct Places {
    std::size_t number, birth, expiry;
};
constexpr Places td1{5, 30, 38};
constexpr Places td2{36, 36 + 13, 36 + 21};
constexpr Places td3{44, 44 + 13, 44 + 21};

constexpr std::size_t number_size = 9;
constexpr std::size_t date_size = 6;
constexpr std::size_t td1_optional_end = 30;

}  // namespace

std::string mrz_information_of(std::string_view mrz) {
    const Places* places = mrz.size() == 90   ? &td1
                           : mrz.size() == 72 ? &td2
                           : mrz.size() == 88 ? &td3
                                              : nullptr;
    if (places == nullptr)
        throw Error{Errc::input_invalid, "the MRZ is of no known size (90, 72 or 88 characters)"};
    std::string number{mrz.substr(places->number, number_size + 1)};
    if (places == &td1 && number.back() == '<') {
        // A longer number goes on in the optional data; its check digit is the last character before a
        // filler.
        number.pop_back();
        const auto rest =
            mrz.substr(td1.number + number_size + 1, td1_optional_end - td1.number - number_size - 1);
        number += rest.substr(0, rest.find('<'));
    }
    number += mrz.substr(places->birth, date_size + 1);
    number += mrz.substr(places->expiry, date_size + 1);
    return number;
}

}  // namespace kartsaz::app::emrtd
