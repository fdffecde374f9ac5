// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "libcard/verify/check.h"

namespace kartsaz::verify {
namespace {

std::string joined(const std::vector<std::string>& parts) {
    std::string text;
    for (const auto& part : parts) {
        if (!text.empty()) text += "; ";
        text += part;
    }
    return text;
}

}  // namespace

std::string_view name(Severity severity) {
    switch (severity) {
        case Severity::fatal:
            return "fatal";
        case Severity::warning:
            return "warning";
        case Severity::note:
            return "note";
    }
    return "";
}

std::string_view name(Outcome outcome) {
    switch (outcome) {
        case Outcome::passed:
            return "passed";
        case Outcome::failed:
            return "failed";
        case Outcome::skipped:
            return "skipped";
        case Outcome::noted:
            return "noted";
    }
    return "";
}

void Verdicts::pass(std::string evidence) {
    evidence_.push_back(std::move(evidence));
}

void Verdicts::skip(std::string why) {
    skipped_.push_back(std::move(why));
}

void Verdicts::fault(std::string object, std::optional<std::size_t> offset, std::string expected,
                     std::string got, std::string text) {
    findings_.push_back({check_, severity_, std::move(object), offset, std::move(expected), std::move(got),
                         std::move(text), false});
}

void Verdicts::warn(std::string object, std::optional<std::size_t> offset, std::string expected,
                    std::string got, std::string text) {
    fault(std::move(object), offset, std::move(expected), std::move(got), std::move(text));
    if (severity_ == Severity::fatal) findings_.back().severity = Severity::warning;
}

void Verdicts::note(std::string object, std::string text) {
    findings_.push_back({check_, Severity::note, std::move(object), {}, {}, {}, std::move(text), false});
}

CheckResult Verdicts::result() const {
    CheckResult result;
    result.check = check_;
    if (!findings_.empty()) {
        const bool wrong = std::any_of(findings_.begin(), findings_.end(),
                                       [](const Finding& f) { return f.severity != Severity::note; });
        result.outcome = wrong ? Outcome::failed : Outcome::noted;
        std::vector<std::string> texts;
        for (const auto& finding : findings_) texts.push_back(finding.text);
        result.evidence = joined(texts);
        return result;
    }
    // A check that found nothing to look at must never count as passed.
    result.outcome = evidence_.empty() ? Outcome::skipped : Outcome::passed;
    result.evidence = joined(evidence_.empty() ? skipped_ : evidence_);
    if (result.evidence.empty()) result.evidence = "nothing to look at";
    return result;
}

}  // namespace kartsaz::verify
