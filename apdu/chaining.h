// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "apdu/command.h"
#include "apdu/transport.h"

/// Long commands: extended length where the link takes it, command chaining where not.
/// Source: ISO/IEC 7816-4, 5.3.3 (chaining) and 5.2 (extended fields).
namespace kartsaz::apdu {

/// The parts of `command` as chained commands: CLA b5 set on all but the last, INS P1 P2 the same, Ne on
/// the last only. One command when its data fits.
/// @param block  data bytes in one command, 1..65535
/// @throws Error{usage} for a block of 0, and for a CLA that has no chaining bit (E0 and above, FF)
std::vector<CommandApdu> chain(const CommandApdu& command, std::size_t block = 255);

enum class Carriage {
    plain,     ///< one command of short form
    extended,  ///< one command of extended length
    chained,   ///< several commands
};

/// How `command` travels on a link with these limits.
Carriage carriage(const CommandApdu& command, const BlockLimits& limits);

/// The commands that carry `command` on a link with these limits. An Ne above the limit is lowered to it:
/// the card announces the rest by 61xx, which the Exchanger fetches.
std::vector<CommandApdu> fit(const CommandApdu& command, const BlockLimits& limits);

/// Sends fit(command) and stops at the first response that is not 9000; returns the last response.
ResponseApdu transmit_fitted(Transport& card, const CommandApdu& command);

}  // namespace kartsaz::apdu
