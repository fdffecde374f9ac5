// SPDX-License-Identifier: Apache-2.0
#include "tools/command.h"
#include "tools/perso_run.h"

namespace kartsaz::tools {
namespace {

void add(CLI::App& program, Action& action, const char* name, const char* what, bool update) {
    auto* command = program.add_subcommand(name, what);
    auto options = std::make_shared<PersoOptions>();
    options->permits.update = update;
    add_perso_options(*command, *options);
    command->callback([options, &action] { action = [options] { return PersoJob{*options}.run(); }; });
}

}  // namespace

void add_personalize(CLI::App& program, Action& action) {
    add(program, action, "personalize", "Write a citizen's record to a blank or a torn card", false);
}

void add_update(CLI::App& program, Action& action) {
    add(program, action, "update", "Change a finished card: writes the difference", true);
}

}  // namespace kartsaz::tools
