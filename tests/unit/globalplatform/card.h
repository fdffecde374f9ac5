// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "apdu/error.h"
#include "apdu/exchanger.h"
#include "keys/memory_key_store.h"
#include "libcard/app/dump.h"
#include "libcard/perso/personalize.h"
#include "libcard/sim/body.h"
#include "libcard/verify/verify.h"

/// Cards and stations for the tests of the card manager.
namespace kartsaz::test {

/// A station with the demo record, the shipped development keys and a profile of its own.
class Desk {
public:
    /// @param profile  text  @param keys  development keys when null
    explicit Desk(const std::string& profile, std::unique_ptr<keys::KeyStore> keys = nullptr);

    perso::Run run(perso::Journal* journal = nullptr) const;
    perso::Prepared prepare(sim::Body& body) const;
    perso::Receipt personalize(sim::Body& body, perso::Journal* journal = nullptr) const;
    /// The error of a call that must fail; its code and text.
    std::pair<Errc, std::string> refusal(sim::Body& body) const;
    app::CardDump read(sim::Body& body) const;
    /// What verification finds wrong; empty for a good card.
    std::string faults(sim::Body& body) const;
    const keys::KeyStore& keys() const { return *keys_; }

private:
    profile::Profile profile_;
    std::unique_ptr<keys::KeyStore> keys_;
    keys::DocumentSigner signer_;
    record::Record record_;
    perso::Applications applications_;
    perso::Order order_;
};

/// A profile of a card manager and a passport application, as national-eid has them.
/// @param level  of both sections  @param more  lines of [globalplatform]
std::string profile_text(const std::string& level = "03", const std::string& more = "");

/// A repeatable body. @param scp  2 or 3  @param i  parameter, the usual one without it
std::unique_ptr<sim::Body> body(std::uint8_t scp, std::optional<std::uint8_t> i = {}, bool bare = false);

/// What `describe` tells of the body.
std::string told(const sim::Body& body, const char* pointer);

/// APDUs of one whole call on a copy of the body.
std::uint64_t apdus(const Desk& desk, sim::Body& body);

}  // namespace kartsaz::test
