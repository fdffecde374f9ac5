// SPDX-License-Identifier: Apache-2.0
#include "libcard/app/emrtd/read.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "keys/crypto.h"
#include "libcard/app/piv/containers.h"
#include "libcard/app/piv/read.h"
#include "libcard/app/pkcs15/read.h"
#include "tools/command.h"
#include "tools/console.h"
#include "tools/exit_codes.h"
#include "tools/reading.h"

namespace kartsaz::tools {
namespace {

using nlohmann::json;

struct ReadOptions {
    CardOptions card;
    AccessOptions access;
    std::string folder;
};

json dump_json(const app::CardDump& dump) {
    json applications = json::array();
    for (const auto& application : dump.applications) {
        json files = json::array();
        for (const auto& file : application.files) {
            files.push_back({{"name", file.name},
                             {"size", file.content.size()},
                             {"sha256", file.refused.empty() ? to_hex(keys::sha256(file.content)) : ""},
                             {"access", file.access},
                             {"refused", file.refused}});
        }
        applications.push_back({{"name", application.name}, {"facts", application.facts}, {"files", files}});
    }
    return {{"atr", to_hex(dump.atr)},
            {"chip", dump.chip},
            {"read_at", dump.read_at},
            {"blank", dump.blank},
            {"applications", applications}};
}

int run_read(const ReadOptions& options) {
    const auto keys = open_keys(options.access.keys);
    const auto access = card_access(options.access);
    check_target(options.card.trace);
    check_target_folder(options.folder);
    Card card{options.card};
    auto dump = read_whole_card(card.transport(), access, keys.get());
    dump.reader = options.card.reader;
    if (!options.folder.empty()) {
        app::save(dump, options.folder);
        if (const auto* emrtd = dump.application("emrtd"))
            app::emrtd::save_for_people(*emrtd, options.folder);
        if (const auto* signature = dump.application("pkcs15"))
            app::pkcs15::save_for_people(*signature, options.folder);
        if (const auto* piv = dump.application("piv")) app::piv::save_for_people(*piv, options.folder);
    }
    if (options.card.json) print_json(dump_json(dump));
    say_dump(dump);
    if (!options.folder.empty()) say_field("folder", options.folder);
    return exit_ok;
}

}  // namespace

namespace {

void say_pin(const app::DumpApplication& application) {
    std::string pin = application.fact("pin.state");
    if (const auto tries = application.fact("pin.tries.after"); !tries.empty())
        pin += fmt::format(", {} tries left", tries);
    if (const auto why = application.fact("pin.why"); !why.empty()) pin += fmt::format(" ({})", why);
    if (!pin.empty()) say_field("PIN", pin);
}

/// What became of the challenge to a key. @param prefix  of its facts: "key.0."
void say_key(const app::DumpApplication& application, const std::string& name, const std::string& prefix) {
    const auto of_key = [&](const char* fact) { return application.fact(prefix + fact); };
    std::string said = of_key("algorithm");
    if (!of_key("signature").empty()) {
        said += ", signed a challenge";
    } else if (!of_key("agreement.secret").empty()) {
        said += ", agreed on a secret";
    } else if (!of_key("sw").empty()) {
        said += fmt::format(", refused a challenge: {}", of_key("sw"));
    } else if (!of_key("why").empty()) {
        said += fmt::format("{}not challenged: {}", said.empty() ? "" : ", ", of_key("why"));
    }
    if (!said.empty()) say_field(name, said);
}

void say_signature(const app::DumpApplication& application) {
    say_pin(application);
    for (std::size_t i = 0;; ++i) {
        if (application.fact(fmt::format("key.{}.id", i)).empty()) return;
        say_key(application, fmt::format("key {}", i), fmt::format("key.{}.", i));
    }
}

void say_piv(const app::DumpApplication& application) {
    if (const auto version = application.fact("version"); !version.empty()) say_field("PIV version", version);
    say_pin(application);
    if (const auto whose = application.fact("management.keys"); !whose.empty())
        say_field("management key", whose);
    for (const auto& container : app::piv::containers()) {
        if (!container.key) continue;
        say_key(application, fmt::format("key {:02X}", *container.key),
                fmt::format("key.{:02X}.", *container.key));
    }
    if (const auto fault = application.fact("fault"); !fault.empty()) say_field("fault", fault);
}

}  // namespace

void say_dump(const app::CardDump& dump) {
    if (!dump.chip.empty()) say_field("chip", dump.chip);
    for (const auto& application : dump.applications) {
        if (application.name == "emrtd") say_field("opened by", application.fact("access"));
        if (application.name == "pkcs15") say_signature(application);
        if (application.name == "piv") say_piv(application);
        for (const auto& file : application.files) {
            say_field(file.name, file.refused.empty() ? fmt::format("{:>6} bytes", file.content.size())
                                                      : "not readable: " + file.refused);
        }
    }
    for (const auto& name : dump.blank) say_field(name, "blank, not personalized");
}

void add_read(CLI::App& program, Action& action) {
    auto* command = program.add_subcommand("read", "Read a card back: files, photo, templates, proofs");
    auto options = std::make_shared<ReadOptions>();
    command
        ->add_option("-o,--output", options->folder, "Folder for card.json, photo, templates and raw/ files")
        ->option_text("DIR");
    file_option(*command, "--record", options->access.record, "The record whose MRZ opens the card");
    file_option(*command, "--mrz", options->access.mrz, "The MRZ that opens the card: 90 characters");
    add_pin_option(*command, options->access.pin);
    file_option(*command, "--receipt", options->access.receipt,
                "Receipt: tells how the card's transport PIN was made")
        ->group("Keys");
    command
        ->add_option("-p,--profile", options->access.profile,
                     "The same by the profile that the card was written by: shipped, or path of a .toml file")
        ->option_text("PROFILE")
        ->group("Keys");
    add_card_options(*command, options->card);
    add_key_options(*command, options->access.keys);
    command->callback([options, &action] { action = [options] { return run_read(*options); }; });
}

}  // namespace kartsaz::tools
