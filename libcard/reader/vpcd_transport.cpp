// SPDX-License-Identifier: Apache-2.0
#include "libcard/reader/vpcd_transport.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "apdu/error.h"
#include "libcard/reader/limits.h"

namespace kartsaz::reader {
namespace {

using std::chrono::milliseconds;

constexpr std::uint8_t control_off = 0x00;
constexpr std::uint8_t control_on = 0x01;
constexpr std::uint8_t control_reset = 0x02;
constexpr std::uint8_t control_atr = 0x04;

constexpr milliseconds default_wait{10'000};
/// Longer than any command takes: key generation on a card may last a minute.
constexpr milliseconds answer_wait{180'000};

[[noreturn]] void fail(const std::string& doing) {
    throw Error{Errc::reader_failed, fmt::format("vpcd: {}: {}", doing, std::strerror(errno))};
}

[[noreturn]] void hung_up() {
    throw Error{Errc::card_removed, "vpcd: the card hung up"};
}

void set_option(int socket, int level, int option) {
    const int on = 1;
    if (::setsockopt(socket, level, option, &on, sizeof on) != 0) fail("setsockopt");
}

/// True when `socket` can be read before the time is over.
bool wait_readable(int socket, milliseconds wait) {
    const auto end = std::chrono::steady_clock::now() + wait;
    while (true) {
        const auto left = std::chrono::duration_cast<milliseconds>(end - std::chrono::steady_clock::now());
        pollfd poll{socket, POLLIN, 0};
        const int ready = ::poll(&poll, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
        if (ready > 0) return true;
        if (ready == 0) return false;
        if (errno != EINTR) fail("poll");
    }
}

class Connection {
public:
    explicit Connection(int socket) : socket_{socket} { set_option(socket_, IPPROTO_TCP, TCP_NODELAY); }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection() { ::close(socket_); }

    /// Length and body in one write: in two, the peer's delayed acknowledgement costs 40 ms.
    void send(ByteView body) {
        Bytes message = big_endian(body.size(), 2);
        append(message, body);
        ByteView rest{message};
        while (!rest.empty()) {
            const auto sent = ::send(socket_, rest.data(), rest.size(), MSG_NOSIGNAL);
            if (sent < 0 && errno == EINTR) continue;
            if (sent < 0 && (errno == EPIPE || errno == ECONNRESET)) hung_up();
            if (sent < 0) fail("send");
            rest = rest.subspan(static_cast<std::size_t>(sent));
        }
    }

    Bytes receive() {
        const Bytes length = receive_exactly(2);
        return receive_exactly(big_endian(length));
    }

private:
    Bytes receive_exactly(std::size_t size) {
        Bytes out(size);
        std::size_t have = 0;
        while (have < size) {
            if (!wait_readable(socket_, answer_wait)) {
                throw Error{Errc::reader_failed, "vpcd: the card does not answer"};
            }
            const auto got = ::recv(socket_, out.data() + have, size - have, 0);
            if (got < 0 && errno == EINTR) continue;
            if (got == 0 || (got < 0 && errno == ECONNRESET)) hung_up();
            if (got < 0) fail("recv");
            have += static_cast<std::size_t>(got);
            // The kernel switches it off again by itself, so it is asked for after each receive.
            set_option(socket_, IPPROTO_TCP, TCP_QUICKACK);
        }
        return out;
    }

    int socket_;
};

class VpcdTransport final : public apdu::Transport {
public:
    explicit VpcdTransport(int socket) : connection_{socket} {
        control(control_on);
        read_atr();
    }
    ~VpcdTransport() override {
        try {
            control(control_off);
        } catch (const Error&) {
            // It hung up before it could be switched off: the same to us.
        }
    }

    apdu::ResponseApdu transmit(const apdu::CommandApdu& command) override {
        const Bytes wire = apdu::encode(command);
        if (wire.size() > 0xFFFF) {
            throw Error{Errc::usage, fmt::format("vpcd: command of {} bytes, 65535 at most", wire.size())};
        }
        connection_.send(wire);
        const Bytes response = connection_.receive();
        if (response.size() < 2) {
            throw Error{Errc::reader_failed,
                        fmt::format("vpcd: a response of {} bytes has no status word", response.size())};
        }
        return apdu::decode_response(response);
    }
    Bytes reset() override {
        control(control_reset);
        read_atr();
        return atr_;
    }
    Bytes atr() const override { return atr_; }
    apdu::BlockLimits limits() const override { return {}; }
    void refuse_extended() override {}

private:
    void control(std::uint8_t code) { connection_.send(ByteView{&code, 1}); }
    void read_atr() {
        control(control_atr);
        atr_ = connection_.receive();
        if (atr_.empty()) throw Error{Errc::reader_failed, "vpcd: the card gives no ATR"};
    }

    Connection connection_;
    Bytes atr_{};
};

}  // namespace

VpcdListener::VpcdListener(std::uint16_t port) : socket_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
    if (socket_ < 0) fail("socket");
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    try {
        set_option(socket_, SOL_SOCKET, SO_REUSEADDR);
        if (::bind(socket_, generic, size) != 0) fail(fmt::format("port {}", port));
        if (::listen(socket_, 1) != 0) fail("listen");
        if (::getsockname(socket_, generic, &size) != 0) fail("getsockname");
    } catch (...) {
        ::close(socket_);
        throw;
    }
    port_ = ntohs(address.sin_port);
}

VpcdListener::~VpcdListener() {
    ::close(socket_);
}

std::unique_ptr<apdu::Transport> VpcdListener::accept(milliseconds wait) {
    if (!wait_readable(socket_, wait)) {
        throw Error{Errc::reader_failed,
                    fmt::format("vpcd: no card connected to port {} within {} ms", port_, wait.count())};
    }
    const int connected = ::accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC);
    if (connected < 0) fail("accept");
    return std::make_unique<VpcdTransport>(connected);
}

std::unique_ptr<apdu::Transport> vpcd_transport(std::uint16_t port, milliseconds wait) {
    VpcdListener listener{port};
    auto raw = listener.accept(wait.count() > 0 ? wait : default_wait);
    return with_limits(std::move(raw), fmt::format("vpcd:{}", port), [] { return vpcd_max_data; });
}

}  // namespace kartsaz::reader
