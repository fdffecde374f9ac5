// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>

#include "apdu/transport.h"

namespace kartsaz::sim {
class Body;
}

namespace kartsaz::reader {

/// A simulated body in this process, powered on here and off when the transport is destroyed. Its limits are
/// learned like those of any card (up to 2 APDUs).
/// @param body  must outlive the transport
std::unique_ptr<apdu::Transport> sim_transport(sim::Body& body);

/// The same with the body of a file, which stays locked as long as the transport lives.
/// @throws Error{store_failed} when the file is no body or another process holds it
std::unique_ptr<apdu::Transport> sim_transport(const std::filesystem::path& file);

}  // namespace kartsaz::reader
