// SPDX-License-Identifier: Apache-2.0
#include "libcard/sim/plug.h"

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <thread>

#include "libcard/sim/power_lost.h"

namespace kartsaz::sim {
namespace {

using namespace std::chrono_literals;

constexpr int poll_ms = 100;  // how late `stop` may be seen
enum Control : std::uint8_t { power_off = 0, power_on = 1, warm_reset = 2, send_atr = 4 };

/// A connected socket, or none.
class Socket {
public:
    Socket() = default;
    explicit Socket(int fd) : fd_{fd} {}
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;
    ~Socket() {
        if (fd_ >= 0) ::close(fd_);
    }
    int get() const { return fd_; }

private:
    int fd_ = -1;
};

int connect_to(const std::string& host, std::uint16_t port) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) return -1;
    int fd = -1;
    for (const addrinfo* at = found; at != nullptr && fd < 0; at = at->ai_next) {
        fd = ::socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC, at->ai_protocol);
        if (fd >= 0 && ::connect(fd, at->ai_addr, at->ai_addrlen) != 0) {
            ::close(fd);
            fd = -1;
        }
    }
    ::freeaddrinfo(found);
    if (fd >= 0) {
        const int on = 1;
        ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    return fd;
}

/// One card end of the virtual reader's connection.
class Line {
public:
    Line(int fd, const std::atomic<bool>& stop) : fd_{fd}, stop_{stop} {}

    /// The next message; false when the reader hung up or `stop` is set.
    bool receive(Bytes& message) {
        std::uint8_t head[2];
        if (!read(head, 2)) return false;
        message.resize(static_cast<std::size_t>(head[0] << 8 | head[1]));
        return message.empty() || read(message.data(), message.size());
    }
    bool send(ByteView message) {
        Bytes out = big_endian(message.size(), 2);
        append(out, message);
        std::size_t done = 0;
        while (done < out.size()) {
            const auto count = ::send(fd_, out.data() + done, out.size() - done, MSG_NOSIGNAL);
            if (count < 0 && errno == EINTR) continue;
            if (count <= 0) return false;
            done += static_cast<std::size_t>(count);
        }
        return true;
    }

private:
    bool read(std::uint8_t* into, std::size_t size) {
        std::size_t done = 0;
        while (done < size) {
            pollfd wait{fd_, POLLIN, 0};
            const int ready = ::poll(&wait, 1, poll_ms);
            if (stop_) return false;
            if (ready == 0 || (ready < 0 && errno == EINTR)) continue;
            const auto count = ::recv(fd_, into + done, size - done, 0);
            // the kernel falls back to late acknowledgements by itself, so this is set each time
            const int on = 1;
            ::setsockopt(fd_, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
            if (count < 0 && errno == EINTR) continue;
            if (count <= 0) return false;
            done += static_cast<std::size_t>(count);
        }
        return true;
    }

    int fd_;
    const std::atomic<bool>& stop_;
};

/// Serves one connection until the reader hangs up or the card loses power.
void serve(Body& body, Line& line, const std::function<void(const std::string&)>& tell) {
    Bytes message;
    while (line.receive(message)) {
        if (message.size() != 1) {
            if (!line.send(body.transmit(message))) return;
            continue;
        }
        switch (message[0]) {
            case power_off:
                body.power_off();
                break;
            case power_on:
                body.power_on();
                tell("power on");
                break;
            case warm_reset:
                body.reset();
                break;
            case send_atr:
                if (!line.send(body.atr())) return;
                break;
            default:
                break;
        }
    }
}

}  // namespace

void plug(Body& body, const std::string& host, std::uint16_t port, const std::atomic<bool>& stop, bool once,
          const std::function<void(const std::string&)>& on_event) {
    const auto tell = [&](const std::string& line) {
        if (on_event) on_event(line);
    };
    auto wait = 50ms;
    bool told = false;
    while (!stop) {
        const Socket socket{connect_to(host, port)};
        if (socket.get() < 0) {
            if (!told) tell(fmt::format("waiting for a virtual reader at {}:{}", host, port));
            told = true;
            for (auto left = wait; left > 0ms && !stop; left -= 50ms) std::this_thread::sleep_for(50ms);
            wait = std::min(wait * 2, std::chrono::milliseconds{1000});
            continue;
        }
        tell(fmt::format("connected to {}:{}", host, port));
        wait = 50ms;
        told = false;
        Line line{socket.get(), stop};
        try {
            serve(body, line, tell);
            tell("hung up");
        } catch (const PowerLost&) {
            // no answer and no line: the reader sees a card that was pulled
            tell("the card lost power");
        }
        body.power_off();
        if (once) return;
    }
}

}  // namespace kartsaz::sim
