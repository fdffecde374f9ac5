// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "keys/cmp_source.h"
#include "tests/faults/process.h"
#include "tests/support/http_service.h"

/// CAs to ask: OpenSSL's mock server for CMP with certificates made by OpenSSL's own tools, and one that
/// answers nonsense.
namespace kartsaz::test {

/// Keys and certificates of one test, made by the openssl program in a folder of its own.
class MockPki {
public:
    MockPki();
    ~MockPki();
    MockPki(const MockPki&) = delete;
    MockPki& operator=(const MockPki&) = delete;

    std::string path(const std::string& name) const { return (folder_ / name).string(); }
    Bytes certificate(const std::string& name) const;  ///< of <name>.pem, DER
    /// An order whose request is signed by holder.key.
    keys::CertificateOrder order() const;
    /// Certifies holder.key: <name>.pem. @param extensions  lines of an OpenSSL extension file
    void issue(const std::string& name, const std::string& key, const std::string& subject,
               const std::string& extensions) const;
    /// Runs the openssl program. @throws std::runtime_error with its output when it fails
    void openssl(std::vector<std::string> arguments) const;

private:
    std::filesystem::path folder_;
};

/// OpenSSL's mock server: `openssl cmp -port 0`, protected by the secret "hello" of "kartsaz".
class MockServer {
public:
    MockServer(const MockPki& pki, const std::vector<std::string>& more);
    std::string url() const;

private:
    std::unique_ptr<faults::Process> process_;
    std::string port_;
};

/// Answers always the same bytes.
class NonsenseServer : public HttpService {
public:
    explicit NonsenseServer(std::string answer);
};

/// Passes requests on to a server and changes one byte of the body of one of its answers.
class FlippingRelay {
public:
    explicit FlippingRelay(const std::string& url);
    std::string url() const;
    /// From now on: the first answer has this byte changed; those after it are as they come.
    void flip(std::size_t offset);
    void flip_nothing();
    /// Bytes of the body of the first answer since then.
    std::size_t first_size() const { return first_size_; }
    std::size_t answers() const { return answers_; }

private:
    std::string relay(const std::string& request);
    std::string ask_server(const std::string& request) const;

    unsigned server_port_ = 0;
    std::atomic<std::ptrdiff_t> offset_{-1};
    std::atomic<std::size_t> first_size_{0}, answers_{0};
    HttpService service_;  // the last: it uses the others
};

}  // namespace kartsaz::test
