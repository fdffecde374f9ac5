// SPDX-License-Identifier: Apache-2.0
// The kartsaz program: parse, call, print. Each subcommand has a file of its own.
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <csignal>
#include <exception>

#include "tools/command.h"
#include "tools/console.h"
#include "tools/exit_codes.h"
#include "tools/version.h"

namespace {

int run(int argc, char** argv) {
    using namespace kartsaz::tools;
    CLI::App program{"Kartsaz personalizes and verifies smart-card chips."};
    program.require_subcommand(1);
    program.set_version_flag("--version", kartsaz::tools::version);
    program.get_formatter()->column_width(26);
    Action action;
    add_demo(program, action);
    add_readers(program, action);
    add_inspect(program, action);
    add_personalize(program, action);
    add_read(program, action);
    add_verify(program, action);
    add_update(program, action);
    add_sim(program, action);
    add_doctor(program, action);
    try {
        program.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        const int code = program.exit(error);
        return code == 0 ? exit_ok : exit_usage;
    }
    return action();
}

}  // namespace

int main(int argc, char** argv) {
    using namespace kartsaz::tools;
    // a reader or a pipe that closes is an error to report, not a reason to die
    std::signal(SIGPIPE, SIG_IGN);
    try {
        return run(argc, argv);
    } catch (const kartsaz::Error& error) {
        print_error(error.what(), exit_code(error.code()));
        return exit_code(error.code());
    } catch (const std::exception& error) {
        print_error(error.what(), exit_bug);
        return exit_bug;
    }
}
