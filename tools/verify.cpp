// SPDX-License-Identifier: Apache-2.0
#include "libcard/verify/verify.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "apdu/error.h"
#include "libcard/app/card_folder.h"
#include "libcard/app/pkcs15/options.h"
#include "libcard/perso/receipt.h"
#include "libcard/profile/profile.h"
#include "libcard/report/report.h"
#include "tools/command.h"
#include "tools/console.h"
#include "tools/exit_codes.h"
#include "tools/judging.h"

namespace kartsaz::tools {
namespace {

struct VerifyOptions {
    CardOptions card;
    AccessOptions access;
    JudgeOptions judge;
    std::string from;
    bool all_checks = false;
};

int run_verify(VerifyOptions& options) {
    if (!options.from.empty() && !options.card.reader.empty()) {
        throw Error{Errc::usage, "--from judges a folder and -r a card: one of them"};
    }
    if (options.access.record.empty()) options.access.record = options.judge.expect;
    options.access.receipt = options.judge.receipt;
    options.access.profile = options.judge.profile;
    const Judge judge{options.judge};  // trust, record and receipt are read before the card is asked for
    app::CardDump dump;
    if (!options.from.empty()) {
        dump = app::load_card_folder(options.from);
    } else {
        const auto keys = open_keys(options.access.keys);
        const auto access = card_access(options.access);
        Card card{options.card};
        dump = read_whole_card(card.transport(), access, keys.get());
        dump.reader = options.card.reader;
    }
    const auto report = judge(dump);
    judge.write_files(report);
    if (options.card.json) print_json(nlohmann::json::parse(report::json(report)));
    fmt::print(people(), "{}", report::text(report, 80, options.all_checks || options.card.verbose > 0));
    if (!options.judge.report.empty()) say_field("report", options.judge.report);
    if (!options.judge.junit.empty()) say_field("JUnit", options.judge.junit);
    return report.accept ? exit_ok : exit_bad_card;
}

}  // namespace

Judge::Judge(const JudgeOptions& options) : options_{options}, at_{judged_at(options.at)} {
    check_target(options.report);
    check_target(options.junit);
    development_ = options.trust.empty();
    load_trusts();
    if (!options.expect.empty()) {
        check_source(options.expect, "a record");
        expected_ = record::load(options.expect, {options.reencode_photo, options.photo_budget}).record;
    }
    if (!options.receipt.empty()) {
        const auto receipt = read_receipt(options.receipt);
        receipt_chip_ = receipt.chip;
        // "emrtd/EF.DG1" -> ...
        for (const auto& [file, digest] : receipt.files)
            demanded_[file.substr(0, file.find('/'))] = "the receipt";
        demand_keys(receipt);
    }
    if (!options.profile.empty()) {
        if (options.profile.find('/') != std::string::npos) check_source(options.profile, "a profile");
        const auto profile = profile::load(options.profile);
        for (const auto& name : profile.applications) {
            // a part that the profile itself can do without
            // (the PIV application's section names its containers under that word)
            if (name != "piv" && !profile.section(name).flag("required", true)) continue;
            demanded_.emplace(name, fmt::format("profile {}", profile.name));
            if (name == "pkcs15") demand_keys(profile);
        }
    }
    if (!options.against.empty()) {
        // CARD.json names the folder that `read -o` wrote
        const std::filesystem::path named{options.against};
        registered_ =
            app::load_card_folder(std::filesystem::is_directory(named) ? named : named.parent_path());
    }
}

/// One folder serves all kinds of cards. What only one kind understands is no fault as long as no card of
/// another kind is to be judged by it.
void Judge::load_trusts() {
    if (development_) {
        trust_ = std::make_unique<keys::TrustAnchors>(verify::development_trust());
        holder_trust_ = std::make_unique<keys::TrustAnchors>(verify::development_holder_trust());
        pool_ = verify::development_pool();
        return;
    }
    try {
        pool_ = keys::load_pool(options_.trust);
    } catch (const Error& error) {
        no_pool_ = error;
    }
    try {
        trust_ = std::make_unique<keys::TrustAnchors>(verify::load_trust(options_.trust));
        holder_trust_ = std::make_unique<keys::TrustAnchors>(verify::load_holder_trust(options_.trust));
    } catch (const Error& error) {
        if (no_pool_) throw;
        no_trust_ = error;
        trust_ = std::make_unique<keys::TrustAnchors>();
        holder_trust_ = std::make_unique<keys::TrustAnchors>();
    }
}

/// The key pairs that were made on the card.
void Judge::demand_keys(const perso::Receipt& receipt) {
    constexpr std::string_view application = "pkcs15/", key = ".public-key";
    for (const auto& [item, digest] : receipt.learned) {
        if (!item.starts_with(application) || !item.ends_with(key)) continue;
        const auto name = item.substr(application.size(), item.size() - application.size() - key.size());
        demanded_keys_.push_back({name, {}, digest, "the receipt"});
    }
}

void Judge::demand_keys(const profile::Profile& profile) {
    for (const auto& slot : app::pkcs15::read_options(profile).slots) {
        demanded_keys_.push_back({slot.name, slot.label, {}, fmt::format("profile {}", profile.name)});
    }
}

verify::Report Judge::operator()(const app::CardDump& dump) const {
    const bool piv = dump.application("piv") != nullptr;
    const bool others = dump.application("emrtd") != nullptr || dump.application("pkcs15") != nullptr;
    if (piv && no_pool_) throw *no_pool_;
    if ((others || !piv) && no_trust_) throw *no_trust_;
    verify::Context context{
        .dump = dump, .trust = *trust_, .receipt_chip = receipt_chip_, .registered = registered_};
    context.at = at_.at;
    context.since = at_.since;
    context.holder_trust = holder_trust_.get();
    context.pool = &pool_;
    context.expected = expected_ ? &*expected_ : nullptr;
    context.development_trust = development_;
    context.demand_crl = options_.demand_crl;
    context.demanded = demanded_;
    context.demanded_keys = demanded_keys_;
    return verify::judge(context);
}

void Judge::write_files(const verify::Report& report) const {
    if (!options_.report.empty()) {
        perso::write_durably(options_.report, report::html(report, "Kartsaz card verification"));
    }
    if (!options_.junit.empty())
        perso::write_durably(options_.junit, report::junit(report, "kartsaz verify"));
}

void add_verify(CLI::App& program, Action& action) {
    auto* command = program.add_subcommand("verify", "Prove that a card is good, or name what is wrong");
    auto options = std::make_shared<VerifyOptions>();
    command
        ->add_option("--from", options->from,
                     "Judge the output of `read -o`, or a folder of files, without a card")
        ->option_text("DIR");
    file_option(*command, "--expect", options->judge.expect, "The record that the card must hold");
    file_option(*command, "--mrz", options->access.mrz, "The MRZ that opens the card: 90 characters");
    command
        ->add_option("--trust", options->judge.trust,
                     "Folder of trusted country signers and CRLs; in its folder \"holders\": CAs that "
                     "certify holders, and no documents. For PIV cards: roots, other CAs, CRLs and OCSP "
                     "responses, also in its folders roots, aia, sia, crls, ocsp")
        ->option_text("DIR");
    command->add_option("--at", options->judge.at, "Day of judgement (UTC), either calendar; default: now")
        ->option_text("DATE");
    file_option(*command, "--against", options->judge.against, "card.json of the card as it was registered");
    file_option(*command, "--receipt", options->judge.receipt,
                "Receipt: the chip must be the same, and each application and key that was written be there");
    command
        ->add_option(
            "-p,--profile", options->judge.profile,
            "Shipped profile, or path of a .toml file: each of its applications and keys must be there")
        ->option_text("PROFILE");
    command
        ->add_option("--photo-budget", options->judge.photo_budget,
                     "The card was written with this --photo-budget")
        ->check(CLI::Range(1'000, 60'000))
        ->option_text("BYTES");
    command->add_flag("--reencode-photo", options->judge.reencode_photo,
                      "The card was written with --reencode-photo");
    command->add_flag("--demand-crl", options->judge.demand_crl,
                      "A missing revocation list rejects the card");
    add_pin_option(*command, options->access.pin);
    add_card_options(*command, options->card);
    add_key_options(*command, options->access.keys);
    file_option(*command, "--report", options->judge.report, "Write an HTML report")->group("Output");
    file_option(*command, "--junit", options->judge.junit, "Write a JUnit XML")->group("Output");
    command->add_flag("--all", options->all_checks, "List the checks that passed, too")->group("Output");
    command->callback([options, &action] { action = [options] { return run_verify(*options); }; });
}

}  // namespace kartsaz::tools
