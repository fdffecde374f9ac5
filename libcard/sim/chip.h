// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "libcard/sim/apdu_in.h"
#include "libcard/sim/crypt.h"
#include "libcard/sim/icao_sm.h"
#include "libcard/sim/kinds.h"
#include "libcard/sim/link_model.h"
#include "libcard/sim/state.h"

namespace kartsaz::sim {

/// What the applications of one card share.
struct Chip {
    const Kind& kind;
    CardState& state;
    Rng& rng;
    Meter& meter;
    bool changed = false;                         ///< the persistent state, since it was last saved
    std::optional<std::uint32_t> cut_in_write{};  ///< fault: power goes after so many bytes of a write
    std::unique_ptr<IcaoSm> new_sm{};             ///< secure messaging that starts with the next command
    bool icao_done = false;                       ///< BAC or PACE since power-up
};

}  // namespace kartsaz::sim
