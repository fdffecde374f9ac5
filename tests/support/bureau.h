// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "keys/local_ca.h"
#include "libcard/perso/personalize.h"

namespace kartsaz::test {

/// What a station has ready before a card is fed: record, profile, keys, signer, and an issuer of
/// certificates that remembers in memory only.
class Bureau {
public:
    static constexpr std::int64_t moment = 1'763'700'000;  ///< 2025-11-21: within the demo record's validity

    /// @param profile  shipped name or file  @param record  record.json; the shipped demo record by default
    explicit Bureau(const std::string& profile, const std::filesystem::path& record = demo_record());

    static std::filesystem::path demo_record();

    perso::Run run(perso::Journal* journal = nullptr, perso::Permits permits = {}) const;
    const record::Record& record() const { return record_; }
    /// For records that differ a little; before run().
    record::Record& change() { return record_; }
    const keys::KeyStore& keys() const { return *keys_; }
    const perso::Order& order() const { return order_; }
    /// For other times, other issuers, a holder's PIN; before run().
    perso::Order& change_order() { return order_; }
    keys::LocalCa& authority() { return authority_; }

private:
    profile::Profile profile_;
    std::unique_ptr<keys::KeyStore> keys_;
    keys::DocumentSigner signer_;
    keys::LocalCa authority_;
    record::Record record_;
    perso::Applications applications_;
    perso::Order order_;
};

}  // namespace kartsaz::test
