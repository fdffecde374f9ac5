// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "apdu/transport.h"
#include "keys/key_store.h"
#include "libcard/sim/body.h"

/// A simulated body with a person on it, written by the commands of the JMRTD applet.
namespace kartsaz::test {

struct PersonalCard {
    std::unique_ptr<sim::Body> body;
    std::map<std::string, Bytes> files;  ///< what was written
    std::string mrz_information;
    Bytes public_key;  ///< of Active Authentication
};
/// @param kind  "kartsaz": PACE, ECDSA, DG3; others: BAC and RSA 1024
PersonalCard personal_card(const std::string& kind, bool lock = true);

/// Stands before a transport: counts, and lets a test change what comes back.
class Meddler final : public apdu::Transport {
public:
    explicit Meddler(apdu::Transport& below) : below_{below} {}
    std::function<void(const apdu::CommandApdu&, apdu::ResponseApdu&)> change;
    std::optional<apdu::BlockLimits> claims;  ///< until refuse_extended()
    std::size_t count = 0;
    std::map<unsigned, std::size_t> by_ins;
    std::size_t resets = 0;

    apdu::ResponseApdu transmit(const apdu::CommandApdu& command) override;
    Bytes reset() override;
    Bytes atr() const override { return below_.atr(); }
    apdu::BlockLimits limits() const override { return claims ? *claims : below_.limits(); }
    void refuse_extended() override { claims = apdu::BlockLimits{}; }

private:
    apdu::Transport& below_;
};

/// A store with one AES keyset, not diversified.
class OneKeyset final : public keys::KeyStore {
public:
    OneKeyset(const std::string& name, std::string_view key_hex);
    const keys::Keyset& keyset(std::string_view name, std::optional<std::uint8_t> version) const override;
    std::vector<const keys::Keyset*> versions(std::string_view name) const override;
    std::vector<std::string> names() const override { return {keyset_.name}; }
    const keys::SecretBytes& blob(std::string_view name) const override;
    bool development() const override { return true; }

private:
    keys::Keyset keyset_;
};
/// The published key that blank bodies have.
constexpr std::string_view published_key = "404142434445464748494A4B4C4D4E4F";

}  // namespace kartsaz::test
