// SPDX-License-Identifier: Apache-2.0
// Key files: sealed from a plain one, and shown by name and key check value. Nothing here prints a key.
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "apdu/error.h"
#include "keys/key_purpose.h"
#include "keys/secret_hex.h"
#include "tools/console.h"
#include "tools/exit_codes.h"
#include "tools/keys_command.h"
#include "tools/secret_input.h"

namespace kartsaz::tools {

const std::vector<std::string> diversification_names{"none", "kdf3", "emv-cps11", "visa2"};

std::uint8_t key_version(const std::string& text, std::string_view option) {
    unsigned value = 0;
    const auto* const end = text.data() + text.size();
    const auto [stop, fault] = std::from_chars(text.data(), end, value, 16);
    const bool fits = text.size() == 2 && fault == std::errc{} && stop == end;
    if (!fits || value == 0 || (value > 0x7F && value != 0xFF)) {
        throw Error{
            Errc::usage,
            fmt::format("{}: \"{}\": a key version is two hexadecimal digits, 01 to 7F or FF", option, text)};
    }
    return static_cast<std::uint8_t>(value);
}

std::optional<std::uint8_t> optional_key_version(const std::string& text, std::string_view option) {
    if (text.empty()) return std::nullopt;
    return key_version(text, option);
}

keys::KeyType key_type_named(const std::string& text) {
    return text == "des3" ? keys::KeyType::des3 : keys::KeyType::aes;
}

keys::Diversification diversification_named(const std::string& text) {
    using keys::Diversification;
    for (const auto scheme :
         {Diversification::none, Diversification::kdf3, Diversification::emv_cps11, Diversification::visa2}) {
        if (text == keys::name(scheme)) return scheme;
    }
    throw Error{Errc::usage, fmt::format("\"{}\" is no diversification", text)};
}

namespace {

std::string purpose_text(const keys::Keyset& keyset) {
    const auto purpose = keys::purpose_of(keyset);
    return purpose ? std::string{keys::in_words(*purpose)} : "roles of no known purpose";
}

std::string place_text(const keys::Keyset& keyset) {
    return keyset.held ? keyset.held->place() : "here";
}

/// A file of secrets that nobody else may read. @throws Error{keys_failed}, Error{input_invalid}
keys::SecretBytes read_secret_file(const std::string& path) {
    struct stat facts {};
    if (::stat(path.c_str(), &facts) != 0) throw Error{Errc::input_invalid, path + ": cannot be read"};
    if ((facts.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        throw Error{Errc::keys_failed, path + ": others may use this file; chmod 600 it first"};
    }
    std::ifstream in{path, std::ios::binary};
    if (!in) throw Error{Errc::input_invalid, path + ": cannot be read"};
    Botan::secure_vector<std::uint8_t> bytes{std::istreambuf_iterator<char>{in},
                                             std::istreambuf_iterator<char>{}};
    return keys::SecretBytes{std::move(bytes)};
}

constexpr const char* identity_names[] = {"csca", "document-signer", "content-signer", "citizen-ca"};

/// Signing identities by their certificates.
nlohmann::json show_identities(const keys::KeyStore& store) {
    auto list = nlohmann::json::array();
    for (const auto* name : identity_names) {
        if (!store.has_identity(name)) continue;
        const auto identity = store.identity(name);
        const auto facts = keys::certificate_facts(identity.certificate);
        say_field(name, fmt::format("{}, serial {}, {}", facts.subject, facts.serial, identity.key->place()));
        list.push_back({{"name", name},
                        {"subject", facts.subject},
                        {"serial", facts.serial},
                        {"place", identity.key->place()}});
    }
    return list;
}

int show(const keys::KeyStore& store, bool as_json) {
    auto list = nlohmann::json::array();
    for (const auto& name : store.names()) {
        for (const auto* keyset : store.versions(name)) {
            say_keyset(*keyset);
            list.push_back(keyset_json(*keyset));
        }
    }
    auto identities = show_identities(store);
    for (const auto& weakness : store.weaknesses()) say("! " + weakness, 2);
    if (store.development()) warn_development_keys();
    if (as_json) print_json({{"keysets", list}, {"identities", identities}});
    return exit_ok;
}

struct KeysOptions {
    std::string plain, file, passphrase, source = "prompt", type = "aes";
    KeyOptions keys;
    bool json = false;
};

int seal(const KeysOptions& options) {
    if (std::filesystem::exists(options.file)) {
        throw Error{Errc::usage, options.file + ": exists already; a key file is never overwritten"};
    }
    check_target(options.file);
    const auto plain = read_secret_file(options.plain);
    const auto passphrase =
        read_secret(options.passphrase, "passphrase of " + options.file, SecretAge::fresh);
    keys::write_key_file(options.file, plain, passphrase);
    try {
        // opened again as personalize will, so that a plain file with a fault leaves nothing behind
        const auto store = keys::open_key_file(options.file, passphrase);
        say(fmt::format("Sealed in {}. Destroy the plain file now.", options.file));
        return show(*store, options.json);
    } catch (...) {
        std::error_code ignored;
        std::filesystem::remove(options.file, ignored);
        throw;
    }
}

/// The check values of a key that somebody types, to be compared with what is printed beside it.
int kcv(const KeysOptions& options) {
    const auto type = key_type_named(options.type);
    std::string fault;
    const auto key = keys::secret_from_hex(read_secret(options.source, "the key, hexadecimal"), true, &fault);
    if (!fault.empty()) throw Error{Errc::input_invalid, "the key: " + fault};
    const auto misfit =
        keys::key_misfit(keys::KeyPurpose::secure_channel, type, keys::Diversification::none, key.size());
    if (!misfit.empty()) throw Error{Errc::input_invalid, "the key: " + misfit};
    nlohmann::json values;
    const auto tell = [&](keys::CheckMethod method, const char* words) {
        const auto text = to_hex(keys::check_value(key, type, method));
        say_field(text.substr(0, 6), fmt::format("{} ({})", words, text));
        values[std::string{keys::name(method)}] = text;
    };
    if (type == keys::KeyType::aes) {
        tell(keys::CheckMethod::globalplatform, "GlobalPlatform: of sixteen 01 bytes");
        tell(keys::CheckMethod::cmac, "CMAC of zeros");
    }
    tell(keys::CheckMethod::zeros, "of a block of zeros");
    if (options.json) print_json({{"kcv", values}});
    return exit_ok;
}

void add_key_file_commands(CLI::App& keys, Action& action) {
    auto options = std::make_shared<KeysOptions>();
    auto* make = keys.add_subcommand("seal", "Encrypt a plain key file (docs/keys.md) with a passphrase");
    make->add_option("PLAIN", options->plain, "Plain key file, readable by you alone")->required();
    make->add_option("FILE", options->file, "The encrypted key file to make")->required();
    passphrase_option(*make, "--passphrase-file", options->passphrase, "The passphrase it gets")->required();
    add_json_option(*make, options->json);
    make->callback([options, &action] { action = [options] { return seal(*options); }; });

    auto* list =
        keys.add_subcommand("show", "Names, versions, purposes, places and key check values; never a key");
    add_key_options(*list, options->keys);
    add_json_option(*list, options->json);
    list->callback([options, &action] {
        action = [options] { return show(*open_keys(options->keys), options->json); };
    });

    auto* check =
        keys.add_subcommand("kcv", "The check values of a key that is typed in, in every usual way");
    passphrase_option(*check, "SOURCE", options->source, "Where its hexadecimal digits come from");
    check->add_option("--type", options->type, "aes or des3; default: aes")
        ->check(CLI::IsMember({"aes", "des3"}))
        ->option_text("TYPE");
    add_json_option(*check, options->json);
    check->callback([options, &action] { action = [options] { return kcv(*options); }; });
}

}  // namespace

void say_keyset(const keys::Keyset& keyset) {
    std::string text = purpose_text(keyset) + fmt::format(", {}", keys::name(keyset.diversification));
    for (const auto& [role, value] : keyset.kcvs()) text += fmt::format(", {} KCV {}", role, value);
    if (keyset.held) text += ", in " + place_text(keyset);
    if (keyset.development) text += ", DEVELOPMENT KEYS";
    say_field(fmt::format("{} v{:02X}", keyset.name, keyset.version), text);
}

nlohmann::json keyset_json(const keys::Keyset& keyset) {
    const auto purpose = keys::purpose_of(keyset);
    return {{"name", keyset.name},
            {"version", keyset.version},
            {"type", keyset.type == keys::KeyType::aes ? "aes" : "des3"},
            {"diversification", keys::name(keyset.diversification)},
            {"purpose", purpose ? nlohmann::json(keys::name(*purpose)) : nlohmann::json(nullptr)},
            {"place", place_text(keyset)},
            {"development", keyset.development},
            {"kcvs", keyset.kcvs()}};
}

const keys::SecretBytes& key_of_role(const keys::Keyset& keyset, const std::string& role) {
    if (keyset.held) {
        throw Error{Errc::keys_failed,
                    fmt::format("keyset \"{}\" version {:02X} is in {}, which does not give its keys away",
                                keyset.name, keyset.version, keyset.held->place())};
    }
    const auto found = keyset.keys.find(role);
    if (found == keyset.keys.end()) {
        std::string there;
        for (const auto& entry : keyset.keys) there += (there.empty() ? "" : ", ") + entry.first;
        throw Error{Errc::keys_failed,
                    fmt::format("keyset \"{}\" version {:02X} has no key \"{}\"; there is: {}", keyset.name,
                                keyset.version, role, there)};
    }
    return found->second;
}

void add_keys(CLI::App& program, Action& action) {
    auto* keys = program.add_subcommand(
        "keys", "Keys: key files, ceremonies of several custodians, key blocks, cards, trust");
    keys->require_subcommand(1);
    add_key_file_commands(*keys, action);
    add_keys_ceremony(*keys, action);
    add_keys_components(*keys, action);
    add_keys_blocks(*keys, action);
    add_keys_card(*keys, action);
    add_keys_trust(*keys, action);
}

}  // namespace kartsaz::tools
