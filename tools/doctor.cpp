// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "apdu/error.h"
#include "libcard/app/registry.h"
#include "libcard/perso/personalize.h"
#include "libcard/reader/reader.h"
#include "tools/command.h"
#include "tools/console.h"
#include "tools/exit_codes.h"
#include "tools/options.h"
#include "tools/version.h"

namespace kartsaz::tools {
namespace {

namespace fs = std::filesystem;

struct Examination {
    std::string what;
    std::string state;  ///< "ok", "note", "fault"
    std::string found;
    std::string advice;  ///< what to do about it
    int exit = exit_ok;  ///< of a fault
};

Examination look_at_pcscd() {
    try {
        const auto readers = reader::list_pcsc_readers();
        if (readers.empty()) {
            return {"PC/SC", "note", "pcscd answers, but has no reader",
                    "plug a reader in, or install vsmartcard-vpcd for the virtual one; sim:FILE needs none"};
        }
        std::string names;
        for (const auto& reader : readers) {
            names += (names.empty() ? "" : ", ") + reader.name + (reader.in_use ? " (in use)" : "");
        }
        constexpr std::size_t pcsclite_limit = 16;
        if (readers.size() >= pcsclite_limit) {
            return {"PC/SC", "note", fmt::format("{} readers, the most that pcscd takes", readers.size()),
                    "use a second machine for more readers"};
        }
        return {"PC/SC", "ok", names, ""};
    } catch (const Error& error) {
        return {"PC/SC", "note", error.what(), "simulated bodies (sim:FILE) work without it"};
    }
}

Examination look_at_profiles() {
    std::string names;
    try {
        for (const auto& [name, title] : profile::shipped()) {
            perso::select_applications(profile::load(name), app::registry());
            names += (names.empty() ? "" : ", ") + name;
        }
        return {"profiles", "ok", names, ""};
    } catch (const Error& error) {
        return {"profiles", "fault", error.what(), "this is a bug of ours: please report it", exit_bug};
    }
}

Examination look_at_journal() {
    const fs::path folder = perso::default_journal_folder();
    try {
        const perso::Journal journal{folder};
        const fs::path probe = folder / ".doctor";
        perso::write_durably(probe, "doctor\n", 0600);
        fs::remove(probe);
        return {"journal", "ok", folder.string() + " is writable", ""};
    } catch (const Error& error) {
        return {"journal", "fault", error.what(), "give this user the folder, or name another with --journal",
                exit_store};
    }
}

Examination look_at_keys(const KeyOptions& options) {
    try {
        const auto keys = open_keys(options);
        std::string names;
        for (const auto& name : keys->names()) names += (names.empty() ? "" : ", ") + name;
        if (keys->development()) {
            return {"keys", "note", "development keys: " + names,
                    "fine for trying things; real cards need a key file (--keys)"};
        }
        return {"keys", "ok", names, ""};
    } catch (const Error& error) {
        return {"keys", "fault", error.what(), "check --keys and --passphrase-file", exit_code(error.code())};
    }
}

Examination look_at_clock() {
    constexpr std::int64_t year_2024 = 1'704'067'200;
    if (now_seconds() < year_2024) {
        return {"clock", "fault", perso::utc_text(now_seconds()), "set the clock: it is written on cards",
                exit_store};
    }
    return {"clock", "ok", perso::utc_text(now_seconds()), ""};
}

Examination look_at_terminal() {
    const char* names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (const char* name : names) {
        const char* value = std::getenv(name);
        if (value == nullptr || *value == '\0') continue;
        const std::string text{value};
        const bool utf8 = text.find("UTF-8") != std::string::npos || text.find("utf8") != std::string::npos;
        if (utf8) return {"terminal", "ok", fmt::format("{}={}", name, text), ""};
        break;
    }
    return {"terminal", "note", "the locale is not UTF-8",
            "Persian names may look broken; export LANG=C.UTF-8"};
}

int run_doctor(const KeyOptions& keys, bool as_json) {
    const Examination all[] = {look_at_pcscd(),   look_at_profiles(), look_at_keys(keys),
                               look_at_journal(), look_at_clock(),    look_at_terminal()};
    int code = exit_ok;  // of the first fault
    nlohmann::json list = nlohmann::json::array();
    say(version);
    for (const auto& one : all) {
        if (code == exit_ok) code = one.exit;
        say_field(one.what, fmt::format("{}: {}", one.state, one.found));
        if (!one.advice.empty()) say_field("", "-> " + one.advice);
        list.push_back(
            {{"what", one.what}, {"state", one.state}, {"found", one.found}, {"advice", one.advice}});
    }
    say(code == exit_ok ? "Ready." : "Something must be mended.");
    if (as_json) print_json({{"version", version}, {"ready", code == exit_ok}, {"examined", list}});
    return code;
}

}  // namespace

void add_doctor(CLI::App& program, Action& action) {
    auto* command = program.add_subcommand("doctor", "What this machine has, what to do about faults");
    struct Options {
        KeyOptions keys;
        bool json = false;
    };
    auto options = std::make_shared<Options>();
    add_key_options(*command, options->keys);
    add_json_option(*command, options->json);
    command->callback(
        [options, &action] { action = [options] { return run_doctor(options->keys, options->json); }; });
}

}  // namespace kartsaz::tools
