// SPDX-License-Identifier: Apache-2.0
#include "tests/support/token/module_server.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <vector>

namespace kartsaz::test {
namespace {

namespace fs = std::filesystem;

bool answers(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) throw std::runtime_error{path + ": too long for a socket"};
    std::memcpy(address.sun_path, path.data(), path.size());
    const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const bool out = ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    ::close(socket);
    return out;
}

/// The processes that serve one connection each.
std::vector<pid_t> children_of(pid_t process) {
    std::ifstream in{fmt::format("/proc/{0}/task/{0}/children", process)};
    std::vector<pid_t> out;
    for (pid_t child = 0; in >> child;) out.push_back(child);
    return out;
}

}  // namespace

bool ModuleServer::available() {
    if (!SoftToken::available()) return false;
    if (std::string_view{KARTSAZ_P11KIT}.empty()) {
        fmt::print(stderr, "p11-kit and its modules are not installed: nothing is tested here\n");
        return false;
    }
    return true;
}

ModuleServer::ModuleServer(const SoftToken& token) : folder_{token.folder().string()}, label_{token.label()} {
    ::setenv("P11_KIT_SERVER_ADDRESS", ("unix:path=" + folder_ + "/socket").c_str(), 1);
    std::signal(SIGPIPE, SIG_IGN);  // as the program does: the client writes to a line that is gone
    start();
}

ModuleServer::~ModuleServer() {
    if (process_) kill();
    ::unsetenv("P11_KIT_SERVER_ADDRESS");
}

void ModuleServer::kill() {
    // it could make another one between the two looks: stopped first
    ::kill(process_->id(), SIGSTOP);
    const auto children = children_of(process_->id());
    process_->kill_now();
    (void)process_->wait();
    for (const auto child : children) ::kill(child, SIGKILL);
    process_.reset();
}

void ModuleServer::start() {
    const auto socket = folder_ + "/socket";
    fs::remove(socket);  // a killed server leaves it
    process_ = std::make_unique<faults::Process>(
        std::vector<std::string>{KARTSAZ_P11KIT, "server", "--foreground", "--name", socket, "--provider",
                                 SoftToken::module(), "pkcs11:token=" + label_},
        folder_ + "/server.log");
    for (int i = 0; i < 3000; ++i) {
        if (answers(socket)) return;
        if (process_->ended()) break;
        ::poll(nullptr, 0, 10);
    }
    throw std::runtime_error{"p11-kit server does not answer: " + faults::text_of(folder_ + "/server.log")};
}

std::string ModuleServer::client() {
    return KARTSAZ_P11KIT_CLIENT;
}

std::string ModuleServer::uri() const {
    return fmt::format("pkcs11:token={}?module-path={}", label_, client());
}

}  // namespace kartsaz::test
