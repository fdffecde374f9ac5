// SPDX-License-Identifier: Apache-2.0
// Tokens behind PKCS#11: what is in them, and master keys made there or brought there. Nothing here prints a
// key. Signing keys and certificates are made by `ca init --token`.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>

#include "apdu/error.h"
#include "keys/issuer.h"
#include "keys/key_purpose.h"
#include "keys/pkcs11_make.h"
#include "tools/command.h"
#include "tools/console.h"
#include "tools/exit_codes.h"
#include "tools/options.h"

namespace kartsaz::tools {
namespace {

struct TokenCommandOptions {
    KeyOptions keys;
    std::string issuer_version = "31";
    std::vector<std::string> keysets;
    std::size_t key_size = 32;
    bool readable = false;
    bool published_transport = false;
    bool json = false;
};

constexpr const char* identities[] = {"csca", "document-signer", "content-signer", "citizen-ca"};

std::string join(const std::vector<std::string>& words) {
    return words.empty() ? "none" : fmt::format("{}", fmt::join(words, ", "));
}

nlohmann::json show_keysets(const keys::KeyStore& store) {
    auto list = nlohmann::json::array();
    for (const auto& name : store.names()) {
        for (const auto* keyset : store.versions(name)) {
            std::string text{keys::name(keyset->diversification)};
            const auto kcvs = keyset->kcvs();
            for (const auto& [role, kcv] : kcvs) text += fmt::format(", {} KCV {}", role, kcv);
            if (!keyset->held) text += ", CAN BE READ";
            if (keyset->development) text += ", DEVELOPMENT KEYS";
            say_field(fmt::format("{} v{:02X}", keyset->name, keyset->version), text);
            list.push_back({{"name", keyset->name},
                            {"version", keyset->version},
                            {"development", keyset->development},
                            {"stays_in_token", keyset->held != nullptr},
                            {"kcvs", kcvs}});
        }
    }
    return list;
}

nlohmann::json token_identities(const keys::KeyStore& store) {
    auto list = nlohmann::json::array();
    for (const auto* name : identities) {
        if (!store.has_identity(name)) continue;
        nlohmann::json one{{"name", name}};
        try {
            const auto identity = store.identity(name);
            const auto facts = keys::certificate_facts(identity.certificate);
            say_field(name, fmt::format("{}, serial {}", facts.subject, facts.serial));
            one["subject"] = facts.subject;
            one["serial"] = facts.serial;
            one["not_after"] = facts.not_after;
        } catch (const Error& error) {
            if (error.code() != Errc::keys_failed) throw;
            say_field(name, error.what());
            one["fault"] = error.what();
        }
        list.push_back(one);
    }
    return list;
}

int show(const TokenCommandOptions& options) {
    const auto token = open_token(options.keys, false);
    const auto facts = token->facts();
    say_field("token", facts.label);
    say_field("serial", facts.serial);
    say_field("maker", fmt::format("{}, {}", facts.manufacturer, facts.model));
    say_field("module", facts.module_path);
    say_field("user PIN", facts.pin);
    say_field("it can", join(facts.mechanisms));
    say_field("it cannot", join(facts.missing));
    nlohmann::json document{{"label", facts.label},
                            {"serial", facts.serial},
                            {"manufacturer", facts.manufacturer},
                            {"model", facts.model},
                            {"module", facts.module_path},
                            {"pin", facts.pin},
                            {"logged_in", facts.logged_in},
                            {"mechanisms", facts.mechanisms},
                            {"missing", facts.missing}};
    if (facts.logged_in) {
        const auto store = keys::token_key_store(token);
        document["keysets"] = show_keysets(*store);
        document["identities"] = token_identities(*store);
        document["weaknesses"] = store->weaknesses();
        for (const auto& weakness : store->weaknesses()) say_field("weak", weakness);
    } else {
        say("What is inside is shown with a PIN: --token-pin-file.");
    }
    if (options.json) print_json(document);
    return exit_ok;
}

std::uint8_t key_version(const std::string& text) {
    unsigned value = 0;
    const auto [stop, fault] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
    if (fault != std::errc{} || stop != text.data() + text.size() || value < 1 || value > 0x7F) {
        throw Error{Errc::usage, "--issuer-version: two hexadecimal digits, 01 to 7F"};
    }
    return static_cast<std::uint8_t>(value);
}

/// Blank cards for trials answer to keys that everybody knows.
void bring_published_transport(const std::shared_ptr<keys::Pkcs11Token>& token) {
    const auto before = keys::token_key_store(token);
    const auto published = keys::development_keys();
    for (const auto* keyset : published->versions("transport")) {
        if (keyset->type != keys::KeyType::aes) continue;
        const auto there = before->versions(keyset->name);
        const bool has = std::any_of(there.begin(), there.end(), [&](const keys::Keyset* one) {
            return one->version == keyset->version;
        });
        if (has) {
            say(fmt::format("{} v{:02X} is there already and stays.", keyset->name, keyset->version));
        } else {
            (void)keys::import_token_keyset(token, *keyset);
        }
    }
}

int init_keys(const TokenCommandOptions& options) {
    const auto token = open_token(options.keys);
    using keys::Diversification;
    using keys::KeyPurpose;
    const keys::NewTokenKeyset all[] = {
        {"issuer", key_version(options.issuer_version), keys::roles_of(KeyPurpose::secure_channel),
         Diversification::kdf3, options.key_size},
        {"active-authentication", 1, keys::roles_of(KeyPurpose::active_authentication), Diversification::none,
         options.key_size},
        {"pin", 1, keys::roles_of(KeyPurpose::holder_numbers), Diversification::none, options.key_size},
        {"piv-management", 1, keys::roles_of(KeyPurpose::card_management), Diversification::none,
         options.key_size}};
    const auto before = keys::token_key_store(token);
    for (const auto& wanted : all) {
        const auto there = before->versions(wanted.name);
        const bool has = std::any_of(there.begin(), there.end(), [&](const keys::Keyset* keyset) {
            return keyset->version == wanted.version;
        });
        if (has) {
            say(fmt::format("{} v{:02X} is there already and stays.", wanted.name, wanted.version));
        } else {
            (void)keys::generate_token_keyset(token, wanted);
        }
    }
    if (options.published_transport) bring_published_transport(token);
    const auto store = keys::token_key_store(token);
    say(fmt::format("Master keys in {}:", token->place()));
    const auto list = show_keysets(*store);
    if (options.json) print_json({{"keysets", list}});
    return exit_ok;
}

int import_keys(const TokenCommandOptions& options) {
    if (options.keys.keys.empty()) {
        throw Error{Errc::usage, "token import needs --keys: the key file that the masters come from"};
    }
    auto from = options.keys;
    from.token.clear();
    from.token_pin_file.clear();
    from.retry_token_pin = false;
    const auto file = open_keys(from);
    const auto names = options.keysets.empty() ? file->names() : options.keysets;
    for (const auto& name : names) (void)file->keyset(name);  // before anything is brought in
    const auto token = open_token(options.keys);
    nlohmann::json list = nlohmann::json::array();
    for (const auto& name : names) {
        for (const auto* keyset : file->versions(name)) {
            const auto label = fmt::format("{} v{:02X}", name, keyset->version);
            const auto purpose = keys::purpose_of(*keyset);
            const bool channel = purpose == keys::KeyPurpose::secure_channel;
            const bool raw = channel && keyset->diversification == keys::Diversification::none;
            if (purpose == keys::KeyPurpose::key_blocks || (raw && !options.readable)) {
                say_field(label, "stays in the file: its bytes are needed as they are");
                continue;
            }
            const auto kcvs = keys::import_token_keyset(token, *keyset);
            std::string text = "brought in";
            for (const auto& [role, kcv] : kcvs) text += fmt::format(", {} KCV {}", role, kcv);
            say_field(label, text);
            list.push_back({{"name", name}, {"version", keyset->version}, {"kcvs", kcvs}});
        }
    }
    if (options.json) print_json({{"keysets", list}});
    return exit_ok;
}

}  // namespace

void add_token(CLI::App& program, Action& action) {
    auto* token =
        program.add_subcommand("token", "Keys in a token (HSM) behind PKCS#11: show, make, bring in");
    token->require_subcommand(1);
    auto options = std::make_shared<TokenCommandOptions>();
    const auto add = [&](const char* name, const char* what, int (*work)(const TokenCommandOptions&)) {
        auto* command = token->add_subcommand(name, what);
        add_token_options(*command, options->keys);
        command->get_option("--token")->required();
        add_json_option(*command, options->json);
        command->callback([options, work, &action] { action = [options, work] { return work(*options); }; });
        return command;
    };
    add("show", "What the token is and can, and with a PIN what is in it; never a key", show);
    auto* make =
        add("init-keys",
            "Make the master keys in the token: issuer, active-authentication, pin; what is there stays",
            init_keys);
    make->add_option("--issuer-version", options->issuer_version,
                     "Key version of the issuer's masters, two hexadecimal digits; default: 31")
        ->option_text("VV");
    make->add_option("--key-size", options->key_size, "Bytes of each AES key: 16, 24 or 32; default: 32")
        ->check(CLI::IsMember({16, 24, 32}))
        ->option_text("N");
    make->add_flag("--published-transport", options->published_transport,
                   "Bring in the published transport keys (40 41 .. 4F) of blank test cards, too: everybody "
                   "knows them, and production refuses them");
    auto* bring = add("import", "Bring the masters of a key file into the token", import_keys);
    file_option(*bring, "--keys", options->keys.keys, "The key file")->group("Keys");
    passphrase_option(*bring, "--passphrase-file", options->keys.passphrase_file, "Its passphrase")
        ->group("Keys");
    bring->add_option("--keyset", options->keysets, "Only this one; may be given several times")
        ->option_text("NAME");
    bring->add_flag(
        "--readable", options->readable,
        "Undiversified keysets, too: they can be read from the token, and production refuses them");
}

}  // namespace kartsaz::tools
