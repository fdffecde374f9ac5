// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "libcard/app/inspect.h"

namespace kartsaz::app {

struct PivSeen {
    bool there = false;
    bool written = false;  ///< a certificate, a security object or a key is on it
    bool makers = false;   ///< its management key is still the maker's, as far as the card tells
};
/// The PIV application's part of the inspection; the card was just reset. Authenticates nothing.
PivSeen inspect_piv(apdu::Transport& card, Inspection& out);

}  // namespace kartsaz::app
