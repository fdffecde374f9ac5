// SPDX-License-Identifier: Apache-2.0
// The kartsaz program: parse, call, print. Each subcommand has a file of its own.
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <exception>
#include <string_view>
#include <system_error>

#include "apdu/error.h"
#include "tools/command.h"
#include "tools/console.h"
#include "tools/exit_codes.h"
#include "tools/help.h"
#include "tools/version.h"

namespace {

/// Before anything is parsed, so that an error of the command line is JSON, too.
bool wants_json(int argc, char** argv) {
    const auto end = std::find(argv, argv + argc, std::string_view{"--"});
    return std::find(argv, end, std::string_view{"--json"}) != end;
}

int run(int argc, char** argv) {
    using namespace kartsaz::tools;
    set_json(wants_json(argc, argv));
    CLI::App program{
        "Kartsaz personalizes and verifies smart-card chips. `kartsaz demo` shows the main job on a "
        "simulated card; every command has a --help of its own."};
    program.name("kartsaz");
    program.require_subcommand(1);
    program.set_version_flag("--version", kartsaz::tools::version, "Print the version and exit");
    program.set_help_flag("-h,--help", "Print this help and exit");
    program.formatter(help_formatter());
    Action action;
    add_demo(program, action);
    add_readers(program, action);
    add_inspect(program, action);
    add_personalize(program, action);
    add_read(program, action);
    add_verify(program, action);
    add_update(program, action);
    add_sign(program, action);
    add_card(program, action);
    add_keys(program, action);
    add_ca(program, action);
    add_sim(program, action);
    add_doctor(program, action);
    add_token(program, action);
    try {
        program.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        if (error.get_exit_code() == 0) return program.exit(error);  // --help, --version
        throw kartsaz::Error{kartsaz::Errc::usage, usage_text(program, error)};
    }
    return action();
}

}  // namespace

int main(int argc, char** argv) {
    using namespace kartsaz::tools;
    // what is written is about people: for the user alone
    ::umask(0077);
    // a reader or a pipe that closes is an error to report, not a reason to die
    std::signal(SIGPIPE, SIG_IGN);
    try {
        const int code = run(argc, argv);
        if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
            print_error("standard output could not be written: what was asked for was done, its text is lost",
                        exit_store);
            return exit_store;
        }
        return code;
    } catch (const std::system_error& error) {
        print_error(error.what(), exit_store);
        return exit_store;
    } catch (const kartsaz::Error& error) {
        print_error(error.what(), exit_code(error.code()));
        return exit_code(error.code());
    } catch (const std::exception& error) {
        print_error(error.what(), exit_bug);
        return exit_bug;
    }
}
