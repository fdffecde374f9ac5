// SPDX-License-Identifier: Apache-2.0
#include "libcard/record/record_parser.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

#include "libcard/record/fields.h"
#include "libcard/record/invalid_record.h"
#include "libcard/record/record_files.h"
#include "libcard/record/rules.h"
#include "libcard/record/text.h"

namespace kartsaz::record {
namespace {

constexpr int longest_validity = 15;  ///< years
constexpr int longest_life = 130;     ///< years from birth to issue; more is a typing error
/// National Organization for Civil Registration.
constexpr const char* default_authority = "سازمان ثبت احوال کشور";

/// The same day so many years later; 29 February becomes 1 March.
Date years_later(const Date& date, int years) {
    if (const auto same = from_gregorian(date.year + years, date.month, date.day)) return *same;
    return Date{date.year + years, 3, 1};
}

/// National IDs arrive with blanks, hyphens and without the zeros in front.
std::string tidy_national_id(std::string text, std::vector<std::string>& changes) {
    const std::size_t before = text.size();
    for (const std::string_view separator : {" ", "-", "\u200C"}) {
        for (std::size_t at = text.find(separator); at != std::string::npos; at = text.find(separator)) {
            text.erase(at, separator.size());
        }
    }
    if (text.size() != before) changes.emplace_back("blanks and hyphens between the digits were removed");
    const bool digits = std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (digits && (text.size() == 8 || text.size() == 9)) {
        changes.push_back(fmt::format("{} zero{} put in front to make ten digits", 10 - text.size(),
                                      text.size() == 9 ? "" : "s"));
        text.insert(0, 10 - text.size(), '0');
    }
    return text;
}

std::string no_rule(std::string_view) {
    return {};
}

}  // namespace

RecordParser::RecordParser(const nlohmann::json& root, std::filesystem::path folder,
                           const LoadOptions& options)
    : in_{root}, folder_{std::move(folder)}, options_{options} {}

Loaded RecordParser::run(const std::string& source) {
    in_.check_shape();
    take_identity();
    take_names();
    take_dates();
    take_address();
    take_document();
    take_photo();
    take_fingers();
    if (!in_.faults().empty()) throw InvalidRecord{source, std::move(in_.faults())};
    return {std::move(out_), std::move(in_.changes())};
}

void RecordParser::take_identity() {
    if (const auto text = in_.machine("/national_id", no_rule)) {
        std::vector<std::string> changes;
        out_.national_id = tidy_national_id(*text, changes);
        for (auto& what : changes) in_.change("/national_id", std::move(what));
        if (auto rule = national_id_fault(out_.national_id); !rule.empty())
            in_.fault("/national_id", std::move(rule));
    }
    out_.birth_certificate_number =
        in_.machine("/birth_certificate/number", certificate_number_fault).value_or("");
    if (auto serial = in_.machine("/birth_certificate/serial", serial_fault)) {
        if (serial->size() > limit::serial) {
            in_.fault("/birth_certificate/serial", fmt::format("{} bytes of UTF-8 are the most, there are {}",
                                                               limit::serial, serial->size()));
        }
        out_.birth_certificate_serial = std::move(*serial);
    }
    if (const auto sex = in_.text("/sex")) {
        constexpr std::array<std::string_view, 3> names{"female", "male", "unspecified"};
        const auto found = std::find(names.begin(), names.end(), *sex);
        if (found == names.end()) {
            in_.fault("/sex", "female, male or unspecified is needed");
        } else {
            out_.sex = static_cast<Sex>(found - names.begin());
        }
    }
}

void RecordParser::take_names() {
    Name& name = out_.name;
    name.surname_fa = in_.persian("/name/fa/surname", limit::name_part, persian_name_fault).value_or("");
    name.given_fa = in_.persian("/name/fa/given", limit::name_part, persian_name_fault).value_or("");
    out_.father_fa = in_.persian("/father_name", limit::name_part, persian_name_fault).value_or("");
    check_full_name();
    if (in_.find("/name/latin") != nullptr) {
        name.surname_latin = in_.latin("/name/latin/surname", limit::name_part).value_or("");
        name.given_latin = in_.latin("/name/latin/given", limit::name_part).value_or("");
        return;
    }
    name.transliterated = true;
    transliterate("/name/fa/surname", name.surname_fa, name.surname_latin);
    transliterate("/name/fa/given", name.given_fa, name.given_latin);
}

void RecordParser::check_full_name() {
    const std::size_t size = out_.name.surname_fa.size() + 2 + out_.name.given_fa.size();
    if (size > limit::full_name) {
        in_.fault("/name/fa",
                  fmt::format("surname, two fillers and given names have {} bytes of UTF-8; {} are the most",
                              size, limit::full_name));
    }
}

void RecordParser::transliterate(const std::string& path, const std::string& from, std::string& to) {
    if (from.empty()) return;  // already a fault
    try {
        to = transliterate_name(from);
        if (to.empty()) in_.fault(path, "no letter of it has a Latin form; give /name/latin");
    } catch (const Error& error) {
        in_.fault(path, std::string{error.what()} + "; give /name/latin");
    }
}

void RecordParser::take_dates() {
    const auto birth = in_.date("/birth/date");
    const auto issue = in_.date("/issue_date");
    const auto expiry = in_.date("/expiry_date");
    out_.birth_date = birth.value_or(Date{});
    out_.issue_date = issue.value_or(Date{});
    out_.expiry_date = expiry.value_or(Date{});
    if (birth && issue) {
        if (*issue < *birth) in_.fault("/issue_date", "the issue is before the birth");
        if (years_later(*birth, longest_life) < *issue) {
            in_.fault("/birth/date",
                      fmt::format("the birth is more than {} years before the issue", longest_life));
        }
    }
    if (issue && expiry) {
        if (*expiry <= *issue) in_.fault("/expiry_date", "the expiry is not after the issue");
        if (years_later(*issue, longest_validity) < *expiry) {
            in_.fault("/expiry_date",
                      fmt::format("the expiry is more than {} years after the issue", longest_validity));
        }
    }
    if (expiry && expiry->year / 100 != 20) {
        in_.fault("/expiry_date", "the expiry is outside the years 2000 to 2099, which an MRZ can say");
    }
}

void RecordParser::take_address() {
    out_.birth_place_fa = in_.persian("/birth/place", limit::place, free_text_fault).value_or("");
    out_.address_fa = in_.persian("/address", limit::address, free_text_fault).value_or("");
    if (const auto text = in_.machine("/postal_code", no_rule)) {
        out_.postal_code = *text;
        std::erase_if(out_.postal_code, [](char c) { return c == '-' || c == ' '; });
        if (out_.postal_code != *text)
            in_.change("/postal_code", "blanks and hyphens between the digits were removed");
        if (auto rule = postal_code_fault(out_.postal_code); !rule.empty())
            in_.fault("/postal_code", std::move(rule));
    }
    if (const auto email = in_.text("/email")) {
        if (email->size() > limit::email) {
            in_.fault("/email",
                      fmt::format("{} bytes are the most, there are {}", limit::email, email->size()));
        } else if (auto rule = email_fault(*email); !rule.empty()) {
            in_.fault("/email", std::move(rule));
        }
        out_.email = *email;
    }
}

void RecordParser::take_document() {
    if (const auto text = in_.machine("/document_number", no_rule)) {
        out_.document_number = *text;
        for (char& c : out_.document_number) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
        if (out_.document_number != *text) in_.change("/document_number", "letters were made capitals");
        if (auto rule = document_number_fault(out_.document_number); !rule.empty()) {
            in_.fault("/document_number", std::move(rule));
        }
    }
    out_.authority_fa = default_authority;
    if (auto authority = in_.persian("/authority", limit::authority, free_text_fault)) {
        out_.authority_fa = std::move(*authority);
    }
}

Bytes RecordParser::take_file(const std::string& path, std::size_t largest, std::string& name) {
    const auto text = in_.text(path);
    if (!text) return {};
    if (auto rule = relative_path_fault(*text); !rule.empty()) {
        in_.fault(path, std::move(rule));
        return {};
    }
    name = *text;
    try {
        return read_record_file(folder_, name, largest);
    } catch (const Error& error) {
        in_.fault(path, error.what());
        return {};
    }
}

void RecordParser::take_photo() {
    std::string name;
    const Bytes bytes = take_file("/photo", limit::photo, name);
    if (bytes.empty()) return;
    try {
        out_.photo = parse_photo(bytes, name);
        if (bytes.size() <= options_.photo_budget) return;
        if (!options_.reencode_photo) {
            return in_.fault(
                "/photo", fmt::format("{}: {} bytes, the budget is {}; it may be re-encoded when asked", name,
                                      bytes.size(), options_.photo_budget));
        }
        const Photo before = std::move(out_.photo);
        out_.photo = reencode_photo(before, options_.photo_budget, name);
        in_.change("/photo", fmt::format("re-encoded from {} bytes, {} x {}, to {} bytes, {} x {} JPEG",
                                         bytes.size(), before.width, before.height, out_.photo.bytes.size(),
                                         out_.photo.width, out_.photo.height));
    } catch (const Error& error) {
        in_.fault("/photo", error.what());
    }
}

unsigned RecordParser::take_position(const std::string& path) {
    std::vector<std::string> names;
    for (unsigned position = 1; position <= 10; ++position) names.push_back(position_name(position));
    const nlohmann::json* value = in_.find(path);
    if (value == nullptr) return 0;
    if (value->is_number_integer()) {
        const bool known = value->is_number_unsigned() && value->get<std::uint64_t>() >= 1 &&
                           value->get<std::uint64_t>() <= 10;
        if (known) return value->get<unsigned>();
        in_.fault(path,
                  "a finger position is 1 (right thumb) to 10 (left little), or a name like right-index");
    }
    if (!value->is_string()) return 0;
    const std::string text = value->get<std::string>();
    const auto found = std::find(names.begin(), names.end(), text);
    if (found != names.end()) return static_cast<unsigned>(found - names.begin()) + 1;
    const std::vector<std::string_view> candidates{names.begin(), names.end()};
    const std::string_view meant = nearest(text, candidates);
    in_.fault(path, "no such finger position; " +
                        (meant.empty() ? std::string{"it is a name like right-index, or 1 to 10"}
                                       : fmt::format("did you mean {}?", meant)));
    return 0;
}

void RecordParser::take_fingers() {
    const nlohmann::json* list = in_.find("/fingers");
    if (list == nullptr || !list->is_array() || list->size() > 10) return;
    for (std::size_t i = 0; i < list->size(); ++i) take_finger(i);
}

void RecordParser::take_finger(std::size_t index) {
    const std::string path = fmt::format("/fingers/{}", index);
    const unsigned position = take_position(path + "/position");
    for (std::size_t i = 0; i < out_.fingers.size() && position != 0; ++i) {
        if (out_.fingers[i].position != position) continue;
        in_.fault(path + "/position",
                  fmt::format("the {} stands twice, at /fingers/{} too", finger_name(position), i));
    }
    FingerTemplate finger;
    std::string name;
    const Bytes bytes = take_file(path + "/template", limit::finger_template, name);
    if (!bytes.empty()) {
        try {
            finger = parse_finger_template(bytes, name);
            for (const auto& view : finger.views) {
                if (view.position == 0 || position == 0 || view.position == position) continue;
                in_.fault(path + "/template", fmt::format("{}: a view is of the {}, the record says {}", name,
                                                          finger_name(view.position), finger_name(position)));
            }
        } catch (const Error& error) {
            in_.fault(path + "/template", error.what());
        }
    }
    finger.position = position;
    out_.fingers.push_back(std::move(finger));
}

}  // namespace kartsaz::record
