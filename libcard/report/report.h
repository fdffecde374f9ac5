// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "libcard/verify/verify.h"

/// Findings for people and machines. Nothing here talks to a card.
namespace kartsaz::report {

/// Lines of at most `width` columns: verdict, findings with evidence and rule, all checks with evidence.
std::string text(const verify::Report& report, unsigned width = 80, bool all_checks = false);
/// {"verdict", "cause", "findings": [...], "checks": [...], ...}; see docs/formats.md.
std::string json(const verify::Report& report);
/// One self-contained page: photo, Persian fields right to left, every check with evidence. No script, no
/// network.
std::string html(const verify::Report& report, const std::string& title);
/// JUnit XML: a test case per check.
std::string junit(const verify::Report& report, const std::string& suite);

}  // namespace kartsaz::report
