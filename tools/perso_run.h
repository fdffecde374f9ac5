// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "libcard/perso/personalize.h"
#include "tools/console.h"
#include "tools/issuing.h"
#include "tools/options.h"

/// The work that personalize, update and demo share.
namespace kartsaz::tools {

struct PersoOptions {
    CardOptions card;
    KeyOptions keys;
    std::string record;
    std::string profile = "national-eid";
    std::string journal;
    std::string receipt;
    IssuingOptions issuing;
    std::string pin;  ///< where the holder's PIN comes from, see secret_input.h; empty: he was not asked
    bool dry_run = false;
    bool reencode_photo = false;
    std::size_t photo_budget = record::LoadOptions{}.photo_budget;  ///< bytes
    perso::Permits permits;
};
void add_perso_options(CLI::App& command, PersoOptions& options);

/// Everything ready before a card is asked for: bad input is found while the reader is still empty.
class PersoJob {
public:
    explicit PersoJob(const PersoOptions& options) : PersoJob{options, open_keys(options.keys)} {}
    /// The same with a key store that is open.
    PersoJob(const PersoOptions& options, std::unique_ptr<keys::KeyStore> keys);
    /// Writes the card, or prints the plan. Returns the exit code.
    int run();
    /// The same on a card that is open, quietly. For demo.
    perso::Receipt personalize(apdu::Transport& card);

    const record::Loaded& loaded() const { return loaded_; }
    const keys::KeyStore& keys() const { return *keys_; }
    const profile::Profile& profile() const { return profile_; }

private:
    perso::Run prepare_run();
    int dry_run(apdu::Transport& card);
    int write(apdu::Transport& card);

    PersoOptions options_;
    profile::Profile profile_;
    std::unique_ptr<keys::KeyStore> keys_;
    std::unique_ptr<keys::DocumentSigner> signer_;
    perso::Applications applications_;
    std::unique_ptr<perso::Material> material_;
    record::Loaded loaded_;
    Issuing issuing_;
    std::optional<keys::SecretBytes> holder_pin_;
    perso::Order order_;
    std::optional<perso::Journal> journal_;
    ProgressBar bar_;
};

}  // namespace kartsaz::tools
