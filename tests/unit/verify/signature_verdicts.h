// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <catch2/catch.hpp>

#include "good_card.h"

/// What a test expects of a judgement.
namespace kartsaz::test {

inline std::string texts(const verify::Report& report) {
    std::string all;
    for (const auto& finding : report.findings) all += finding.check + ": " + finding.text + "\n";
    return all;
}

/// Rejected, and this check names the cause.
inline void cause(const verify::Report& report, const std::string& check, const std::string& object) {
    INFO(texts(report));
    REQUIRE_FALSE(report.accept);
    CHECK(report.cause.value_or("") == check);
    CHECK(report.findings.front().object == object);
}
/// The same, and no other check finds anything.
inline void only(const verify::Report& report, const std::string& check, const std::string& object) {
    cause(report, check, object);
    for (const auto& finding : report.findings) CHECK(finding.check == check);
}
/// Accepted, and this check alone says something, of this severity.
inline void said(const verify::Report& report, const std::string& check, verify::Severity severity) {
    INFO(texts(report));
    CHECK(report.accept);
    REQUIRE_FALSE(report.findings.empty());
    for (const auto& finding : report.findings) {
        CHECK(finding.check == check);
        CHECK(finding.severity == severity);
    }
}
inline void noted(const verify::Report& report, const std::string& check) {
    said(report, check, verify::Severity::note);
}
inline void warned(const verify::Report& report, const std::string& check) {
    said(report, check, verify::Severity::warning);
}

}  // namespace kartsaz::test
