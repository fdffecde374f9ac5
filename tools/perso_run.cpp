// SPDX-License-Identifier: Apache-2.0
#include "tools/perso_run.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

#include "apdu/error.h"
#include "libcard/app/registry.h"
#include "tools/exit_codes.h"
#include "tools/reading.h"
#include "tools/secret_input.h"

namespace kartsaz::tools {
namespace {

using nlohmann::json;

json traffic_json(const perso::Traffic& traffic) {
    return {{"commands", traffic.commands}, {"bytes_out", traffic.bytes_out}, {"bytes_in", traffic.bytes_in}};
}

perso::Traffic sum(const perso::Traffic& a, const perso::Traffic& b) {
    return {a.commands + b.commands, a.bytes_out + b.bytes_out, a.bytes_in + b.bytes_in};
}

std::string in_words(const perso::Traffic& traffic) {
    return fmt::format("{} commands, {} bytes out, {} in", traffic.commands, traffic.bytes_out,
                       traffic.bytes_in);
}

json plan_json(const perso::Prepared& prepared) {
    json steps = json::array();
    for (const auto& step : prepared.plan.steps) {
        steps.push_back({{"id", step.id},
                         {"label", step.label},
                         {"bytes", step.data_size()},
                         {"irreversible", step.irreversible}});
    }
    const auto& estimate = prepared.estimate;
    return {{"chip", prepared.state.chip.name},
            {"facts", prepared.state.facts},
            {"image_digest", to_hex(prepared.image.digest())},
            {"steps", steps},
            {"look_again", prepared.plan.look_again},
            {"observed", traffic_json(prepared.observed)},
            {"predicted", traffic_json(estimate.traffic)},
            {"total", traffic_json(sum(prepared.observed, estimate.traffic))},
            {"seconds", estimate.seconds},
            {"seconds_link", estimate.link},
            {"seconds_compute", estimate.compute},
            {"seconds_write", estimate.write}};
}

void say_state(const perso::CardState& state) {
    say_field("chip", state.chip.known() ? state.chip.name : "does not tell who it is");
    for (const auto& [name, value] : state.facts) say_field(name, value);
}

profile::Profile load_profile(const std::string& name) {
    if (name.find('/') != std::string::npos) check_source(name, "a profile");
    return profile::load(name);
}

/// What an application of the profile is made from in place of a record; null: there is none that is.
std::unique_ptr<perso::Material> load_material(const PersoOptions& options, const profile::Profile& profile,
                                               const perso::Applications& applications) {
    for (const auto* application : applications) {
        if (auto material = application->load_material(profile, options.record)) return material;
    }
    return nullptr;
}

record::Loaded load_record(const PersoOptions& options, const perso::Material* material) {
    if (material != nullptr) {
        record::Loaded nobody;
        nobody.record.document_number = material->card_number();
        return nobody;
    }
    check_source(options.record, "a record");
    return record::load(options.record, {options.reencode_photo, options.photo_budget});
}

/// Before a card is looked at: a look opens the secure channel, which a card counts.
void check_keys(const keys::KeyStore& store, const profile::Profile& profile) {
    if (profile.production && store.development()) {
        throw Error{Errc::keys_failed,
                    fmt::format("profile {} is for production and refuses development keys; --keys names the "
                                "issuer's own",
                                profile.name)};
    }
    if (const auto weak = store.weaknesses(); profile.production && !weak.empty()) {
        throw Error{Errc::keys_failed,
                    fmt::format("profile {} is for production and refuses keys that are not "
                                "held well: {}",
                                profile.name, fmt::join(weak, "; "))};
    }
    if (std::find(profile.applications.begin(), profile.applications.end(), "globalplatform") ==
        profile.applications.end()) {
        return;
    }
    const auto names = perso::keyset_names(profile);
    if (store.versions(names.transport).empty()) (void)store.keyset(names.issuer);  // says what there is
}

/// Beside the journal, so that a station's books are in one place.
std::filesystem::path ca_folder(const PersoOptions& options) {
    if (options.journal.empty()) return default_ca_folder();
    return std::filesystem::path{options.journal} / "ca";
}

}  // namespace

void add_perso_options(CLI::App& command, PersoOptions& options) {
    command
        .add_option("RECORD", options.record,
                    "record.json of the citizen; for piv-objects a folder of objects")
        ->required();
    command.add_option("-p,--profile", options.profile, "Shipped profile, or path of a .toml file")
        ->option_text("PROFILE")
        ->capture_default_str();
    command.add_flag("--dry-run", options.dry_run, "Look at the card and print the plan; write nothing");
    command.add_flag("--reencode-photo", options.reencode_photo, "Make a photo smaller that is too large");
    command
        .add_option("--photo-budget", options.photo_budget, "Largest photo that is written; default: 20000")
        ->check(CLI::Range(1'000, 60'000))
        ->option_text("BYTES");
    add_card_options(command, options.card);
    command
        .add_flag("--reassign", options.permits.reassign,
                  "Write anew a card that was begun for another record")
        ->group("Card");
    command
        .add_flag("--release-failed-authentication", options.permits.release_failed_authentication,
                  "Try a chip again that refused an authentication")
        ->group("Card");
    add_key_options(command, options.keys);
    add_pin_option(command, options.pin);
    add_issuing_options(command, options.issuing);
    file_option(command, "--receipt", options.receipt, "Write the receipt")->group("Output");
    command
        .add_option("--journal", options.journal, "Folder of the station's journal; default: in your home")
        ->option_text("DIR")
        ->group("Output");
}

PersoJob::PersoJob(const PersoOptions& options, std::unique_ptr<keys::KeyStore> keys)
    : options_{options},
      profile_{load_profile(options.profile)},
      keys_{std::move(keys)},
      signer_{open_signer(*keys_)},
      applications_{perso::select_applications(profile_, app::registry())},
      material_{load_material(options, profile_, applications_)},
      loaded_{load_record(options, material_.get())},
      issuing_{options.issuing, *keys_, profile_, ca_folder(options)},
      order_{loaded_.record,          profile_,      *keys_,
             signer_.get(),           now_seconds(), perso::keyset_names(profile_),
             options.permits.reassign} {
    order_.certificates = issuing_.certificates();
    order_.mailer = issuing_.mailer();
    order_.material = material_.get();
    check_keys(*keys_, profile_);
    check_target(options_.receipt);
    check_target(options_.card.trace);
    // last: nobody is asked for a PIN that is then not used
    if (!options_.pin.empty()) holder_pin_ = read_secret(options_.pin, "PIN of the card");
    order_.holder_pin = holder_pin_ ? &*holder_pin_ : nullptr;
}

perso::Run PersoJob::prepare_run() {
    // the folder is made only now, when there is a card: bad input leaves nothing behind
    if (!options_.dry_run && !journal_) {
        journal_.emplace(options_.journal.empty() ? perso::default_journal_folder()
                                                  : std::filesystem::path{options_.journal});
        issuing_.open();
        order_.certificates = issuing_.certificates();
    }
    perso::Run run{order_, applications_, options_.permits, journal_ ? &*journal_ : nullptr};
    run.progress = [this](const perso::Progress& progress) {
        if (stop_requested()) {
            throw Error{Errc::interrupted, "stopped on request; the same call with the same card goes on"};
        }
        bar_.show(progress.bytes, progress.total_bytes, progress.label == nullptr ? "" : *progress.label);
    };
    if (options_.card.verbose > 0) {
        run.on_step = [this](std::string_view label) {
            bar_.clear();
            fmt::print(stderr, "  {}\n", label);
        };
    }
    return run;
}

perso::Receipt PersoJob::personalize(apdu::Transport& card) {
    const auto run = prepare_run();
    auto receipt = perso::personalize(card, run);
    bar_.clear();
    if (!options_.receipt.empty()) perso::write_durably(options_.receipt, perso::to_json(receipt));
    return receipt;
}

int PersoJob::dry_run(apdu::Transport& card) {
    const auto run = prepare_run();
    const auto prepared = perso::prepare(card, run);
    if (options_.card.json) {
        json document = plan_json(prepared);
        document["profile"] = profile_.name;
        document["dry_run"] = true;
        print_json(document);
    }
    say(fmt::format("Plan for this card, profile {} (nothing was written)", profile_.name));
    say_state(prepared.state);
    say("");
    for (const auto& step : prepared.plan.steps) {
        say(fmt::format("  {} {}", step.irreversible ? "!" : "-", step.label), 4);
    }
    if (prepared.plan.empty()) say("  nothing to do: the card holds what the record asks");
    if (prepared.plan.look_again) {
        say("  Then the card is looked at again, and the applications that are new on it are planned; they "
            "are not in the figures below.");
    }
    say("");
    const auto& estimate = prepared.estimate;
    say_field("looked", in_words(prepared.observed));
    say_field("will write", in_words(estimate.traffic));
    say_field("in all", in_words(sum(prepared.observed, estimate.traffic)));
    say_field("time", fmt::format("{:.2f} s on this link ({}): {:.2f} wire, {:.2f} chip, {:.2f} memory",
                                  estimate.seconds,
                                  perso::timing_of(prepared.state.atr, profile_.section("timing")).text,
                                  estimate.link, estimate.compute, estimate.write));
    if (!prepared.plan.empty()) say("  ! marks a step that cannot be taken back.");
    return exit_ok;
}

int PersoJob::write(apdu::Transport& card) {
    const auto receipt = personalize(card);
    if (options_.card.json) {
        json document = json::parse(perso::to_json(receipt));
        json changes = json::array();
        for (const auto& change : loaded_.changes)
            changes.push_back({{"path", change.path}, {"what", change.what}});
        document["record_changes"] = changes;
        print_json(document);
    }
    if (receipt.development_keys) warn_development_keys();
    for (const auto& left : issuing_.to_revoke()) {
        say(fmt::format(
                "  to revoke: the CA could not be told about a certificate of slot \"{}\" of chip {}; "
                "`kartsaz ca pending` tells it",
                left.slot, left.chip),
            4);
    }
    say(receipt.steps.empty() ? "Nothing to do: the card holds what the record asks."
                              : fmt::format("Card written: {} steps.", receipt.steps.size()));
    say_field("chip", receipt.chip);
    say_field("profile", receipt.profile);
    say_field("exchanged", in_words(sum(receipt.observed, receipt.written)));
    say_field("time", fmt::format("{:.2f} s", receipt.seconds));
    if (!options_.receipt.empty()) say_field("receipt", options_.receipt);
    for (const auto& change : loaded_.changes) {
        say(fmt::format("  normalized {}: {}", change.path, change.what), 4);
    }
    return exit_ok;
}

int PersoJob::run() {
    stop_on_request();
    Card card{options_.card};
    return options_.dry_run ? dry_run(card.transport()) : write(card.transport());
}

}  // namespace kartsaz::tools
