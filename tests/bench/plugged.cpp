// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/plugged.h"

#include <fmt/format.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>

#include "apdu/error.h"
#include "libcard/reader/reader.h"
#include "libcard/sim/plug.h"
#include "tests/bench/bare_pcsc.h"

namespace kartsaz::bench {
namespace {

constexpr std::uint16_t vpcd_port = 35963;

}  // namespace

bool virtual_reader_is_there() {
    try {
        const auto readers = reader::list_pcsc_readers();
        return std::any_of(readers.begin(), readers.end(),
                           [](const auto& r) { return r.name == virtual_reader; });
    } catch (const Error&) {
        return false;
    }
}

bool have_programs(const std::string& names) {
    return std::system(
               fmt::format("for p in {}; do command -v $p >/dev/null 2>&1 || exit 1; done", names).c_str()) ==
           0;
}

void run_program(const std::string& command) {
    const int status = std::system((command + " >/dev/null 2>&1").c_str());
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        throw Error{Errc::internal, fmt::format("exit status {}: {}", WEXITSTATUS(status), command)};
    }
}

Plugged::Plugged(sim::Body& body)
    : thread_{[this, &body] { sim::plug(body, "127.0.0.1", vpcd_port, stop_, true, {}); }} {
    try {
        wait_for_card(virtual_reader);
    } catch (...) {
        pull();
        throw;
    }
}

Plugged::~Plugged() {
    pull();
    wait_for_card(virtual_reader, false);
}

void Plugged::pull() {
    stop_ = true;
    thread_.join();
}

}  // namespace kartsaz::bench
