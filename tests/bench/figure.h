// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

/// Figures that are claimed. Each is measured by one function, printed by one command (tests/bench/run), and
/// has a bound that it may miss.
namespace kartsaz::bench {

enum class Bound { at_least, at_most, none };

struct Result {
    std::string name;
    double value = 0;
    std::string unit;
    Bound bound = Bound::none;  ///< `none`: told beside a figure, to explain it
    double limit = 0;
    std::string note;  ///< "short form, 3 rounds"

    bool ok() const {
        return bound == Bound::none || (bound == Bound::at_least ? value >= limit : value <= limit);
    }
};

/// What could not be measured here, and why.
struct Skipped {
    std::string name;
    std::string why;
};

struct Outcome {
    std::vector<Result> results;
    std::vector<Skipped> skipped;
};

struct Options {
    bool brief = false;  ///< the short form for CI: fewer rounds, same bounds
};

struct Figure {
    std::string name;
    std::string what;
    std::function<Outcome(const Options&)> measure;
};

/// Each is defined in the file of its name.
Figure cards_per_second();
Figure link_floor();
Figure pcscd_overhead();
Figure piv_cost();
Figure signature_cost();

}  // namespace kartsaz::bench
