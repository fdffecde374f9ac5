// SPDX-License-Identifier: Apache-2.0
#include "libcard/record/rules.h"

#include <fmt/format.h>
#include <unicode/uchar.h>
#include <unicode/uscript.h>

#include <algorithm>

#include "libcard/record/utf8.h"

namespace kartsaz::record {
namespace {

constexpr char32_t zwnj = 0x200C;

bool is_upper(char c) {
    return c >= 'A' && c <= 'Z';
}
bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_ascii_letter(char c) {
    return is_upper(c) || (c >= 'a' && c <= 'z');
}

bool is_letter(char32_t c) {
    return u_isalpha(static_cast<UChar32>(c));
}

bool is_arabic_letter(char32_t c) {
    UErrorCode status = U_ZERO_ERROR;
    return is_letter(c) && uscript_getScript(static_cast<UChar32>(c), &status) == USCRIPT_ARABIC;
}

bool is_mark(char32_t c) {
    return c == 0x0640 || (c >= 0x064B && c <= 0x0655) || c == 0x0670;  // tatweel, harakat
}

bool all_digits(std::string_view text) {
    return std::all_of(text.begin(), text.end(), is_digit);
}

/// The first character that `good` does not accept, in words.
template <typename Good>
std::string first_bad(std::u32string_view text, Good good, std::string_view what) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (!good(text[i]))
            return fmt::format("{} at {} is not allowed {}", code_point_name(text[i]), i + 1, what);
    }
    return {};
}

bool good_label(std::string_view label) {
    return !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-' &&
           std::all_of(label.begin(), label.end(),
                       [](char c) { return is_ascii_letter(c) || is_digit(c) || c == '-'; });
}

bool good_domain(std::string_view domain) {
    std::size_t labels = 0;
    std::string_view label;
    while (true) {
        const std::size_t dot = domain.find('.');
        label = domain.substr(0, dot);
        if (!good_label(label)) return false;
        ++labels;
        if (dot == std::string_view::npos) break;
        domain.remove_prefix(dot + 1);
    }
    return labels >= 2 && label.size() >= 2 && !all_digits(label);
}

bool good_local_part(std::string_view local) {
    constexpr std::string_view others = "!#$%&'*+/=?^_`{|}~-.";
    return !local.empty() && local.size() <= 64 && local.front() != '.' && local.back() != '.' &&
           local.find("..") == std::string_view::npos && std::all_of(local.begin(), local.end(), [&](char c) {
               return is_ascii_letter(c) || is_digit(c) || others.find(c) != std::string_view::npos;
           });
}

}  // namespace

std::string persian_name_fault(std::string_view text) {
    const std::u32string points = to_code_points(text);
    if (std::none_of(points.begin(), points.end(), is_arabic_letter))
        return "a name in Persian letters is needed";
    return first_bad(
        points,
        [](char32_t c) {
            return is_arabic_letter(c) || is_mark(c) || c == zwnj || c == U' ' || c == U'-' || c == U'\'' ||
                   c == U'.';
        },
        "in a Persian name");
}

std::string free_text_fault(std::string_view text) {
    const std::u32string points = to_code_points(text);
    if (std::none_of(points.begin(), points.end(), is_letter)) return "a text with letters is needed";
    return first_bad(
        points,
        [](char32_t c) {
            const auto code_point = static_cast<UChar32>(c);
            return is_letter(c) || is_mark(c) || u_isdigit(code_point) || u_ispunct(code_point) ||
                   c == zwnj || c == U' ' || c == U'+';
        },
        "in this text");
}

std::string serial_fault(std::string_view text) {
    const std::u32string points = to_code_points(text);
    if (std::none_of(text.begin(), text.end(), is_digit)) return "a serial with digits is needed";
    return first_bad(
        points,
        [](char32_t c) {
            return is_letter(c) || (c >= U'0' && c <= U'9') || c == zwnj || c == U' ' || c == U'-' ||
                   c == U'/';
        },
        "in a serial");
}

std::string latin_name_fault(std::string_view text) {
    if (std::none_of(text.begin(), text.end(), is_upper)) return "a name in the letters A-Z is needed";
    return first_bad(
        to_code_points(text), [](char32_t c) { return (c >= U'A' && c <= U'Z') || c == U' '; },
        "in a Latin name: A-Z and blanks");
}

std::string certificate_number_fault(std::string_view text) {
    if (text.empty() || text.size() > 10 || !all_digits(text)) return "1 to 10 digits are needed";
    return {};
}

std::string postal_code_fault(std::string_view text) {
    if (!all_digits(text)) return "ten digits are needed, there are other characters";
    if (text.size() != 10) return fmt::format("ten digits are needed, there are {}", text.size());
    if (std::count(text.begin(), text.end(), text.front()) == 10)
        return "ten equal digits are no postal code";
    return {};
}

std::string document_number_fault(std::string_view text) {
    if (text.empty() || text.size() > 14)
        return fmt::format("1 to 14 characters are needed, there are {}", text.size());
    return first_bad(
        to_code_points(text), [](char32_t c) { return (c >= U'A' && c <= U'Z') || (c >= U'0' && c <= U'9'); },
        "in a document number: A-Z and 0-9");
}

std::string email_fault(std::string_view text) {
    const std::size_t at = text.find('@');
    if (at == std::string_view::npos || text.find('@', at + 1) != std::string_view::npos) {
        return "an e-mail address has one @";
    }
    if (!good_local_part(text.substr(0, at))) return "the part before @ is not that of an e-mail address";
    if (!good_domain(text.substr(at + 1))) return "the part after @ is no domain name";
    return {};
}

std::string relative_path_fault(std::string_view text) {
    if (text.empty()) return "the name of a file is needed";
    if (text.find('\0') != std::string_view::npos || text.find('\\') != std::string_view::npos) {
        return "a path has neither backslashes nor NUL; / parts its folders";
    }
    if (text.front() == '/') return "the path is absolute; it must be relative to the folder of the record";
    while (!text.empty()) {
        const std::size_t slash = text.find('/');
        if (text.substr(0, slash) == "..") return "the path leaves the folder of the record (..)";
        if (slash == std::string_view::npos) break;
        text.remove_prefix(slash + 1);
    }
    return {};
}

}  // namespace kartsaz::record
