// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "apdu/bytes.h"

/// PC/SC with nothing of ours in between: the floor that personalize is compared with.
namespace kartsaz::bench {

struct WireExchange {
    Bytes command;
    Bytes response;
};

/// Waits until a card is in the reader, or until none is. @throws std::runtime_error after ten seconds
void wait_for_card(const std::string& reader, bool present = true);

/// Connect exclusively, begin a transaction, SCardTransmit each command, end, disconnect with reset.
/// @throws std::runtime_error when a response is not the one recorded: it was not the same job then
void bare_replay(const std::string& reader, const std::vector<WireExchange>& exchanges);

}  // namespace kartsaz::bench
