// SPDX-License-Identifier: Apache-2.0
#include "libcard/app/inspect.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "tools/command.h"
#include "tools/console.h"
#include "tools/exit_codes.h"
#include "tools/inspect_text.h"
#include "tools/options.h"

namespace kartsaz::tools {
namespace {

using nlohmann::json;

json fields_json(const std::vector<app::Inspection::Field>& fields) {
    json out = json::object();
    for (const auto& [name, value] : fields) out[name] = value;
    return out;
}

void say_fields(const std::vector<app::Inspection::Field>& fields) {
    for (const auto& [name, value] : fields) say_field(name, value);
}

struct InspectOptions {
    CardOptions card;
    KeyOptions keys;
    bool no_authentication = false;
};

int run_inspect(const InspectOptions& options) {
    const auto keys = open_keys(options.keys);
    Card card{options.card};
    const auto seen = app::inspect(card.transport(), *keys, !options.no_authentication);
    if (options.card.json) {
        print_json({{"atr", to_hex(seen.atr)},
                    {"chip", seen.chip},
                    {"blank", seen.blank},
                    {"transport_keys", seen.transport_keys},
                    {"link", fields_json(seen.link)},
                    {"chip_fields", fields_json(seen.chip_fields)},
                    {"card_manager", fields_json(seen.manager)},
                    {"applications", fields_json(seen.applications)},
                    {"remarks", seen.remarks},
                    {"profiles", seen.profiles}});
    }
    say_inspection(seen);
    return exit_ok;
}

}  // namespace

void say_inspection(const app::Inspection& seen) {
    say(seen.blank ? "A blank body." : "Not a blank body.");
    say_fields(seen.link);
    if (!seen.chip.empty()) say_field("chip", seen.chip);
    say_fields(seen.chip_fields);
    say_fields(seen.manager);
    say_field("transport keys", seen.transport_keys == "yes"  ? "answer"
                                : seen.transport_keys == "no" ? "do not answer"
                                                              : "not asked");
    say_fields(seen.applications);
    if (!seen.profiles.empty()) say_field("profiles", fmt::format("{}", fmt::join(seen.profiles, ", ")));
    for (const auto& remark : seen.remarks) say_field("note", remark);
}

void add_inspect(CLI::App& program, Action& action) {
    auto* command = program.add_subcommand("inspect", "Look at a blank body: chip, keys, applications");
    auto options = std::make_shared<InspectOptions>();
    add_card_options(*command, options->card);
    add_key_options(*command, options->keys);
    command->add_flag("--no-authentication", options->no_authentication, "Never open the secure channel");
    command->callback([options, &action] { action = [options] { return run_inspect(*options); }; });
}

}  // namespace kartsaz::tools
