// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "keys/local_ca.h"
#include "libcard/perso/personalize.h"
#include "libcard/sim/body.h"
#include "tests/support/token/soft_token.h"

/// A station whose keys are all in one token, and the bodies it is fed with.
namespace kartsaz::test {

/// What a ceremony leaves in the token, and nowhere else: masters, three signing keys, and the published
/// transport keys of a blank body, readable, as the station must speak them.
void fill(const std::shared_ptr<keys::Pkcs11Token>& token);
/// The three signing keys only.
void fill_authorities(const std::shared_ptr<keys::Pkcs11Token>& token);

class TokenStation {
public:
    /// @param rest  for what the token lacks
    explicit TokenStation(std::shared_ptr<keys::Pkcs11Token> token,
                          const std::string& profile = "national-eid", bool production = false,
                          std::unique_ptr<keys::KeyStore> rest = nullptr);

    perso::Receipt personalize(sim::Body& body) const;
    /// Empty when the card is good, by the certificates that the token holds.
    std::string faults_of(sim::Body& body) const;
    const keys::KeyStore& store() const { return *store_; }
    keys::CaLedger& ledger() const { return *ledger_; }

private:
    std::shared_ptr<keys::Pkcs11Token> token_;
    profile::Profile profile_;
    std::unique_ptr<keys::KeyStore> store_;
    keys::DocumentSigner signer_;
    keys::CaLedger* ledger_ = nullptr;  ///< of authority_
    keys::LocalCa authority_;
    record::Record record_;
    perso::Applications applications_;
    perso::Order order_;
};

/// @param serial  of the chip
std::unique_ptr<sim::Body> blank_body(std::uint32_t serial = 0x00C0FFEE);

}  // namespace kartsaz::test
