// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>

#include "apdu/bytes.h"

/// The virtual reader's protocol, spoken by a man in the middle: each message is a two-byte length and a
/// body; a body of one byte is a control (00 off, 01 on, 02 reset, 04 ATR).
namespace kartsaz::faults {

class Socket {
public:
    Socket() = default;
    explicit Socket(int fd) : fd_{fd} {}
    Socket(Socket&& other) noexcept : fd_{other.fd_} { other.fd_ = -1; }
    Socket& operator=(Socket&& other) noexcept;
    ~Socket() { close(); }
    void close();
    int fd() const { return fd_; }

private:
    int fd_ = -1;
};

/// Listens on a free port of this machine.
class Listener {
public:
    Listener();
    std::uint16_t port() const { return port_; }
    /// @throws std::runtime_error when nobody came in time
    Socket accept() const;

private:
    Socket socket_;
    std::uint16_t port_ = 0;
};

/// A port that nobody listens on now.
std::uint16_t free_port();
/// Tries until somebody listens there. @param gone  true when nobody ever will
/// @throws std::runtime_error at the end of the time or when `gone`
Socket connect_to(std::uint16_t port, const std::function<bool()>& gone);

/// False when the other side hung up.
bool send_message(const Socket& socket, ByteView body);
bool receive_message(const Socket& socket, Bytes& body);

}  // namespace kartsaz::faults
