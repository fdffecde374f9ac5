// SPDX-License-Identifier: Apache-2.0
// Ceremonies: what is to be made, and the components that custodians keep.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "apdu/error.h"
#include "keys/ceremony.h"
#include "tools/console.h"
#include "tools/exit_codes.h"
#include "tools/keys_command.h"
#include "tools/keys_component.h"
#include "tools/secret_input.h"

namespace kartsaz::tools {

void say_component(const keys::Component& component) {
    say_field("ceremony", component.plan.id());
    say_field("component", fmt::format("{} of {}", component.part, component.plan.parts));
    say_field("of keyset", component.plan.in_words());
    for (const auto& role : keys::roles_of(component.plan.purpose)) {
        say_field(role, "KCV " + component.kcvs().at(role));
    }
    say_field("check", component.check());
}

nlohmann::json component_json(const keys::Component& component) {
    return {{"ceremony", component.plan.id()}, {"part", component.part},
            {"parts", component.plan.parts},   {"keyset", component.plan.in_words()},
            {"kcvs", component.kcvs()},        {"check", component.check()}};
}

void keep_component(const keys::Component& component, const std::string& file, const std::string& passphrase,
                    bool as_json) {
    keys::write_component(
        file, component,
        read_secret(passphrase, fmt::format("passphrase of component {}", file), SecretAge::fresh));
    say(fmt::format("Component {} of {} is in {}. Write down what stands here; it is no secret.",
                    component.part, component.plan.parts, file));
    say_component(component);
    if (as_json) print_json(component_json(component));
}

namespace {

struct CeremonyOptions {
    std::string plan, file, keyset, version, purpose = "channel", type = "aes", diversification;
    unsigned bits = 0, parts = 3, part = 0;
    bool development = false, json = false;
    std::string passphrase = "prompt";
};

keys::KeyPurpose purpose_named(const std::string& text) {
    for (const auto purpose : keys::all_key_purposes) {
        if (text == keys::name(purpose)) return purpose;
    }
    throw Error{Errc::usage, fmt::format("--for: \"{}\" is no purpose", text)};
}

/// What is usual for such keys, where the command line does not say it.
keys::Diversification usual_diversification(keys::KeyPurpose purpose, keys::KeyType type) {
    if (purpose != keys::KeyPurpose::secure_channel) return keys::Diversification::none;
    return type == keys::KeyType::aes ? keys::Diversification::kdf3 : keys::Diversification::emv_cps11;
}

/// Bytes of keys of so many bits; triple DES has 112 or 168 that count in 16 or 24 bytes.
std::size_t key_size(unsigned bits, keys::KeyType type) {
    if (bits == 0) return type == keys::KeyType::aes ? 32 : 16;
    if (type == keys::KeyType::des3 && (bits == 112 || bits == 168)) return bits / 7;
    if (type == keys::KeyType::aes && bits % 64 == 0 && bits >= 128 && bits <= 256) return bits / 8;
    throw Error{Errc::usage,
                fmt::format("--bits: {}: AES keys have 128, 192 or 256, triple-DES keys 112 or 168", bits)};
}

int begin(const CeremonyOptions& options) {
    if (std::filesystem::exists(options.plan)) {
        throw Error{Errc::usage, options.plan + ": exists already; each ceremony has a file of its own"};
    }
    keys::CeremonyPlan wanted;
    wanted.keyset = options.keyset;
    wanted.version = key_version(options.version, "--key-version");
    wanted.purpose = purpose_named(options.purpose);
    wanted.type = key_type_named(options.type);
    wanted.diversification = options.diversification.empty()
                                 ? usual_diversification(wanted.purpose, wanted.type)
                                 : diversification_named(options.diversification);
    wanted.key_size = key_size(options.bits, wanted.master_type());
    wanted.parts = options.parts;
    wanted.development = options.development;
    const auto plan = keys::new_ceremony(wanted);
    check_target(options.plan);
    keys::write_plan(options.plan, plan);
    try {
        (void)keys::read_plan(options.plan);  // a name that cannot be read again is found here
    } catch (const Error&) {
        std::filesystem::remove(options.plan);
        throw;
    }
    say(fmt::format("Ceremony {} is in {}. It is no secret: give it to every custodian.", plan.id(),
                    options.plan));
    say_field("makes", plan.in_words());
    if (options.json) print_json({{"ceremony", plan.id()}, {"makes", plan.in_words()}});
    return exit_ok;
}

int make(const CeremonyOptions& options) {
    check_target(options.file);
    keep_component(keys::new_component(keys::read_plan(options.plan), options.part), options.file,
                   options.passphrase, options.json);
    return exit_ok;
}

int show(const CeremonyOptions& options) {
    const auto component = keys::open_component(
        options.file, read_secret(options.passphrase, "passphrase of component " + options.file));
    say_component(component);
    if (options.json) print_json(component_json(component));
    return exit_ok;
}

}  // namespace

void add_keys_ceremony(CLI::App& keys, Action& action) {
    auto options = std::make_shared<CeremonyOptions>();
    auto* plan = keys.add_subcommand("new-ceremony", "Say what custodians are to make; writes no secret");
    plan->add_option("PLAN", options->plan, "The file to make")->required();
    plan->add_option("--keyset", options->keyset, "Name of the keyset")->option_text("NAME")->required();
    plan->add_option("--key-version", options->version, "Its version, two hexadecimal digits")
        ->option_text("VERSION")
        ->required();
    plan->add_option("--for", options->purpose,
                     "channel (enc, mac, dek), aa, pin (pin, puk), kbpk or management; default: channel")
        ->check(CLI::IsMember({"channel", "aa", "pin", "kbpk", "management"}))
        ->option_text("PURPOSE");
    plan->add_option("--type", options->type, "What the card holds: aes or des3; default: aes")
        ->check(CLI::IsMember({"aes", "des3"}))
        ->option_text("TYPE");
    plan->add_option(
            "--diversification", options->diversification,
            "none, kdf3, emv-cps11 or visa2; default: kdf3 for AES channels, emv-cps11 for triple DES")
        ->check(CLI::IsMember(diversification_names))
        ->option_text("SCHEME");
    plan->add_option("--bits", options->bits,
                     "Of every key: 128, 192, 256; triple DES 112, 168; default: 256, 112")
        ->option_text("BITS");
    plan->add_option("--parts", options->parts, "Custodians, 2 to 9; default: 3")->option_text("COUNT");
    plan->add_flag("--development", options->development, "Mark the keys as not for production");
    add_json_option(*plan, options->json);
    plan->callback([options, &action] { action = [options] { return begin(*options); }; });

    auto* component = keys.add_subcommand("new-component", "A custodian's random component of a ceremony");
    component->add_option("PLAN", options->plan, "Of new-ceremony")->required();
    component->add_option("FILE", options->file, "The component to make; the custodian keeps it")->required();
    component->add_option("--part", options->part, "Which component this is, from 1 on")
        ->option_text("NUMBER")
        ->required();
    passphrase_option(*component, "--passphrase-file", options->passphrase,
                      "The custodian's own passphrase; default: prompt");
    add_json_option(*component, options->json);
    component->callback([options, &action] { action = [options] { return make(*options); }; });

    auto* look = keys.add_subcommand("show-component", "What a component belongs to, and its check values");
    look->add_option("FILE", options->file, "The component")->required();
    passphrase_option(*look, "--passphrase-file", options->passphrase, "Its passphrase; default: prompt");
    add_json_option(*look, options->json);
    look->callback([options, &action] { action = [options] { return show(*options); }; });
}

}  // namespace kartsaz::tools
