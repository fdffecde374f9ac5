// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "apdu/error.h"
#include "keys/certificate_pool.h"
#include "libcard/profile/profile.h"
#include "libcard/record/record.h"
#include "libcard/verify/verify.h"
#include "tools/reading.h"

namespace kartsaz::tools {

struct JudgeOptions {
    std::string expect, trust, at, against, receipt, profile, report, junit;
    bool demand_crl = false;
    bool reencode_photo = false;  ///< of --expect, as it was when the card was written
    std::size_t photo_budget = record::LoadOptions{}.photo_budget;  ///< the same, bytes
};

/// Everything that a verdict needs besides the card, read once and before the card is asked for.
class Judge {
public:
    explicit Judge(const JudgeOptions& options);
    verify::Report operator()(const app::CardDump& dump) const;
    /// Writes --report and --junit.
    void write_files(const verify::Report& report) const;

private:
    JudgeOptions options_;
    void demand_keys(const perso::Receipt& receipt);
    void demand_keys(const profile::Profile& profile);

    JudgedAt at_;
    bool development_ = false;
    void load_trusts();

    std::unique_ptr<keys::TrustAnchors> trust_, holder_trust_;
    keys::CertificatePool pool_;
    /// Why the folder of --trust can judge no passports and signatures, or no PIV cards; empty: it can.
    std::optional<Error> no_trust_, no_pool_;
    std::optional<record::Record> expected_;
    std::optional<std::string> receipt_chip_;
    std::map<std::string, std::string> demanded_;
    std::vector<verify::DemandedKey> demanded_keys_;
    std::optional<app::CardDump> registered_;
};

}  // namespace kartsaz::tools
