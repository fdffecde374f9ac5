// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

#include "apdu/transport.h"

namespace kartsaz::reader {

/// The reader end of the protocol of pcscd's virtual reader (vpcd), without pcscd: a card program connects
/// by TCP and is spoken to directly. Each message is a two-byte big-endian length and a body; a body of one
/// byte is a control: 00 off, 01 on, 02 reset, 04 ATR (the only one that is answered).
class VpcdListener {
public:
    /// Listens on 127.0.0.1. @param port  0: any free one
    /// @throws Error{reader_failed} when the port is taken
    explicit VpcdListener(std::uint16_t port);
    VpcdListener(const VpcdListener&) = delete;
    VpcdListener& operator=(const VpcdListener&) = delete;
    ~VpcdListener();

    std::uint16_t port() const noexcept { return port_; }

    /// Takes the next card that connects, powers it on and asks its ATR; it is powered off and hung up when
    /// the transport is destroyed. The limits are not learned here, see with_limits().
    /// @throws Error{reader_failed} when none came in time, or its ATR is no answer
    std::unique_ptr<apdu::Transport> accept(std::chrono::milliseconds wait);

private:
    int socket_ = -1;
    std::uint16_t port_ = 0;
};

/// Data bytes in one APDU: the two-byte length of a message holds them with all header and length bytes.
inline constexpr std::size_t vpcd_max_data = 65526;

/// What `vpcd:PORT` opens. @param wait  for a card; zero: 10 s
std::unique_ptr<apdu::Transport> vpcd_transport(std::uint16_t port, std::chrono::milliseconds wait);

}  // namespace kartsaz::reader
