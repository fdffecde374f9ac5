// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

namespace kartsaz::faults {

/// How a process ended.
struct End {
    int code = -1;  ///< exit code; -1 when a signal ended it
    int signal = 0;
};

/// One process of ours. Its output goes to a file; what still runs is killed with the object.
class Process {
public:
    /// @param output  file for standard output and error, appended to
    Process(const std::vector<std::string>& command, const std::string& output);
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;
    ~Process();

    void kill_now() const;
    pid_t id() const { return pid_; }
    /// @throws std::runtime_error when it still runs at the end of the time
    End wait(std::chrono::seconds most = std::chrono::seconds{30});
    bool ended();

private:
    std::string name_;
    pid_t pid_ = -1;
    int pidfd_ = -1;
    bool reaped_ = false;
    End end_{};
};

/// Runs it to its end.
End run(const std::vector<std::string>& command, const std::string& output);
std::string text_of(const std::string& file);

}  // namespace kartsaz::faults
