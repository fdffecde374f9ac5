// SPDX-License-Identifier: Apache-2.0
#include "tests/faults/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace kartsaz::faults {

Process::Process(const std::vector<std::string>& command, const std::string& output) : name_{command.at(0)} {
    for (std::size_t i = 1; i < command.size() && i < 3; ++i) name_ += " " + command[i];
    std::vector<char*> arguments;
    for (const auto& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_addopen(&actions, 1, output.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::posix_spawn_file_actions_adddup2(&actions, 1, 2);
    const int failed =
        ::posix_spawn(&pid_, command.at(0).c_str(), &actions, nullptr, arguments.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    if (failed != 0) throw std::runtime_error{name_ + ": " + std::strerror(failed)};
    pidfd_ = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
    if (pidfd_ < 0) throw std::runtime_error{name_ + ": pidfd_open: " + std::strerror(errno)};
}

Process::~Process() {
    if (!reaped_) {
        kill_now();
        ::waitpid(pid_, nullptr, 0);
    }
    if (pidfd_ >= 0) ::close(pidfd_);
}

void Process::kill_now() const {
    if (!reaped_) ::kill(pid_, SIGKILL);
}

End Process::wait(std::chrono::seconds most) {
    if (reaped_) return end_;
    pollfd ready{pidfd_, POLLIN, 0};
    if (::poll(&ready, 1, static_cast<int>(std::chrono::milliseconds{most}.count())) != 1) {
        throw std::runtime_error{name_ + " does not end"};
    }
    int status = 0;
    if (::waitpid(pid_, &status, 0) != pid_) throw std::runtime_error{name_ + ": it cannot be waited for"};
    reaped_ = true;
    if (WIFEXITED(status)) end_.code = WEXITSTATUS(status);
    if (WIFSIGNALED(status)) end_.signal = WTERMSIG(status);
    return end_;
}

bool Process::ended() {
    pollfd ready{pidfd_, POLLIN, 0};
    return reaped_ || ::poll(&ready, 1, 0) == 1;
}

End run(const std::vector<std::string>& command, const std::string& output) {
    return Process{command, output}.wait();
}

std::string text_of(const std::string& file) {
    std::ifstream in{file, std::ios::binary};
    if (!in) throw std::runtime_error{file + " cannot be read"};
    return {std::istreambuf_iterator<char>{in}, std::istreambuf_iterator<char>{}};
}

}  // namespace kartsaz::faults
