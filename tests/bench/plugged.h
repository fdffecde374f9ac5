// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <string>
#include <thread>

#include "libcard/sim/body.h"

/// A body in pcscd's virtual reader, for figures that others' programs or pcscd take part in.
namespace kartsaz::bench {

constexpr const char* virtual_reader = "Virtual PCD 00 00";

/// pcscd answers, and has the virtual reader.
bool virtual_reader_is_there();
/// Every one of these programs is installed.
bool have_programs(const std::string& names);
/// Runs a shell command. @throws Error{internal} with its exit status and text when it fails
void run_program(const std::string& command);

/// The body is in the reader as long as this lives, answered by a thread of this process that shares nothing
/// with the host side but the clock. @throws std::runtime_error when it is not seen there
class Plugged {
public:
    explicit Plugged(sim::Body& body);
    Plugged(const Plugged&) = delete;
    Plugged& operator=(const Plugged&) = delete;
    ~Plugged();

private:
    void pull();

    std::atomic<bool> stop_{false};
    std::thread thread_;
};

}  // namespace kartsaz::bench
