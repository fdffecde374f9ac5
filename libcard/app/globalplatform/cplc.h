// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "apdu/bytes.h"

namespace kartsaz::app::globalplatform {

/// CPLC data in words, in its order. Dates are YDDD: last digit of the year, day of the year.
/// @param cplc 42 bytes, else the answer is empty. Source: Visa GlobalPlatform 2.1.1 card implementation
///             requirements, as all card managers give it under tag 9F7F.
std::vector<std::pair<std::string, std::string>> cplc_in_words(ByteView cplc);

}  // namespace kartsaz::app::globalplatform
