// SPDX-License-Identifier: Apache-2.0
// Letters of the Arabic script in the MRZ. Source: ICAO Doc 9303-3, 6 (table for the Arabic script).
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "apdu/error.h"
#include "libcard/record/text.h"
#include "libcard/record/utf8.h"

namespace kartsaz::record {
namespace {

struct Letter {
    char32_t code_point;
    std::string_view latin;
};

// Sorted by code point.
constexpr std::array letters{
    Letter{0x0621, "XE"},  Letter{0x0622, "XAA"}, Letter{0x0623, "XAE"}, Letter{0x0624, "U"},
    Letter{0x0625, "I"},   Letter{0x0626, "XI"},  Letter{0x0627, "A"},   Letter{0x0628, "B"},
    Letter{0x0629, "XTA"}, Letter{0x062A, "T"},   Letter{0x062B, "XTH"}, Letter{0x062C, "J"},
    Letter{0x062D, "XH"},  Letter{0x062E, "XKH"}, Letter{0x062F, "D"},   Letter{0x0630, "XDH"},
    Letter{0x0631, "R"},   Letter{0x0632, "Z"},   Letter{0x0633, "S"},   Letter{0x0634, "XSH"},
    Letter{0x0635, "XSS"}, Letter{0x0636, "XDZ"}, Letter{0x0637, "XTT"}, Letter{0x0638, "XZZ"},
    Letter{0x0639, "E"},   Letter{0x063A, "G"},   Letter{0x0641, "F"},   Letter{0x0642, "Q"},
    Letter{0x0643, "K"},   Letter{0x0644, "L"},   Letter{0x0645, "M"},   Letter{0x0646, "N"},
    Letter{0x0647, "H"},   Letter{0x0648, "W"},   Letter{0x0649, "XAY"}, Letter{0x064A, "Y"},
    Letter{0x0671, "XXA"}, Letter{0x0679, "XXT"}, Letter{0x067C, "XRT"}, Letter{0x067E, "P"},
    Letter{0x0681, "XKE"}, Letter{0x0685, "XXH"}, Letter{0x0686, "XC"},  Letter{0x0688, "XXD"},
    Letter{0x0689, "XDR"}, Letter{0x0691, "XXR"}, Letter{0x0693, "XRR"}, Letter{0x0696, "XRX"},
    Letter{0x0698, "XJ"},  Letter{0x069A, "XXS"}, Letter{0x06A9, "XKK"}, Letter{0x06AB, "XXK"},
    Letter{0x06AD, "XNG"}, Letter{0x06AF, "XGG"}, Letter{0x06BA, "XNN"}, Letter{0x06BC, "XXN"},
    Letter{0x06BE, "XDO"}, Letter{0x06C0, "XYH"}, Letter{0x06C1, "XXG"}, Letter{0x06C2, "XGE"},
    Letter{0x06C3, "XTG"}, Letter{0x06CC, "XYA"}, Letter{0x06CD, "XXY"}, Letter{0x06D0, "Y"},
    Letter{0x06D2, "XYB"}, Letter{0x06D3, "XBE"},
};
static_assert(std::is_sorted(letters.begin(), letters.end(),
                             [](const Letter& a, const Letter& b) { return a.code_point < b.code_point; }));

constexpr char32_t teh_marbuta = 0x0629;
constexpr char32_t heh = 0x0647;
constexpr char32_t shadda = 0x0651;
constexpr char32_t hamza_above = 0x0654;
constexpr char32_t heh_with_yeh_above = 0x06C0;

bool not_encoded(char32_t c) {
    return c == 0x0640 || (c >= 0x064B && c <= 0x0650) || c == 0x0652 || c == 0x0670 || c == 0x069C ||
           c == 0x06A2 || c == 0x06A7 || c == 0x06A8 ||
           // not of the table: invisible, and what normalization keeps for display
           c == 0x200C || c == U'\'' || c == 0x2019 || c == U'.';
}

bool is_gap(char32_t c) {
    return c == U' ' || c == U'-' || c == 0x2010;
}

std::string_view latin_of(char32_t c) {
    const auto found =
        std::lower_bound(letters.begin(), letters.end(), c,
                         [](const Letter& letter, char32_t x) { return letter.code_point < x; });
    return found != letters.end() && found->code_point == c ? found->latin : std::string_view{};
}

/// Teh marbuta sounds as T inside a name part and as H at its end.
std::string_view teh_marbuta_of(std::u32string_view rest) {
    for (const char32_t c : rest) {
        if (is_gap(c)) break;
        if (!not_encoded(c) && c != shadda) return "XTA";
    }
    return "XAH";
}

}  // namespace

std::string transliterate_name(std::string_view utf8) {
    const std::u32string text = to_code_points(utf8);
    std::string out;
    std::string last;  // what shadda doubles
    for (std::size_t i = 0; i < text.size(); ++i) {
        char32_t c = text[i];
        if (not_encoded(c)) continue;
        if (c == shadda) {
            out += last;
            last.clear();
            continue;
        }
        if (is_gap(c)) {
            if (!out.empty() && out.back() != ' ') out.push_back(' ');
            last.clear();
            continue;
        }
        if (c == heh && i + 1 < text.size() && text[i + 1] == hamza_above) {
            c = heh_with_yeh_above;
            ++i;
        }
        if (c == teh_marbuta) {
            last = teh_marbuta_of(std::u32string_view{text}.substr(i + 1));
        } else if (c < 0x80 && ((c >= U'A' && c <= U'Z') || (c >= U'a' && c <= U'z'))) {
            last = std::string(1, static_cast<char>(c & ~char32_t{0x20}));
        } else {
            last = latin_of(c);
        }
        if (last.empty()) {
            throw Error{Errc::input_invalid, fmt::format("{} at {} has no Latin form in ICAO Doc 9303-3, 6",
                                                         code_point_name(c), i + 1)};
        }
        out += last;
    }
    if (!out.empty() && out.back() == ' ') out.pop_back();
    return out;
}

}  // namespace kartsaz::record
