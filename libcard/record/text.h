// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kartsaz::record {

/// A normalized text and what was changed, each in words with code point and place.
struct NormalizedText {
    std::string text;
    std::vector<std::string> changes;
};

/// Persian normalization for display fields, by ICU: NFKC for presentation forms, Yeh and Kaf to their
/// Persian code points, Heh forms, digits to ASCII when `machine` (else Arabic-Indic to Persian), bidi marks,
/// ZWJ and BOM away, blanks collapsed; ZWNJ is kept. @throws Error{input_invalid} when it is not UTF-8.
NormalizedText normalize_persian(std::string_view utf8, bool machine = false);

/// The form in which two texts are compared: also without ZWNJ, tatweel, harakat; Alef and Hamza forms
/// folded.
std::string fold_persian(std::string_view utf8);

/// A name in Latin letters for the MRZ by ICAO Doc 9303-3, 6 (Arabic script). Blanks and hyphens become one
/// blank each. @throws Error{input_invalid} naming a letter that the table does not have
std::string transliterate_name(std::string_view utf8);

/// Empty when it is a valid national ID (code-e melli): ten ASCII digits, check digit right, not ten
/// equal digits; otherwise the rule that is broken.
std::string national_id_fault(std::string_view digits);

/// MRZ check digit, 7-3-1 weights. @param field A-Z 0-9 <; anything else is an Error{input_invalid}
char mrz_check_digit(std::string_view field);

}  // namespace kartsaz::record
