// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "libcard/sim/state.h"

namespace kartsaz::sim {

/// What is on a body, as JSON for people; keys by version and KCV only.
std::string describe(const CardState& state, ByteView atr);

}  // namespace kartsaz::sim
