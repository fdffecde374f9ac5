// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "keys/local_ca.h"
#include "libcard/app/dump.h"

/// What the issuer's books say about the certificates of one card, held against the card.
namespace kartsaz::faults {

/// The own CA of a station and its ledger, in memory.
class Books {
public:
    Books();
    /// The same CA, which remembers the same.
    Books(const Books& other);
    Books& operator=(const Books&) = delete;
    ~Books();

    keys::LocalCa& authority() const { return *authority_; }
    /// See below. @param dump  everything that was issued was issued for this card
    std::string two_valid() const;
    std::string faults_of(const app::CardDump& dump) const;

private:
    explicit Books(std::unique_ptr<keys::CaLedger> ledger);
    keys::CaLedger& ledger_;
    std::unique_ptr<keys::LocalCa> authority_;
};

/// What is never true, however a call ended: two valid certificates for one key, or for one slot of a chip.
/// Empty, or which in words.
std::string two_valid(keys::CaLedger& ledger, std::int64_t at);
/// What must be true of a finished card: each of its keys has one certificate on the card and this is the
/// slot's one valid certificate in the ledger, byte for byte, made for the key that signed the challenge;
/// whatever else is in the ledger is revoked there and in the CRL that is made of it now.
/// @param ca  whose ledger it is  @param at  seconds since 1970
std::string books_against(keys::CaLedger& ledger, const keys::Identity& ca, const app::CardDump& dump,
                          std::int64_t at);

/// The certificates that the card's directory names, each for the key that signed a challenge.
/// @throws std::runtime_error when one is missing or a key did not sign
std::vector<Bytes> proved_certificates(const app::CardDump& dump);

}  // namespace kartsaz::faults
