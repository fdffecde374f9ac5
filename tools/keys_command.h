// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/App.hpp>
#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "keys/check_value.h"
#include "keys/key_store.h"
#include "tools/command.h"
#include "tools/options.h"

/// What the subcommands of `kartsaz keys` share. Nothing here prints a key.
namespace kartsaz::tools {

void add_keys_ceremony(CLI::App& keys, Action& action);    ///< new-ceremony, new-component, show-component
void add_keys_components(CLI::App& keys, Action& action);  ///< import-component, combine
void add_keys_blocks(CLI::App& keys, Action& action);      ///< export-block, import-block
void add_keys_card(CLI::App& keys, Action& action);        ///< derive, rotate
void add_keys_trust(CLI::App& keys, Action& action);       ///< trust-export

/// Version of a key: two hexadecimal digits, as all output has it. @throws Error{usage}
std::uint8_t key_version(const std::string& text, std::string_view option);
/// The same where it may be left out: empty for the newest.
std::optional<std::uint8_t> optional_key_version(const std::string& text, std::string_view option);
/// "aes", "des3"; "none", "kdf3", ..; as the command line was checked for.
keys::KeyType key_type_named(const std::string& text);
keys::Diversification diversification_named(const std::string& text);
extern const std::vector<std::string> diversification_names;

/// A keyset for people (a line each role) and for machines.
void say_keyset(const keys::Keyset& keyset);
nlohmann::json keyset_json(const keys::Keyset& keyset);

/// The key that key blocks go under: role kbpk of this keyset. @throws Error{keys_failed}
const keys::SecretBytes& transport_key(const keys::KeyStore& store, const std::string& name);
/// A key of the store that is to be used here. @throws Error{keys_failed} when a token holds it
const keys::SecretBytes& key_of_role(const keys::Keyset& keyset, const std::string& role);

/// Keys of one card or one keyset on their way into key blocks.
struct Exported {
    std::vector<std::pair<std::string, const keys::SecretBytes*>> keys;  ///< by role
    keys::KeyType type = keys::KeyType::aes;
    bool masters = true;       ///< they derive other keys, and are on no card
    std::string name;          ///< keyset and version, for the label in the block
    std::string version;       ///< two letters or digits
    char exportability = 'N';  ///< what the receiver may do: E, N, S of X9.143
};
/// Writes `file`: a line for each role, the role and its block. @return the blocks by role, for --json
nlohmann::json write_blocks(const Exported& exported, const keys::SecretBytes& kbpk, const std::string& file);
/// The option --under, and how it is explained everywhere.
CLI::Option* under_option(CLI::App& command, std::string& under);

}  // namespace kartsaz::tools
