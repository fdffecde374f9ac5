// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "libcard/report/escape.h"
#include "libcard/report/report.h"
#include "libcard/report/rule.h"

namespace kartsaz::report {
namespace {

using verify::Outcome;

/// A warning alone does not reject a card, so it does not fail its test case either.
bool rejects(const verify::Report& report, const std::string& check) {
    return std::any_of(report.findings.begin(), report.findings.end(), [&](const auto& finding) {
        return finding.check == check && finding.severity == verify::Severity::fatal;
    });
}

/// One element, as readers of JUnit files expect: the first finding is its message, all are its text.
std::string failure(const verify::Report& report, const std::string& check) {
    std::string message;
    std::string body;
    for (const auto& finding : report.findings) {
        if (finding.check != check) continue;
        const std::string place =
            finding.offset ? fmt::format("{}, offset {}", finding.object, *finding.offset) : finding.object;
        if (message.empty()) message = finding.text;
        body += fmt::format("{} ({}): {}; expected {}, got {}; rule {}\n", place, name(finding.severity),
                            finding.text, finding.expected, finding.got, rule_of(finding));
    }
    return fmt::format("    <failure type=\"fatal\" message=\"{}\">{}</failure>\n", escaped(message),
                       escaped(body));
}

}  // namespace

std::string junit(const verify::Report& report, const std::string& suite) {
    std::size_t failures = 0;
    std::size_t skipped = 0;
    std::string cases;
    for (const auto& result : report.results) {
        cases += fmt::format("  <testcase classname=\"{}\" name=\"{}\" time=\"0\">\n", escaped(suite),
                             escaped(result.check));
        if (rejects(report, result.check)) {
            ++failures;
            cases += failure(report, result.check);
        } else if (result.outcome == Outcome::skipped) {
            ++skipped;
            cases += fmt::format("    <skipped message=\"{}\"/>\n", escaped(result.evidence));
        } else {
            cases += fmt::format("    <system-out>{}</system-out>\n", escaped(result.evidence));
        }
        cases += "  </testcase>\n";
    }
    return fmt::format(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\" "
        "time=\"0\">\n{}</testsuite>\n",
        escaped(suite), report.results.size(), failures, skipped, cases);
}

}  // namespace kartsaz::report
