// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "apdu/command.h"
#include "apdu/transport.h"
#include "keys/certificate_source.h"
#include "keys/key_store.h"
#include "keys/pin.h"
#include "keys/scp.h"
#include "libcard/perso/state.h"
#include "libcard/perso/transport_pin.h"

/// The difference between image and state, as steps. Pure data: printing it is the dry run.
namespace kartsaz::perso {

/// Steps run in the order of their phase; inside one phase in the order of the profile's applications.
enum class Phase { card_keys, install, card_life_cycle, secrets, files, seal };

/// A secure channel that a target is spoken to through.
struct ScpUse {
    std::string keyset;        ///< of the key store
    std::uint8_t version = 0;  ///< asked for in INITIALIZE UPDATE; 00 = whatever is there
    keys::ScpLevel level = keys::ScpLevel::all;
};

/// Where steps are sent: an application, plain or under a secure channel.
struct Target {
    std::string application;
    Bytes aid;
    apdu::CommandApdu select;         ///< how it is selected
    std::size_t select_response = 0;  ///< bytes of FCI that come back
    std::optional<ScpUse> scp;
};

/// What steps may ask for when they run, besides the card.
struct Services {
    const keys::KeyStore& store;
    keys::CertificateSource* certificates = nullptr;  ///< null: no step may need a certificate
    const keys::PinMailer* mailer = nullptr;          ///< null: no letters are written
    const keys::SecretBytes* holder_pin = nullptr;    ///< the holder's own PIN, where he was asked for it
};

/// What a secret's data field may be made from when its step runs.
struct SecretAccess {
    const keys::KeyStore& store;
    const Services& services;
    const ChipIdentity& chip;
    /// Keys of the open secure channel; `dek` is what PUT KEY encrypts under: the card's own in SCP03, the
    /// session's in SCP02. Null without a channel.
    const keys::ScpKeys* channel_keys;
};

/// A command whose data field is a secret: made when it is sent, wiped right after.
struct SecretCommand {
    apdu::CommandApdu header;   ///< without data
    std::size_t data_size = 0;  ///< exact
    std::string names;          ///< "issuer v31": what a receipt says
    std::function<keys::SecretBytes(const SecretAccess&)> data;
    std::function<void(const apdu::ResponseApdu&, const SecretAccess&)> check;  ///< may be empty
};

/// What a run has learned from the card and the issuer so far, by item id: "pkcs15/signature.public-key".
/// Public data only.
using Learned = std::map<std::string, Bytes, std::less<>>;

/// Commands that can be made only when they are sent: their content follows from what the card or the issuer
/// answered before. How many there are and how long they are is known in advance, or a good guess where only
/// an outside issuer knows.
struct LateCommands {
    std::vector<apdu::CommandApdu> expected;  ///< right in header and length; content does not count
    std::function<std::vector<apdu::CommandApdu>(Learned&, const Services&)> make;
};

struct Step {
    std::string id;     ///< stable: "emrtd/EF.DG1/update@0"
    std::string label;  ///< "EF.DG1: write bytes 0..92"
    Phase phase = Phase::files;
    std::size_t target = 0;  ///< index into Plan::targets
    std::variant<apdu::CommandApdu, SecretCommand, LateCommands> action;
    std::size_t response_size = 0;         ///< bytes of plain response data
    std::size_t written = 0;               ///< bytes of non-volatile memory, for the time model
    bool irreversible = false;             ///< cannot be taken back; a dry run marks it
    std::vector<std::uint16_t> also_ok{};  ///< status words that mean "it is so already"
    /// Takes what the answer (the last one, of late commands) tells; may be empty.
    /// @throws Error{card_refused} when the answer cannot be used
    std::function<void(const apdu::ResponseApdu&, Learned&)> take{};
    double card_seconds = 0;  ///< the chip's own work besides link and memory, for the time model
    /// Proves a PIN or key to the card, which counts failures: a refusal is remembered, never repeated by
    /// itself.
    bool authenticates = false;
    /// Item of Learned with the public key of the pair that this step made; the journal notes it at once.
    std::string makes_key{};
    bool by_holder =
        false;  ///< proves the holder's own PIN; the journal notes that it is not the delivered one
    /// Tries the PIN that a finished card was delivered with: its refusal leaves the holder's own to be
    /// tried.
    bool delivered_pin = false;
    bool upkeep = false;  ///< renews what time has taken; a complete card takes it without a permit

    std::uint8_t ins() const;       ///< of the first command
    std::size_t data_size() const;  ///< of all its commands
    std::size_t commands() const;   ///< how many it sends
};

struct Plan {
    /// The keyset that answers once the card keys phase has run: what later targets open their channel with.
    /// Set by the application that manages the card's keys; empty without one.
    std::string channel_keyset;
    /// These steps change which applications there are on the card: after them it is looked at again, and
    /// only then the applications behind the one that said so are planned.
    bool look_again = false;
    /// How the PIN that the card is delivered with is made, where these steps send it: for the receipt.
    std::optional<TransportPin> transport_pin;
    std::vector<Target> targets;
    std::vector<Step> steps;

    /// Index of an equal target, appended when it is new.
    std::size_t target(const Target& wanted);
    bool empty() const noexcept { return steps.empty(); }
    /// Steps into phase order; stable.
    void arrange();
};

/// Largest plain data of one command and response under `scp` when the card takes `outer`; `outer` itself
/// without a channel.
apdu::BlockLimits plain_limits(const apdu::BlockLimits& outer, const std::optional<ScpUse>& scp,
                               const keys::ScpForm& form);

}  // namespace kartsaz::perso
