// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

#include "libcard/sim/body.h"

namespace kartsaz::sim {

/// Connects a body to a virtual reader that listens (vpcd: pcscd's driver, or `-r vpcd:PORT`), answers until
/// `stop` becomes true or the reader hangs up with `once`; reconnects when the reader goes and comes.
/// The protocol: two-byte big-endian length, then one control byte (0 off, 1 on, 2 reset, 4 ATR) or an APDU.
/// TCP_QUICKACK is set after each receive, see docs/design.md.
/// @param on_event  one line for people at each connect, power-up and hang-up; may be empty
void plug(Body& body, const std::string& host, std::uint16_t port, const std::atomic<bool>& stop, bool once,
          const std::function<void(const std::string&)>& on_event);

}  // namespace kartsaz::sim
