// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "keys/ca_ledger.h"
#include "keys/key_store.h"
#include "tools/command.h"
#include "tools/issuing.h"
#include "tools/options.h"

/// What the files of `kartsaz ca` share.
namespace kartsaz::tools {

/// "csca" or "citizen-ca", and the folder of the ledgers.
struct AuthorityOptions {
    std::string name = "citizen-ca";
    std::string folder;
    KeyOptions keys;

    std::filesystem::path path() const {
        return folder.empty() ? default_ca_folder() : std::filesystem::path{folder};
    }
};
void add_authority_options(CLI::App& command, AuthorityOptions& options);

enum class Missing { is_an_error, is_made };
/// The ledger of an authority. One that is not there is an error where it is only to be read: an empty one
/// would say that nothing was ever issued. @throws Error{store_failed}
std::unique_ptr<keys::CaLedger> open_ledger(const std::filesystem::path& folder,
                                            const keys::Identity& authority, Missing missing,
                                            keys::CaLedger::Use use = keys::CaLedger::Use::write);

void add_ca_init(CLI::App& ca, Action& action);
void add_ca_books(CLI::App& ca, Action& action);

}  // namespace kartsaz::tools
