// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/cmp/mock_ca.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <utility>

#include "keys/certificate_request.h"
#include "keys/signing_key.h"
#include "keys/x509_split.h"

namespace kartsaz::test {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t day = 86400;

Bytes read(const std::string& file) {
    std::ifstream in{file, std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, std::istreambuf_iterator<char>{}};
}

void write(const std::string& file, const std::string& text) {
    std::ofstream{file} << text;
}

/// The port that the server says it listens on; waits for the line without looking all the time.
std::string wait_for_port(const std::string& log, faults::Process& process) {
    const int notify = inotify_init1(IN_CLOEXEC);
    inotify_add_watch(notify, log.c_str(), IN_MODIFY);
    std::string port;
    for (int i = 0; i < 600 && port.empty(); ++i) {
        const auto text = faults::text_of(log);
        const auto at = text.find("ACCEPT ");
        const auto pid = at == std::string::npos ? at : text.find(" PID", at);
        if (pid != std::string::npos) {
            const auto colon = text.rfind(':', pid);
            port = text.substr(colon + 1, pid - colon - 1);
        } else if (process.ended()) {
            break;
        } else {
            pollfd event{notify, POLLIN, 0};
            if (poll(&event, 1, 100) > 0) {
                std::array<char, 4096> drop{};
                [[maybe_unused]] const auto got = ::read(notify, drop.data(), drop.size());
            }
        }
    }
    ::close(notify);
    if (port.empty()) throw std::runtime_error{"openssl cmp does not serve: " + faults::text_of(log)};
    return port;
}

}  // namespace

MockPki::MockPki() {
    std::string pattern = (fs::temp_directory_path() / "kartsaz-cmp-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error{"no temporary folder"};
    folder_ = pattern;
    for (const auto* name : {"ca", "ra", "holder", "other"}) {
        openssl({"genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out",
                 path(std::string{name} + ".key")});
    }
    openssl({"req", "-x509", "-new", "-key", path("ca.key"), "-out", path("ca.pem"), "-days", "3000", "-subj",
             "/C=IR/O=Mock/CN=Mock Citizen CA", "-addext",
             "keyUsage=critical,keyCertSign,cRLSign,digitalSignature"});
    issue("ra", "ra.key", "/C=IR/O=Mock/CN=Station 7", "keyUsage=critical,digitalSignature\n");
    issue("holder", "holder.key", "/C=IR/CN=Citizen/serialNumber=0012345679",
          "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,nonRepudiation\n");
}

MockPki::~MockPki() {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
}

void MockPki::openssl(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"/usr/bin/env", "openssl"});
    const auto log = path("openssl.log");
    const auto end = faults::run(arguments, log);
    if (end.code != 0) throw std::runtime_error{"openssl " + arguments.at(2) + ": " + faults::text_of(log)};
}

void MockPki::issue(const std::string& name, const std::string& key, const std::string& subject,
                    const std::string& extensions) const {
    write(path("extensions"), extensions);
    openssl({"req", "-new", "-key", path(key), "-out", path("request.pem"), "-subj", subject});
    openssl({"x509", "-req", "-in", path("request.pem"), "-CA", path("ca.pem"), "-CAkey", path("ca.key"),
             "-out", path(name + ".pem"), "-days", "1000", "-extfile", path("extensions")});
}

Bytes MockPki::certificate(const std::string& name) const {
    return keys::split_certificates(read(path(name + ".pem")), name).at(0);
}

keys::CertificateOrder MockPki::order() const {
    const auto key = keys::signing_key_from_pem(keys::SecretBytes{read(path("holder.key"))});
    keys::CertificateOrder order;
    order.chip = "chip-1";
    order.slot = "signature";
    order.content.subject.country = "IR";
    order.content.subject.common_name = "Citizen";
    order.content.subject.serial_number = "0012345679";
    order.content.content_commitment = true;
    order.content.not_before = std::time(nullptr) + 60;
    order.content.not_after = order.content.not_before + 900 * day;
    const auto info = keys::request_info(order.content.subject, key->public_key());
    order.request = keys::assemble_request(info, keys::KeyAlgorithm::ec_p256,
                                           key->sign_digest(keys::HashAlgorithm::sha256, keys::sha256(info)));
    return order;
}

MockServer::MockServer(const MockPki& pki, const std::vector<std::string>& more) {
    const auto log = pki.path("server.log");
    fs::remove(log);
    write(log, "");
    std::vector<std::string> command{"/usr/bin/env", "openssl",         "cmp", "-port", "0",
                                     "-srv_trusted", pki.path("ca.pem")};
    command.insert(command.end(), more.begin(), more.end());
    process_ = std::make_unique<faults::Process>(command, log);
    port_ = wait_for_port(log, *process_);
}

std::string MockServer::url() const {
    return "http://localhost:" + port_ + "/pkix/";
}

NonsenseServer::NonsenseServer(std::string answer)
    : HttpService{[answer = std::move(answer)](const std::string&) { return answer; }} {}

FlippingRelay::FlippingRelay(const std::string& url)
    : server_port_{static_cast<unsigned>(std::stoul(url.substr(url.rfind(':') + 1)))},
      service_{[this](const std::string& request) { return relay(request); }} {}

std::string FlippingRelay::url() const {
    return service_.url("pkix/");
}

void FlippingRelay::flip(std::size_t offset) {
    offset_ = static_cast<std::ptrdiff_t>(offset);
    answers_ = 0;
}

void FlippingRelay::flip_nothing() {
    offset_ = -1;
    answers_ = 0;
}

std::string FlippingRelay::ask_server(const std::string& request) const {
    const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(server_port_));
    std::string answer;
    if (::connect(server, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
        ::send(server, request.data(), request.size(), MSG_NOSIGNAL);
        answer = receive_http(server);
    }
    ::close(server);
    return answer;
}

std::string FlippingRelay::relay(const std::string& request) {
    auto answer = ask_server(request);
    const auto body = answer.find("\r\n\r\n") + 4;
    if (answers_++ == 0) {
        first_size_ = answer.size() - body;
        const auto offset = static_cast<std::size_t>(offset_.load());
        if (offset_ >= 0 && body + offset < answer.size()) answer[body + offset] ^= 0x01;
    }
    return answer;
}

}  // namespace kartsaz::test
