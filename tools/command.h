// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/App.hpp>

#include <functional>
#include <memory>
#include <string>

/// What the subcommands share. Each lives in its own file and adds itself to the program in one function.
namespace kartsaz::tools {

/// Set by the subcommand that was chosen; run after parsing. Returns the exit code.
using Action = std::function<int()>;

void add_demo(CLI::App& program, Action& action);
void add_readers(CLI::App& program, Action& action);
void add_inspect(CLI::App& program, Action& action);
void add_personalize(CLI::App& program, Action& action);
void add_update(CLI::App& program, Action& action);
void add_sign(CLI::App& program, Action& action);
void add_read(CLI::App& program, Action& action);
void add_verify(CLI::App& program, Action& action);
void add_card(CLI::App& program, Action& action);
void add_ca(CLI::App& program, Action& action);
void add_keys(CLI::App& program, Action& action);
void add_sim(CLI::App& program, Action& action);
void add_doctor(CLI::App& program, Action& action);
void add_token(CLI::App& program, Action& action);

}  // namespace kartsaz::tools
