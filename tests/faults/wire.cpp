// SPDX-License-Identifier: Apache-2.0
#include "tests/faults/wire.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <stdexcept>
#include <utility>

namespace kartsaz::faults {
namespace {

constexpr int patience_ms = 30'000;

sockaddr_in here(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    return address;
}

Socket tcp() {
    Socket socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    if (socket.fd() < 0) throw std::runtime_error{"no socket"};
    return socket;
}

std::uint16_t bind_any(const Socket& socket) {
    auto address = here(0);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof address;
    if (::bind(socket.fd(), generic, size) != 0 || ::getsockname(socket.fd(), generic, &size) != 0) {
        throw std::runtime_error{"no free port"};
    }
    return ntohs(address.sin_port);
}

void at_once(const Socket& socket, int option) {
    const int on = 1;
    ::setsockopt(socket.fd(), IPPROTO_TCP, option, &on, sizeof on);
}

bool readable(const Socket& socket) {
    pollfd ready{socket.fd(), POLLIN, 0};
    return ::poll(&ready, 1, patience_ms) == 1;
}

bool receive_exactly(const Socket& socket, std::uint8_t* into, std::size_t size) {
    while (size > 0) {
        if (!readable(socket)) throw std::runtime_error{"the other side says nothing"};
        const auto got = ::recv(socket.fd(), into, size, 0);
        at_once(socket, TCP_QUICKACK);  // the kernel switches it off by itself
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        into += got;
        size -= static_cast<std::size_t>(got);
    }
    return true;
}

}  // namespace

Socket& Socket::operator=(Socket&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
}

void Socket::close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
}

Listener::Listener() : socket_{tcp()}, port_{bind_any(socket_)} {
    if (::listen(socket_.fd(), 4) != 0) throw std::runtime_error{"nobody can connect"};
}

Socket Listener::accept() const {
    if (!readable(socket_)) throw std::runtime_error{"the card did not connect"};
    Socket socket{::accept4(socket_.fd(), nullptr, nullptr, SOCK_CLOEXEC)};
    at_once(socket, TCP_NODELAY);
    return socket;
}

std::uint16_t free_port() {
    return bind_any(tcp());
}

Socket connect_to(std::uint16_t port, const std::function<bool()>& gone) {
    using Clock = std::chrono::steady_clock;
    const auto address = here(port);
    for (const auto end = Clock::now() + std::chrono::milliseconds{patience_ms}; Clock::now() < end;) {
        Socket socket = tcp();
        if (::connect(socket.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
            at_once(socket, TCP_NODELAY);
            return socket;
        }
        if (gone()) throw std::runtime_error{"the reader ended before it listened"};
        ::poll(nullptr, 0, 1);
    }
    throw std::runtime_error{"nobody listens"};
}

bool send_message(const Socket& socket, ByteView body) {
    Bytes message = big_endian(body.size(), 2);
    append(message, body);
    for (ByteView rest{message}; !rest.empty();) {
        const auto sent = ::send(socket.fd(), rest.data(), rest.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) return false;
        rest = rest.subspan(static_cast<std::size_t>(sent));
    }
    return true;
}

bool receive_message(const Socket& socket, Bytes& body) {
    std::uint8_t head[2] = {};
    if (!receive_exactly(socket, head, 2)) return false;
    body.resize(static_cast<std::size_t>(head[0] << 8 | head[1]));
    return body.empty() || receive_exactly(socket, body.data(), body.size());
}

}  // namespace kartsaz::faults
