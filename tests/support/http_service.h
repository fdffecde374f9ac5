// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <thread>

namespace kartsaz::test {

/// Answers HTTP requests on a port of this machine alone: one for each connection, one after the other, in a
/// thread of its own.
class HttpService {
public:
    /// @param answer  whole request to whole answer; an empty answer hangs up. May not throw
    explicit HttpService(std::function<std::string(const std::string& request)> answer);
    ~HttpService();
    HttpService(const HttpService&) = delete;
    HttpService& operator=(const HttpService&) = delete;
    /// "http://127.0.0.1:PORT/" and the path.
    std::string url(const std::string& path = "") const;

private:
    void serve() const;

    std::function<std::string(const std::string&)> answer_;
    int socket_ = -1;
    unsigned port_ = 0;
    std::thread thread_;
};

/// One HTTP message from a connection: it ends with its body, whose length its head tells, or with the
/// connection.
std::string receive_http(int peer);

}  // namespace kartsaz::test
