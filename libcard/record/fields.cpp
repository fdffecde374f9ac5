// SPDX-License-Identifier: Apache-2.0
#include "libcard/record/fields.h"

#include <algorithm>
#include <array>

#include "libcard/record/finger_template.h"

namespace kartsaz::record {
namespace {

constexpr std::array all_fields{
    Field{"", "$schema", false},
    Field{"", "national_id", true},
    Field{"", "birth_certificate", true},
    Field{"/birth_certificate", "number", true},
    Field{"/birth_certificate", "serial", true},
    Field{"", "name", true},
    Field{"/name", "fa", true},
    Field{"/name/fa", "surname", true},
    Field{"/name/fa", "given", true},
    Field{"/name", "latin", false},
    Field{"/name/latin", "surname", true},
    Field{"/name/latin", "given", true},
    Field{"", "father_name", true},
    Field{"", "sex", true},
    Field{"", "birth", true},
    Field{"/birth", "date", true},
    Field{"/birth", "place", true},
    Field{"", "issue_date", true},
    Field{"", "expiry_date", true},
    Field{"", "postal_code", true},
    Field{"", "address", true},
    Field{"", "document_number", true},
    Field{"", "authority", false},
    Field{"", "email", false},
    Field{"", "photo", true},
    Field{"", "fingers", true},
    Field{"/fingers/*", "position", true},
    Field{"/fingers/*", "template", true},
};

/// Edits (a character more, less or other; two neighbours swapped) from one word to the other.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
    for (std::size_t i = 0; i <= a.size(); ++i) {
        for (std::size_t j = 0; j <= b.size(); ++j) {
            if (i == 0 || j == 0) {
                d[i][j] = i + j;
                continue;
            }
            d[i][j] = std::min(
                {d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
            const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped) d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
        }
    }
    return d[a.size()][b.size()];
}

}  // namespace

std::span<const Field> fields() {
    return all_fields;
}

std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates) {
    constexpr std::size_t longest = 64;
    if (word.size() > longest) return {};
    std::string plain{word};
    for (char& c : plain) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
        if (c == '-' || c == ' ') c = '_';
    }
    std::string_view best;
    std::size_t best_distance = std::max<std::size_t>(2, word.size() / 3) + 1;
    for (const auto candidate : candidates) {
        std::string form{candidate};
        std::replace(form.begin(), form.end(), '-', '_');
        const std::size_t edits = distance(plain, form);
        if (edits < best_distance && edits < form.size()) {
            best = candidate;
            best_distance = edits;
        }
    }
    return best;
}

std::string position_name(unsigned position) {
    std::string name = finger_name(position);
    std::replace(name.begin(), name.end(), ' ', '-');
    return name;
}

}  // namespace kartsaz::record
