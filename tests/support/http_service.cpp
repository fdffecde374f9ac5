// SPDX-License-Identifier: Apache-2.0
#include "tests/support/http_service.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <stdexcept>
#include <tuple>
#include <utility>

namespace kartsaz::test {
namespace {

/// A socket that listens on a port of this machine alone, and the port.
std::pair<int, unsigned> listen_anywhere() {
    const int made = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* raw = reinterpret_cast<sockaddr*>(&address);
    if (::bind(made, raw, size) != 0 || ::listen(made, 8) != 0 || ::getsockname(made, raw, &size) != 0) {
        throw std::runtime_error{"no port to listen on"};
    }
    return {made, ntohs(address.sin_port)};
}

}  // namespace

std::string receive_http(int peer) {
    std::string message;
    std::array<char, 4096> block{};
    for (;;) {
        const auto head = message.find("\r\n\r\n");
        const auto length = message.find("Content-Length: ");
        if (head != std::string::npos && length != std::string::npos &&
            message.size() >= head + 4 + std::stoul(message.substr(length + 16))) {
            return message;
        }
        const auto got = ::recv(peer, block.data(), block.size(), 0);
        if (got <= 0) return message;
        message.append(block.data(), static_cast<std::size_t>(got));
    }
}

HttpService::HttpService(std::function<std::string(const std::string&)> answer) : answer_{std::move(answer)} {
    std::tie(socket_, port_) = listen_anywhere();
    thread_ = std::thread{[this] { serve(); }};
}

HttpService::~HttpService() {
    ::shutdown(socket_, SHUT_RDWR);
    thread_.join();
    ::close(socket_);
}

void HttpService::serve() const {
    for (;;) {
        const int peer = ::accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC);
        if (peer < 0) return;
        const auto answer = answer_(receive_http(peer));
        ::send(peer, answer.data(), answer.size(), MSG_NOSIGNAL);
        ::close(peer);
    }
}

std::string HttpService::url(const std::string& path) const {
    return "http://127.0.0.1:" + std::to_string(port_) + "/" + path;
}

}  // namespace kartsaz::test
