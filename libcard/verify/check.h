// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libcard/verify/findings.h"

namespace kartsaz::verify {

/// A context with its files decoded once, for all checks. See observation.h.
struct Observation;

/// A check's way to speak: pass, skip, or any number of findings.
class Verdicts {
public:
    explicit Verdicts(std::string check, Severity severity) : check_{std::move(check)}, severity_{severity} {}
    void pass(std::string evidence);
    void skip(std::string why);
    /// @param object file name
    void fault(std::string object, std::optional<std::size_t> offset, std::string expected, std::string got,
               std::string text);
    /// As fault(), but never more than a warning.
    void warn(std::string object, std::optional<std::size_t> offset, std::string expected, std::string got,
              std::string text);
    void note(std::string object, std::string text);
    CheckResult result() const;
    const std::vector<Finding>& findings() const { return findings_; }

private:
    std::string check_;
    Severity severity_;
    std::vector<std::string> evidence_;
    std::vector<std::string> skipped_;
    std::vector<Finding> findings_;
};

struct Check {
    std::string id;  ///< "emrtd.sod.signature"
    std::string title;
    Severity severity;
    std::string_view standard;   ///< "ICAO Doc 9303-11"
    std::string_view clause;     ///< "5.1"
    std::string_view card_kind;  ///< rule set: "emrtd"; "card" is for every card
    /// Rank when causes are told from consequences: a smaller one explains a larger one.
    int depth;
    std::function<void(const Observation&, Verdicts&)> run;
};

/// Every check there is, in the order they run. docs/checks.md is generated from it.
const std::vector<Check>& registry();
/// docs/checks.md.
std::string checks_markdown();

}  // namespace kartsaz::verify
