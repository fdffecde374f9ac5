// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libcard/record/date.h"

namespace kartsaz::verify {

/// A field of the machine readable zone, fillers kept. `offset` counts characters of the zone.
struct MrzField {
    std::string text;
    std::size_t offset = 0;
    /// Without the fillers at its end.
    std::string trimmed() const;
};

/// One check digit: what the characters it covers ask for, and what stands there.
struct MrzCheckDigit {
    std::string name;  ///< "document number"
    char expected = '0';
    char got = '0';
    std::size_t offset = 0;  ///< of the digit in the zone
};

/// The zone taken apart by its own reading of ICAO Doc 9303-4, 9303-5 and 9303-6 (TD3, TD1, TD2), not by the
/// code that writes it.
struct Mrz {
    std::string text;
    std::size_t file_offset = 0;  ///< of the zone's first character in EF.DG1
    MrzField code, state, document_number, birth, sex, expiry, nationality, optional1, optional2, name;
    std::string whole_document_number;  ///< with the part that a long number has in the optional data
    std::string surname, given;         ///< blanks for fillers
    std::vector<MrzCheckDigit> check_digits;

    /// The ten digits that the optional data begin with; empty when they do not.
    MrzField national_id() const;
};

/// Empty when the length is none of TD1, TD2, TD3.
std::optional<Mrz> parse_mrz(std::string_view text, std::size_t file_offset);

/// A YYMMDD of the zone as a day. A birth date lies before `today`; an expiry date lies in 2000 to 2099.
std::optional<record::Date> mrz_birth_date(std::string_view yymmdd, const record::Date& today);
std::optional<record::Date> mrz_expiry_date(std::string_view yymmdd);

}  // namespace kartsaz::verify
