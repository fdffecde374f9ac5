// SPDX-License-Identifier: Apache-2.0
#include "libcard/verify/skeleton.h"

#include <array>
#include <utility>

namespace kartsaz::verify {
namespace {

/// Letters that are written for each other in Latin names of Persian speakers; 0 for those left out.
char class_of(char letter) {
    switch (letter) {
        case 'B':
        case 'D':
        case 'F':
        case 'L':
        case 'M':
        case 'N':
        case 'P':
        case 'R':
        case 'T':
            return letter;
        case 'C':
        case 'G':
        case 'K':
        case 'Q':
        case 'X':
            return 'K';
        case 'J':
        case 'Z':
            return 'J';
        case 'S':
            return 'S';
        default:
            return 0;
    }
}

constexpr std::array<std::pair<std::string_view, char>, 27> persian_letters{{
    {"ب", 'B'}, {"پ", 'P'}, {"ت", 'T'}, {"ث", 'S'}, {"ج", 'J'}, {"چ", 'K'}, {"خ", 'K'},
    {"د", 'D'}, {"ذ", 'J'}, {"ر", 'R'}, {"ز", 'J'}, {"ژ", 'J'}, {"س", 'S'}, {"ش", 'S'},
    {"ص", 'S'}, {"ض", 'J'}, {"ط", 'T'}, {"ظ", 'J'}, {"غ", 'K'}, {"ف", 'F'}, {"ق", 'K'},
    {"ک", 'K'}, {"گ", 'K'}, {"ل", 'L'}, {"م", 'M'}, {"ن", 'N'}, {"ك", 'K'},
}};

void add(std::string& out, char letter) {
    if (letter != 0 && (out.empty() || out.back() != letter)) out += letter;
}

}  // namespace

std::string consonants_of_latin(std::string_view name) {
    std::string out;
    for (const char c : name) add(out, class_of(c));
    return out;
}

std::string consonants_of_persian(std::string_view name) {
    std::string out;
    for (std::size_t i = 0; i + 1 < name.size(); ++i) {
        for (const auto& [letter, sound] : persian_letters) {
            if (name.substr(i, 2) == letter) {
                add(out, sound);
                ++i;
                break;
            }
        }
    }
    return out;
}

}  // namespace kartsaz::verify
