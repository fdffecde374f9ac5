// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <optional>

#include "apdu/error.h"
#include "apdu/exchanger.h"
#include "libcard/app/globalplatform/card_state.h"
#include "tools/command.h"
#include "tools/console.h"
#include "tools/exit_codes.h"
#include "tools/options.h"

namespace kartsaz::tools {
namespace {

namespace gp = app::globalplatform;

struct CardCommandOptions {
    CardOptions card;
    KeyOptions keys;
    std::string card_manager;
    std::string journal;
    std::string destroy;  ///< --yes-destroy
    bool release = false;
};

Bytes manager_aid(const CardCommandOptions& options) {
    if (options.card_manager.empty()) return {};
    try {
        auto aid = from_hex(options.card_manager);
        if (aid.size() >= 5 && aid.size() <= 16) return aid;
    } catch (const Error& error) {
        throw Error{Errc::usage, fmt::format("--card-manager: {}", error.what())};
    }
    throw Error{Errc::usage, "--card-manager takes an AID of 5 to 16 bytes in hexadecimal"};
}

std::string state_word(const gp::CardStateReport& report) {
    return report.life_cycle ? std::string{gp::name(*report.life_cycle)} : "does not tell";
}

nlohmann::json document(const gp::CardStateReport& report) {
    nlohmann::json out{{"chip", report.chip},
                       {"scp", fmt::format("{:02X}", report.form.protocol)},
                       {"key_version", fmt::format("{:02X}", report.key_version)},
                       {"keyset", report.keyset}};
    out["state"] = report.life_cycle ? nlohmann::json(gp::name(*report.life_cycle)) : nlohmann::json();
    return out;
}

void say_report(const gp::CardStateReport& report) {
    say_field("chip", report.chip);
    say_field("secure channel", keys::in_words(report.form));
    say_field("keys", fmt::format("version {:02X}, keyset \"{}\"", report.key_version, report.keyset));
    say_field("life cycle", state_word(report));
}

std::string done(gp::CardChange change) {
    switch (change) {
        case gp::CardChange::lock:
            return "The card is locked: nothing on it can be selected until it is unlocked.";
        case gp::CardChange::unlock:
            return "The card is unlocked.";
        case gp::CardChange::terminate:
            return "The card is terminated. It is dead, and void in this station's journal. Certificates of "
                   "its keys stay valid until they are revoked: kartsaz ca revoke --chip";
    }
    return {};
}

int run_card(const CardCommandOptions& options, std::optional<gp::CardChange> change) {
    const auto aid = manager_aid(options);
    const auto store = open_keys(options.keys);
    Card card{options.card};
    const perso::Journal journal{options.journal.empty() ? perso::default_journal_folder()
                                                         : std::filesystem::path{options.journal}};
    apdu::Exchanger exchanger{card.transport()};
    gp::CardStateSession session{exchanger, *store, {aid, &journal, options.release}};
    const auto before = session.report();
    const bool changed = change && session.change(*change, options.destroy);
    if (options.card.json) {
        auto out = document(session.report());
        if (change) {
            out["before"] = document(before)["state"];
            out["changed"] = changed;
            out["irreversible"] = gp::irreversible(*change);
        }
        print_json(out);
    }
    if (change) say(changed ? done(*change) : "Nothing to do: the card is in that state already.");
    say_report(session.report());
    return exit_ok;
}

std::shared_ptr<CardCommandOptions> add_command(CLI::App& card, Action& action, const char* name,
                                                const char* what, std::optional<gp::CardChange> change) {
    auto* command = card.add_subcommand(name, what);
    auto options = std::make_shared<CardCommandOptions>();
    if (change == gp::CardChange::terminate) {
        command
            ->add_option("--yes-destroy", options->destroy,
                         "Name of the chip that may be destroyed, as `kartsaz card state` tells it")
            ->option_text("CHIPNAME")
            ->required();
    }
    add_card_options(*command, options->card);
    command
        ->add_option("--card-manager", options->card_manager,
                     "AID of the card manager; default: A000000151000000")
        ->option_text("HEX")
        ->group("Card");
    command
        ->add_flag("--release-failed-authentication", options->release,
                   "Try a chip again that refused an authentication")
        ->group("Card");
    add_key_options(*command, options->keys);
    command
        ->add_option("--journal", options->journal, "Folder of the station's journal; default: in your home")
        ->option_text("DIR")
        ->group("Output");
    command->callback([options, change, &action] { action = [=] { return run_card(*options, change); }; });
    return options;
}

}  // namespace

void add_card(CLI::App& program, Action& action) {
    auto* card = program.add_subcommand("card", "Life cycle of a card: tell, lock, unlock, terminate");
    card->require_subcommand(1);
    add_command(*card, action, "state", "Tell the card's life cycle; change nothing", std::nullopt);
    add_command(*card, action, "lock", "Lock a card: nothing on it can be selected", gp::CardChange::lock);
    add_command(*card, action, "unlock", "Unlock a locked card", gp::CardChange::unlock);
    add_command(*card, action, "terminate", "Destroy a card for ever", gp::CardChange::terminate);
}

}  // namespace kartsaz::tools
