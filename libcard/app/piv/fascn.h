// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "apdu/bytes.h"

namespace kartsaz::app::piv {

/// Federal Agency Smart Credential Number: 25 bytes, 40 symbols of four bits, least significant first, with
/// odd parity. Digits only. Source: PACS Implementation Guidance 2.3, 6.1 to 6.3.
struct FascN {
    std::string agency;                  ///< 4
    std::string system;                  ///< 4
    std::string credential;              ///< 6
    std::string credential_series{"0"};  ///< CS
    std::string issue{"1"};              ///< ICI
    std::string person;                  ///< PI: 10
    std::string category{"1"};           ///< OC: 1 federal, 2 state, 3 commercial, 4 foreign
    std::string organization;            ///< OI: 4
    std::string association{"1"};        ///< POA: 1 employee, 2 civil, ..
    friend bool operator==(const FascN&, const FascN&) = default;
};
/// @throws Error{input_invalid} naming the field that is not so many digits
Bytes encode_fascn(const FascN& number);
/// @throws Error{input_invalid} "FASC-N: offset 3: .." : parity, separator, a symbol that is no digit, LRC
FascN decode_fascn(ByteView bytes);

}  // namespace kartsaz::app::piv
