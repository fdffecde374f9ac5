// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "apdu/bytes.h"
#include "libcard/record/date.h"
#include "libcard/record/finger_template.h"
#include "libcard/record/photo.h"

/// The enrolment record: what a citizen's card must say. Knows no card.
namespace kartsaz::record {

enum class Sex { female, male, unspecified };

/// A name in both scripts. Persian text is normalized; Latin is what the MRZ prints, A-Z and blanks.
struct Name {
    std::string surname_fa, given_fa;        ///< UTF-8
    std::string surname_latin, given_latin;  ///< given, or transliterated by ICAO 9303-3, 6
    bool transliterated = false;
};

struct Record {
    std::string national_id;               ///< 10 ASCII digits, check digit right
    std::string birth_certificate_number;  ///< 1..10 ASCII digits (shomare shenasname)
    std::string birth_certificate_serial;  ///< as printed, normalized (seri and serial)
    Name name;
    std::string father_fa;  ///< father's given name
    Sex sex = Sex::unspecified;
    Date birth_date;
    std::string birth_place_fa;
    Date issue_date;
    Date expiry_date;
    std::string postal_code;  ///< 10 ASCII digits
    std::string address_fa;
    std::string document_number;  ///< A-Z and 0-9, 1..14 characters
    std::string authority_fa;     ///< issuing authority; a default when the file has none
    std::optional<std::string> email;
    Photo photo;
    std::vector<FingerTemplate> fingers;  ///< 1..10, no position twice

    /// TD1: three lines of 30 characters without breaks, 90 characters. The national ID is the optional data
    /// of line 1, unless a document number of more than 9 characters needs the room. Source: ICAO Doc 9303-5,
    /// 4.2.
    std::string mrz() const;
    /// Document number, birth date and expiry date with check digits: what BAC and PACE are keyed by.
    /// Source: ICAO Doc 9303-11, 9.7.2 (long document numbers: 9303-5, 4.2.2.1).
    std::string mrz_information() const;
};

/// One thing wrong with the input: where, which rule. Values are named by class, never copied, where they
/// are personal data ("10 digits", not the digits).
struct Fault {
    std::string
        path;  ///< JSON pointer-like: "/national_id", "/fingers/0/template", or a file name with offset
    std::string rule;  ///< "ten digits are needed, there are 9"
};

/// A change made to a text while normalizing it.
struct Change {
    std::string path;
    std::string what;  ///< "ARABIC LETTER YEH (U+064A) at 3 became FARSI YEH (U+06CC)"
};

struct Loaded {
    Record record;
    std::vector<Change> changes;
};

/// All faults of one record at once.
class InvalidRecord;

struct LoadOptions {
    bool reencode_photo = false;        ///< allow the photo to be re-encoded to fit `photo_budget`
    std::size_t photo_budget = 20'000;  ///< bytes
};

/// Reads record.json, its photo and its templates (relative paths are relative to the file's folder).
/// @throws InvalidRecord (Errc::input_invalid) with every fault; Error{store_failed} when the file itself
///         cannot be read.
Loaded load(const std::filesystem::path& file, const LoadOptions& options = {});
/// The same from a JSON text; `folder` is where relative paths start.
Loaded parse(std::string_view text, const std::filesystem::path& folder, const LoadOptions& options = {});

/// The JSON Schema (draft 2020-12) of record.json, as shipped in docs/record.schema.json.
std::string_view json_schema();

}  // namespace kartsaz::record
