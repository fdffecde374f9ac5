// SPDX-License-Identifier: Apache-2.0
// Key files: sealed from a plain one, and shown by name and key check value. Nothing here prints a key.
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "apdu/error.h"
#include "keys/key_store.h"
#include "tools/command.h"
#include "tools/console.h"
#include "tools/exit_codes.h"
#include "tools/options.h"

namespace kartsaz::tools {
namespace {

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

int show(const keys::KeyStore& store, bool as_json) {
    nlohmann::json list = nlohmann::json::array();
    for (const auto& name : store.names()) {
        for (const auto* keyset : store.versions(name)) {
            const std::string label = fmt::format("{} v{:02X}", keyset->name, keyset->version);
            std::string text = std::string{keys::name(keyset->diversification)};
            for (const auto& [role, kcv] : keyset->kcvs()) text += fmt::format(", {} KCV {}", role, kcv);
            if (keyset->development) text += ", DEVELOPMENT KEYS";
            say_field(label, text);
            list.push_back({{"name", keyset->name},
                            {"version", keyset->version},
                            {"development", keyset->development},
                            {"kcvs", keyset->kcvs()}});
        }
    }
    if (as_json) print_json({{"keysets", list}});
    return exit_ok;
}

struct Options {
    std::string plain, file, passphrase_file;
    KeyOptions keys;
    bool json = false;
};

int seal(const Options& options) {
    if (std::filesystem::exists(options.file)) {
        throw Error{Errc::usage, options.file + ": exists already; a key file is never overwritten"};
    }
    const auto passphrase = keys::read_passphrase_file(options.passphrase_file);
    keys::write_key_file(options.file, read_secret_file(options.plain), passphrase);
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

}  // namespace

void add_keys(CLI::App& program, Action& action) {
    auto* keys = program.add_subcommand("keys", "Key files: seal a plain one, show names and check values");
    keys->require_subcommand(1);
    auto options = std::make_shared<Options>();
    auto* make = keys->add_subcommand("seal", "Encrypt a plain key file (docs/keys.md) with a passphrase");
    make->add_option("PLAIN", options->plain, "Plain key file, readable by you alone")->required();
    make->add_option("FILE", options->file, "The encrypted key file to make")->required();
    make->add_option("--passphrase-file", options->passphrase_file,
                     "File with the passphrase, readable by you alone")
        ->required();
    add_json_option(*make, options->json);
    make->callback([options, &action] { action = [options] { return seal(*options); }; });

    auto* list = keys->add_subcommand("show", "Names, versions and key check values; never a key");
    add_key_options(*list, options->keys);
    add_json_option(*list, options->json);
    list->callback([options, &action] {
        action = [options] { return show(*open_keys(options->keys), options->json); };
    });
}

}  // namespace kartsaz::tools
