// SPDX-License-Identifier: Apache-2.0
#include "libcard/record/text.h"

#include <fmt/format.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include "apdu/error.h"
#include "libcard/record/utf8.h"

namespace kartsaz::record {
namespace {

const icu::Normalizer2& normalizer(bool compatible) {
    UErrorCode status = U_ZERO_ERROR;
    const icu::Normalizer2* found =
        compatible ? icu::Normalizer2::getNFKCInstance(status) : icu::Normalizer2::getNFCInstance(status);
    if (U_FAILURE(status) || found == nullptr) {
        throw Error{Errc::internal, std::string{"ICU gives no normalizer: "} + u_errorName(status)};
    }
    return *found;
}

std::u32string normalized(const icu::Normalizer2& by, std::u32string_view text) {
    UErrorCode status = U_ZERO_ERROR;
    const icu::UnicodeString source = icu::UnicodeString::fromUTF32(
        reinterpret_cast<const UChar32*>(text.data()), static_cast<std::int32_t>(text.size()));
    const icu::UnicodeString result = by.normalize(source, status);
    std::u32string out(static_cast<std::size_t>(result.countChar32()), U'\0');
    result.toUTF32(reinterpret_cast<UChar32*>(out.data()), static_cast<std::int32_t>(out.size()), status);
    if (U_FAILURE(status) && status != U_STRING_NOT_TERMINATED_WARNING) {
        throw Error{Errc::internal, std::string{"ICU cannot normalize: "} + u_errorName(status)};
    }
    return out;
}

bool is_presentation_form(char32_t c) {
    return (c >= 0xFB50 && c <= 0xFDFF) || (c >= 0xFE70 && c <= 0xFEFC);
}

/// Marks that steer the display and have no business in stored text; ZWNJ is not one of them.
bool is_invisible(char32_t c) {
    return c == 0x200D || c == 0xFEFF || c == 0x200E || c == 0x200F || c == 0x061C || c == 0x00AD ||
           (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

bool is_blank(char32_t c) {
    return c == U'\t' || c == U'\n' || c == U'\r' || u_isUWhiteSpace(static_cast<UChar32>(c));
}

/// The Persian form of a letter or digit, the letter itself where there is nothing to change.
char32_t persian_form(char32_t c, bool machine) {
    switch (c) {
        case 0x064A:  // Arabic yeh
        case 0x0649:  // alef maksura
            return 0x06CC;
        case 0x0643:  // Arabic kaf
        case 0x06AA:  // swash kaf
            return 0x06A9;
        case 0x06D5:  // ae
        case 0x06C1:  // heh goal
        case 0x06BE:  // heh doachashmee
            return 0x0647;
        default:
            break;
    }
    const bool arabic = c >= 0x0660 && c <= 0x0669;
    if (machine && (arabic || (c >= 0x06F0 && c <= 0x06F9))) return U'0' + (c & 0x0F);
    return arabic ? c + (0x06F0 - 0x0660) : c;
}

std::string names(std::u32string_view text) {
    std::string out;
    for (const char32_t c : text) out += (out.empty() ? "" : " + ") + code_point_name(c);
    return out;
}

class Normalizing {
public:
    explicit Normalizing(bool machine) : machine_{machine} {}

    NormalizedText run(const std::u32string& text) {
        const auto& canonical = normalizer(false);
        for (std::size_t start = 0; start < text.size();) {
            std::size_t end = start + 1;
            while (end < text.size() && !canonical.hasBoundaryBefore(static_cast<UChar32>(text[end]))) ++end;
            place_ = start + 1;
            take_segment(std::u32string_view{text}.substr(start, end - start));
            start = end;
        }
        if (blank_) report("a blank at the end was removed");
        return {to_utf8(out_), std::move(changes_)};
    }

private:
    /// A letter with its marks: composed (NFC), or unfolded when it is a presentation form (NFKC), so that
    /// nothing else loses its form.
    void take_segment(std::u32string_view segment) {
        bool compatible = false;
        for (const char32_t c : segment) compatible = compatible || is_presentation_form(c);
        const std::u32string composed = normalized(normalizer(compatible), segment);
        if (composed != segment) report(names(segment) + at() + " became " + names(composed));
        for (const char32_t c : composed) take(c);
    }

    void take(char32_t c) {
        if (is_invisible(c)) return report(code_point_name(c) + at() + " was removed");
        if (is_blank(c)) return take_blank(c);
        if (blank_) {
            blank_ = false;
            out_.push_back(U' ');
        }
        if (c == 0x06C0) {  // heh with yeh above
            report(code_point_name(c) + at() + " became " + names(U"\u0647\u0654"));
            out_ += U"\u0647\u0654";
            return;
        }
        if (c == 0x0654 && !out_.empty() && out_.back() == 0x06CC) {  // does not compose with Farsi yeh
            report(names(U"\u06CC\u0654") + at() + " became " + names(U"\u0626"));
            out_.back() = 0x0626;
            return;
        }
        const char32_t form = persian_form(c, machine_);
        if (form != c) report(code_point_name(c) + at() + " became " + code_point_name(form));
        out_.push_back(form);
    }

    void take_blank(char32_t c) {
        if (out_.empty()) return report("a blank at the start was removed");
        if (blank_) return report("a second blank" + at() + " was removed");
        if (c != U' ') report(code_point_name(c) + at() + " became a blank");
        blank_ = true;
    }

    std::string at() const { return fmt::format(" at {}", place_); }
    void report(std::string change) { changes_.push_back(std::move(change)); }

    bool machine_;
    std::u32string out_;
    std::vector<std::string> changes_;
    std::size_t place_ = 0;  ///< code point of the input, counted from 1
    bool blank_ = false;     ///< seen, and written when something follows
};

/// What only decorates, for comparing: ZWNJ, tatweel, harakat and the other marks above letters.
bool is_decoration(char32_t c) {
    return c == 0x200C || c == 0x0640 || (c >= 0x064B && c <= 0x0655) || c == 0x0670;
}

char32_t folded(char32_t c) {
    switch (c) {
        case 0x0622:
        case 0x0623:
        case 0x0625:
        case 0x0671:
            return 0x0627;  // alef
        case 0x0624:
            return 0x0648;  // waw
        case 0x0626:
            return 0x06CC;  // yeh
        case 0x0629:
            return 0x0647;  // teh marbuta
        default:
            return static_cast<char32_t>(u_foldCase(static_cast<UChar32>(c), U_FOLD_CASE_DEFAULT));
    }
}

}  // namespace

NormalizedText normalize_persian(std::string_view utf8, bool machine) {
    return Normalizing{machine}.run(to_code_points(utf8));
}

std::string fold_persian(std::string_view utf8) {
    std::u32string out;
    for (const char32_t c : to_code_points(normalize_persian(utf8, true).text)) {
        if (is_decoration(c) || c == 0x0621) continue;
        out.push_back(folded(c));
    }
    return to_utf8(out);
}

}  // namespace kartsaz::record
