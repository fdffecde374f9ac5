// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "libcard/sim/body.h"

namespace kartsaz::tools {

/// "cut-after:12", "answer-sw:12:6F00", "flip-bit:12:5", "slow:12:500", "cut-in-write:12:100".
/// @throws Error{usage}
sim::Faults parse_fault(const std::string& text);

}  // namespace kartsaz::tools
