// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "apdu/error.h"
#include "libcard/verify/checks.h"
#include "libcard/verify/observation.h"
#include "libcard/verify/view.h"

namespace kartsaz::verify {
namespace {

struct Ranked {
    Finding finding;
    int depth = 0;
};

/// One check must never end the judgement: what it cannot cope with is a fault that it names.
Verdicts run(const Check& check, const Observation& seen) {
    Verdicts verdicts{check.id, check.severity};
    try {
        check.run(seen, verdicts);
    } catch (const Error& error) {
        verdicts.fault("chip", offset_in(error.what()), "data that can be judged", "something else",
                       fmt::format("the check could not be completed: {}", error.what()));
    }
    return verdicts;
}

/// Fatal before warning before note; then what explains before what is explained.
bool comes_before(const Ranked& a, const Ranked& b) {
    if (a.finding.severity != b.finding.severity) return a.finding.severity < b.finding.severity;
    return a.depth < b.depth;
}

}  // namespace

Report judge(const Context& context) {
    const Observation seen{context};
    Report report;
    std::vector<Ranked> ranked;
    for (const auto& check : registry()) {
        if (check.card_kind != "card" && context.dump.application(check.card_kind) == nullptr) continue;
        const Verdicts verdicts = run(check, seen);
        for (auto finding : verdicts.findings()) {
            finding.standard = check.standard;
            finding.clause = check.clause;
            ranked.push_back({std::move(finding), check.depth});
        }
        CheckResult result = verdicts.result();
        result.title = check.title;
        result.source = fmt::format("{}, {}", check.standard, check.clause);
        report.results.push_back(std::move(result));
    }
    std::stable_sort(ranked.begin(), ranked.end(), comes_before);
    for (auto& one : ranked) report.findings.push_back(std::move(one.finding));
    report.accept = report.findings.empty() || report.findings.front().severity != Severity::fatal;
    if (!report.accept) {
        report.findings.front().cause = true;
        report.cause = report.findings.front().check;
    }
    report.chip = context.dump.chip;
    report.at = record::from_unix(context.at).gregorian();
    report.development_trust = context.development_trust;
    fill_view(seen, report);
    return report;
}

}  // namespace kartsaz::verify
