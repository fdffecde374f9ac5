// SPDX-License-Identifier: Apache-2.0
// What verifiers elsewhere need of this issuer, as a folder.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "apdu/error.h"
#include "keys/crypto.h"
#include "keys/issuer.h"
#include "keys/trust_files.h"
#include "libcard/perso/journal.h"
#include "tools/console.h"
#include "tools/exit_codes.h"
#include "tools/keys_command.h"

namespace kartsaz::tools {
namespace {

namespace fs = std::filesystem;

struct TrustExportOptions {
    std::string folder;
    std::vector<std::string> crls;
    KeyOptions keys;
    bool json = false;
};

std::vector<std::pair<std::string, Bytes>> read_crls(const TrustExportOptions& options, bool shipped) {
    std::vector<std::pair<std::string, Bytes>> out;
    for (const auto& file : options.crls) {
        check_source(file, "a CRL");
        std::ifstream in{file, std::ios::binary};
        out.emplace_back(file, Bytes{std::istreambuf_iterator<char>{in}, std::istreambuf_iterator<char>{}});
    }
    if (out.empty() && shipped) {
        out.emplace_back("development CRL", to_bytes(keys::development_crl_pem()));
        out.emplace_back("development CRL", to_bytes(keys::development_citizen_crl_pem()));
    }
    return out;
}

/// Readable by everybody, whatever the mask of this process is: it is for publication.
void make_public_folder(const fs::path& folder) {
    std::error_code fault;
    fs::create_directories(folder, fault);
    if (!fault) fs::permissions(folder, fs::perms{0755}, fault);
    if (fault)
        throw Error{Errc::store_failed,
                    fmt::format("{}: cannot be made: {}", folder.string(), fault.message())};
}

void write_public_file(const fs::path& file, const std::string& text) {
    perso::write_durably(file, text, 0644);
    std::error_code fault;
    fs::permissions(file, fs::perms{0644}, fault);
    if (fault) throw Error{Errc::store_failed, fmt::format("{}: {}", file.string(), fault.message())};
}

int export_trust(const TrustExportOptions& options) {
    check_target_folder(options.folder);
    const auto store = open_keys(options.keys);
    const bool shipped = options.keys.keys.empty() && options.keys.token.empty();
    const auto files = keys::trust_files(*store, read_crls(options, shipped));
    const fs::path folder{options.folder};
    make_public_folder(folder);
    auto list = nlohmann::json::array();
    if (store->development()) warn_development_keys();
    for (const auto& file : files) {
        const auto path = folder / file.path;
        make_public_folder(path.parent_path());
        write_public_file(path, to_text(file.content));
        say_field(file.kind, fmt::format("{}: {}", file.path, file.name));
        list.push_back({{"file", file.path},
                        {"kind", file.kind},
                        {"name", file.name},
                        {"serial", file.serial},
                        {"from", perso::utc_text(file.from)},
                        {"until", perso::utc_text(file.until)},
                        {"sha256", to_hex(keys::sha256(file.content))}});
    }
    const nlohmann::json index{{"format", "kartsaz-trust-1"}, {"files", list}};
    write_public_file(folder / "index.json", index.dump(2) + "\n");
    say(fmt::format("Written to {}; `kartsaz verify --trust {}` takes it.", options.folder, options.folder));
    if (options.json) print_json(index);
    return exit_ok;
}

}  // namespace

void add_keys_trust(CLI::App& keys, Action& action) {
    auto options = std::make_shared<TrustExportOptions>();
    auto* give = keys.add_subcommand("trust-export",
                                     "Certificates and CRLs for verifiers, as a folder; nothing secret");
    give->add_option("FOLDER", options->folder, "Folder to write; what is in it and not named again stays")
        ->required();
    give->add_option("--crl", options->crls, "A CRL of the country signer or the citizens' CA; once for each")
        ->allow_extra_args(false)
        ->option_text("FILE");
    add_key_options(*give, options->keys);
    add_json_option(*give, options->json);
    give->callback([options, &action] { action = [options] { return export_trust(*options); }; });
}

}  // namespace kartsaz::tools
