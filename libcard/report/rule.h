// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "libcard/verify/findings.h"

namespace kartsaz::report {

/// Standard and clause that a finding goes by: "FIPS 201-2, 4.2.1"; empty when it names none.
inline std::string rule_of(const verify::Finding& finding) {
    if (finding.standard.empty() || finding.clause.empty()) return finding.standard + finding.clause;
    return finding.standard + ", " + finding.clause;
}

}  // namespace kartsaz::report
