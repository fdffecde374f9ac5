// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>

namespace kartsaz::sim {

/// No response came and none will: the card has no power.
class PowerLost : public std::runtime_error {
public:
    PowerLost() : std::runtime_error{"the simulated card lost power"} {}
};

}  // namespace kartsaz::sim
