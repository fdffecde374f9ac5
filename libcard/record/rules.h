// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

/// The rules of single fields: each gives the rule that is broken, empty when none is. No rule repeats the
/// value. Texts are normalized before they come here.
namespace kartsaz::record {

/// Letters of the Arabic script, blank, ZWNJ, hyphen, apostrophe, full stop; at least one letter.
std::string persian_name_fault(std::string_view text);
/// Letters, digits, blank and punctuation of any script; no control characters, symbols, < or >.
std::string free_text_fault(std::string_view text);
/// Letters, digits, blank, hyphen, slash; at least one digit.
std::string serial_fault(std::string_view text);
/// A-Z and blanks, at least one letter.
std::string latin_name_fault(std::string_view text);
/// 1 to 10 ASCII digits.
std::string certificate_number_fault(std::string_view text);
/// Ten ASCII digits that are not all equal.
std::string postal_code_fault(std::string_view text);
/// A-Z and 0-9, 1 to 14 characters.
std::string document_number_fault(std::string_view text);
/// local@domain.tld of ASCII.
std::string email_fault(std::string_view text);
/// A path inside of the record's folder, by its text alone.
std::string relative_path_fault(std::string_view text);

}  // namespace kartsaz::record
