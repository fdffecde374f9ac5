// SPDX-License-Identifier: Apache-2.0
// tests/bench/run [NAME...] [--short] [--list] [--json]: a line each, `name value unit bound ok|short`; exit
// 1 when one is short of its bound.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <exception>

#include "tests/bench/figure.h"

namespace {

using namespace kartsaz::bench;

std::string bound_text(const Result& result) {
    switch (result.bound) {
        case Bound::at_least:
            return fmt::format(">={}", result.limit);
        case Bound::at_most:
            return fmt::format("<={}", result.limit);
        case Bound::none:
            return "-";
    }
    return "-";
}

void print(const Result& result) {
    fmt::print("{:<28} {:>10.3f} {:<10} {:<8} {}{}\n", result.name, result.value, result.unit,
               bound_text(result), result.bound == Bound::none ? "" : (result.ok() ? "ok" : "short"),
               result.note.empty() ? "" : "  (" + result.note + ")");
}

nlohmann::json to_json(const Result& result) {
    return {{"name", result.name},         {"value", result.value}, {"unit", result.unit},
            {"bound", bound_text(result)}, {"ok", result.ok()},     {"note", result.note}};
}

}  // namespace

int main(int argc, char** argv) try {
    Options options;
    bool list = false;
    bool json = false;
    std::vector<std::string> names;
    for (int i = 1; i < argc; ++i) {
        const std::string word{argv[i]};
        if (word == "--short") {
            options.brief = true;
        } else if (word == "--list") {
            list = true;
        } else if (word == "--json") {
            json = true;
        } else {
            names.push_back(word);
        }
    }
    const std::vector<Figure> figures{cards_per_second(), link_floor(), pcscd_overhead(), signature_cost(),
                                      piv_cost()};
    for (const auto& name : names) {
        if (std::none_of(figures.begin(), figures.end(), [&](const auto& f) { return f.name == name; })) {
            fmt::print(stderr, "no figure \"{}\"; --list names them\n", name);
            return 2;
        }
    }
    bool ok = true;
    nlohmann::json document = nlohmann::json::array();
    for (const auto& figure : figures) {
        if (!names.empty() && std::find(names.begin(), names.end(), figure.name) == names.end()) continue;
        if (list) {
            fmt::print("{:<20} {}\n", figure.name, figure.what);
            continue;
        }
        const auto outcome = figure.measure(options);
        for (const auto& result : outcome.results) {
            ok = ok && result.ok();
            if (json) document.push_back(to_json(result));
            if (!json) print(result);
        }
        for (const auto& skipped : outcome.skipped) {
            if (json) document.push_back({{"name", skipped.name}, {"skipped", skipped.why}});
            if (!json) fmt::print("{:<28} skipped: {}\n", skipped.name, skipped.why);
        }
        std::fflush(stdout);
    }
    if (json) fmt::print("{}\n", document.dump(2));
    return ok ? 0 : 1;
} catch (const std::exception& error) {
    fmt::print(stderr, "bench: {}\n", error.what());
    return 70;
}
