// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "apdu/bytes.h"

/// The GSA's ICAM test cards: complete PIV cards that others made, in the shared folder.
namespace kartsaz::test {

struct IcamCard {
    std::string number;  ///< "01"
    std::string name;    ///< of the folder
    std::map<std::uint16_t, Bytes>
        objects;  ///< value by container id; certificates are wrapped as they are loaded
    std::filesystem::path folder;
};
/// Empty, after a word to the reader of the test's output, when the cards are not there.
const std::vector<IcamCard>& icam_cards();
/// One of them, by its number.
const IcamCard& icam_card_of(const std::string& number);
/// The certificate of a PEM file beside them, DER.
Bytes icam_certificate(const std::string& path_below_icam);

}  // namespace kartsaz::test
