// SPDX-License-Identifier: Apache-2.0
// Key blocks under a transport key, for exchange with card makers. Nothing here prints a key.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "apdu/error.h"
#include "keys/key_block.h"
#include "keys/key_file.h"
#include "keys/key_purpose.h"
#include "libcard/perso/journal.h"
#include "tools/console.h"
#include "tools/exit_codes.h"
#include "tools/keys_command.h"
#include "tools/secret_input.h"

namespace kartsaz::tools {
namespace {

/// What a key is for, in the letters of X9.143.
void describe(const std::string& role, bool master, keys::KeyBlockHeader& header) {
    if (role == "kbpk") {
        header.usage = "K1";
        header.mode = 'B';
    } else if (role == "dek" && !master) {
        header.usage = "K0";  // encrypts the keys of PUT KEY
        header.mode = 'B';
    } else {
        header.usage = "B3";  // derives keys: of cards, or of sessions
        header.mode = 'X';
    }
}

}  // namespace

CLI::Option* under_option(CLI::App& command, std::string& under) {
    return command
        .add_option("--under", under, "Keyset of the key store whose role kbpk is the transport key")
        ->option_text("KEYSET");
}

const keys::SecretBytes& transport_key(const keys::KeyStore& store, const std::string& name) {
    return key_of_role(store.keyset(name), "kbpk");
}

nlohmann::json write_blocks(const Exported& exported, const keys::SecretBytes& kbpk,
                            const std::string& file) {
    nlohmann::json out;
    std::string text = "# Key blocks of ANSI X9.143 (ISO 20038, TR-31), version D: role and block.\n";
    for (const auto& [role, key] : exported.keys) {
        keys::KeyBlockHeader header;
        header.algorithm = exported.type == keys::KeyType::aes ? 'A' : 'T';
        header.key_version = exported.version;
        header.exportability = exported.exportability;
        describe(role, exported.masters, header);
        header.optional = {{"KC", keys::key_check_field(*key, exported.type)},
                           {"KP", keys::key_check_field(kbpk, keys::KeyType::aes)},
                           {"LB", exported.name + "/" + role}};
        const auto block = keys::wrap_key_block(header, *key, kbpk);
        text += role + " " + block + "\n";
        out[role] = block;
        say_field(role, fmt::format("KCV {}, usage {}, mode {}, {} characters",
                                    to_hex(keys::kcv(*key, exported.type)), header.usage, header.mode,
                                    block.size()));
    }
    perso::write_durably(file, text, 0600);
    say(fmt::format("Written to {}.", file));
    return out;
}

namespace {

struct ExportOptions {
    std::string keyset, role, version, under, file, exportability = "N";
    KeyOptions keys;
    bool json = false;
};

int export_block(const ExportOptions& options) {
    const auto version = optional_key_version(options.version, "--key-version");
    check_target(options.file);
    const auto store = open_keys(options.keys);
    const auto& keyset = store->keyset(options.keyset, version);
    const auto& kbpk = transport_key(*store, options.under);
    if (keyset.name == options.under) {
        throw Error{Errc::usage,
                    fmt::format("--under {}: a keyset is not exported under its own key; who can read the "
                                "block has the key already",
                                options.under)};
    }
    const auto purpose = keys::purpose_of(keyset);
    Exported exported;
    exported.type = keyset.master_type();
    exported.masters =
        keyset.diversification != keys::Diversification::none || purpose != keys::KeyPurpose::secure_channel;
    exported.name = fmt::format("{}/{:02X}", keyset.name, keyset.version);
    exported.version = fmt::format("{:02X}", keyset.version);
    exported.exportability = options.exportability.front();
    if (!options.role.empty()) {
        exported.keys.emplace_back(options.role, &key_of_role(keyset, options.role));
    } else {
        for (const auto& role : purpose ? keys::roles_of(*purpose) : std::vector<std::string>{})
            exported.keys.emplace_back(role, &key_of_role(keyset, role));
    }
    if (keyset.development) warn_development_keys();
    const auto blocks = write_blocks(exported, kbpk, options.file);
    if (options.json) print_json({{"keyset", keyset.name}, {"version", keyset.version}, {"blocks", blocks}});
    return exit_ok;
}

struct BlockOptions {
    std::vector<std::string> blocks;
    std::string under, name, version, type = "aes", diversification = "none";
    KeyOptions keys;
    bool development = false, json = false;
};

std::string read_text(const std::string& file) {
    check_source(file, "a file of key blocks");
    constexpr std::size_t most = 1U << 20U;
    std::ifstream in{file, std::ios::binary};
    std::string out{std::istreambuf_iterator<char>{in}, std::istreambuf_iterator<char>{}};
    if (!in.good() && !in.eof()) throw Error{Errc::input_invalid, file + ": cannot be read"};
    if (out.size() > most) throw Error{Errc::input_invalid, file + ": more than 1 MiB"};
    return out;
}

struct NamedBlock {
    std::string role, block, what;
};

std::string trimmed(const std::string& text) {
    constexpr const char* blanks = " \t\r";
    const auto first = text.find_first_not_of(blanks);
    if (first == std::string::npos) return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

/// FILE with lines of role and block, or ROLE=FILE with one block. A block can have blanks in its header.
std::vector<NamedBlock> read_blocks(const std::string& argument) {
    std::vector<NamedBlock> out;
    const auto equals = argument.find('=');
    const bool named = equals != std::string::npos;
    const auto file = named ? argument.substr(equals + 1) : argument;
    std::istringstream lines{read_text(file)};
    std::size_t number = 0;
    for (std::string line; std::getline(lines, line);) {
        ++number;
        line = trimmed(line);
        if (line.empty() || line.front() == '#') continue;
        const auto what = fmt::format("{}, line {}", file, number);
        const auto blank = named ? std::string::npos : line.find_first_of(" \t");
        if (!named && blank == std::string::npos) {
            throw Error{Errc::input_invalid, fmt::format("{}: a role and a key block expected", what)};
        }
        out.push_back({named ? argument.substr(0, equals) : line.substr(0, blank),
                       named ? line : trimmed(line.substr(blank)), what});
    }
    if (out.empty()) throw Error{Errc::input_invalid, file + ": no key block is in it"};
    return out;
}

/// The key of one block, after everything that the block says of itself was found true.
keys::SecretBytes open_block(const NamedBlock& named, const keys::SecretBytes& kbpk, keys::KeyType type) {
    const auto what = fmt::format("{} ({})", named.what, named.role);
    const auto header = keys::read_key_block_header(named.block, what);
    const auto own = header.version == 'D' ? keys::KeyType::aes : keys::KeyType::des3;
    if (const auto told = header.find("KP"); told && *told != keys::key_check_field(kbpk, own)) {
        throw Error{
            Errc::keys_failed,
            fmt::format("{}: it says that its transport key has the check value {}, but this one has {}",
                        what, *told, keys::key_check_field(kbpk, own))};
    }
    auto opened = keys::unwrap_key_block(named.block, kbpk, what);
    if (opened.header.algorithm != (type == keys::KeyType::aes ? 'A' : 'T')) {
        throw Error{
            Errc::keys_failed,
            fmt::format("{}: a key of algorithm {}, but {} was asked for", what, opened.header.algorithm,
                        type == keys::KeyType::aes ? "AES (A)" : "triple DES (T)")};
    }
    if (const auto told = opened.header.find("KC");
        told && *told != keys::key_check_field(opened.key, type)) {
        throw Error{Errc::keys_failed,
                    fmt::format("{}: the key's check value is not the one that the block tells", what)};
    }
    const auto label = opened.header.find("LB").value_or("");
    const auto slash = label.rfind('/');
    static const std::vector<std::string> roles{"enc", "mac", "dek",  "aa",
                                                "pin", "puk", "kbpk", "management"};
    const auto labelled = slash == std::string::npos ? std::string{} : label.substr(slash + 1);
    if (labelled != named.role && std::find(roles.begin(), roles.end(), labelled) != roles.end()) {
        throw Error{Errc::keys_failed, fmt::format("{}: its label says \"{}\"", what, label)};
    }
    return std::move(opened.key);
}

int import_block(const BlockOptions& options) {
    if (options.keys.keys.empty()) {
        throw Error{Errc::usage, "import-block needs --keys: the key file that the keyset goes into"};
    }
    if (options.keys.passphrase_file.empty()) {
        throw Error{Errc::usage, "--keys needs --passphrase-file"};
    }
    keys::Keyset keyset;
    keyset.name = options.name;
    keyset.version = key_version(options.version, "--key-version");
    keyset.type = key_type_named(options.type);
    keyset.diversification = diversification_named(options.diversification);
    keyset.development = options.development;
    std::vector<NamedBlock> blocks;
    for (const auto& argument : options.blocks) {
        for (auto& block : read_blocks(argument)) blocks.push_back(std::move(block));
    }
    const auto passphrase = read_secret(options.keys.passphrase_file, "passphrase of " + options.keys.keys);
    const auto store = keys::open_key_file(options.keys.keys, passphrase);
    const auto& kbpk = transport_key(*store, options.under);
    for (const auto& block : blocks) {
        if (!keyset.keys.emplace(block.role, open_block(block, kbpk, keyset.master_type())).second) {
            throw Error{Errc::input_invalid, fmt::format("{}: a second key for {}", block.what, block.role)};
        }
    }
    if (!keys::purpose_of(keyset)) {
        throw Error{Errc::input_invalid,
                    "import-block: blocks for enc, mac and dek, or aa, or kbpk, or management, or pin and "
                    "puk are needed"};
    }
    const auto version = keyset.version;
    keys::add_keyset(options.keys.keys, passphrase, std::move(keyset));
    const auto after = keys::open_key_file(options.keys.keys, passphrase);
    const auto& written = after->keyset(options.name, version);
    say(fmt::format("The keyset is in {}.", options.keys.keys));
    say_keyset(written);
    if (options.json) print_json({{"file", options.keys.keys}, {"keyset", keyset_json(written)}});
    return exit_ok;
}

}  // namespace

void add_keys_blocks(CLI::App& keys, Action& action) {
    auto sent = std::make_shared<ExportOptions>();
    auto* out = keys.add_subcommand("export-block", "Keys of a keyset as key blocks under a transport key");
    out->add_option("KEYSET", sent->keyset, "Name of the keyset")->required();
    out->add_option("ROLE", sent->role, "One of its keys; default: all of them");
    out->add_option("--key-version", sent->version,
                    "Which version, two hexadecimal digits; default: the newest")
        ->option_text("VERSION");
    under_option(*out, sent->under)->required();
    out->add_option(
           "--exportability", sent->exportability,
           "What the receiver may do: N never export it, E under a transport key, S under other keys; "
           "default: N")
        ->check(CLI::IsMember({"E", "N", "S"}))
        ->option_text("LETTER");
    file_option(*out, "-o,--output", sent->file, "File to write: role and block, a line each")->required();
    add_key_options(*out, sent->keys);
    add_json_option(*out, sent->json);
    out->callback([sent, &action] { action = [sent] { return export_block(*sent); }; });

    auto got = std::make_shared<BlockOptions>();
    auto* in = keys.add_subcommand("import-block", "A keyset from key blocks under a transport key");
    in->add_option("BLOCKS", got->blocks, "Files with role and block in a line, or ROLE=FILE with one block")
        ->required();
    under_option(*in, got->under)->required();
    in->add_option("--keyset", got->name, "Name that it gets")->option_text("NAME")->required();
    in->add_option("--key-version", got->version, "Its version, two hexadecimal digits")
        ->option_text("VERSION")
        ->required();
    in->add_option("--type", got->type, "What the card holds: aes or des3; default: aes")
        ->check(CLI::IsMember({"aes", "des3"}))
        ->option_text("TYPE");
    in->add_option("--diversification", got->diversification,
                   "none, kdf3, emv-cps11 or visa2; default: none, the keys are a card's own")
        ->check(CLI::IsMember(diversification_names))
        ->option_text("SCHEME");
    in->add_flag("--development", got->development, "Mark the keys as not for production");
    add_key_options(*in, got->keys);
    add_json_option(*in, got->json);
    in->callback([got, &action] { action = [got] { return import_block(*got); }; });
}

}  // namespace kartsaz::tools
