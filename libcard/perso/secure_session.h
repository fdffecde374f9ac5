// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "apdu/transport.h"
#include "keys/key_store.h"
#include "keys/scp.h"
#include "libcard/perso/plan.h"
#include "libcard/perso/state.h"

/// Finding out which keys a card answers to, and opening its secure channel, without ever spending one of the
/// card's authentication tries on keys that cannot be right.
namespace kartsaz::perso {

/// What INITIALIZE UPDATE told.
struct KeyProbe {
    apdu::StatusWord sw;                    ///< not 9000: there is no such command, or no keys
    keys::InitializeUpdateResponse answer;  ///< when sw is 9000
    Bytes host_challenge;
    Bytes raw;  ///< the answer's bytes
    AnsweringKeys keys = AnsweringKeys::none;
    std::string keyset;  ///< of the store, when the keys are known
    /// Where i says that the challenge is made from counter and AID, and keys and AID are known: whether it
    /// is.
    std::optional<bool> challenge_ok;
};
/// Sends INITIALIZE UPDATE to the selected application, with a 16-byte challenge when 8 bytes are refused,
/// and compares the card's cryptogram with the keysets. A card that answers in SCP02 is asked for its
/// parameter i (GET DATA 66) and for a fresh handshake after that. Changes nothing on the card.
/// @param version  key version asked for, 00 = whatever the card takes first
/// @param aid  of the selected application, where the challenge is to be checked
/// @throws Error{secure_channel} when the answer is none of SCP02 or SCP03; Error{card_refused} for a variant
///         of SCP02 that is not spoken
KeyProbe probe_keys(apdu::Transport& card, const keys::KeyStore& store, const KeysetNames& names,
                    std::uint8_t version = 0x00, ByteView aid = {});

/// Opens the secure channel of the selected application, in the protocol that the card answers in.
/// @param form  what is known of it; for SCP02 the parameter i
/// @param pending  goes on from an INITIALIZE UPDATE that was answered before, where there is one
/// @param[out] used  the keys of the session as PUT KEY needs them, when asked for; see SecretAccess
/// @throws Error{keys_failed} when the card's cryptogram is not made by these keys (nothing was spent then);
///         Error{secure_channel} with a status word when the card refused EXTERNAL AUTHENTICATE (a try was
///         spent); Error{card_refused} when protocol and parameter do not offer the level
std::unique_ptr<keys::SecureTransport> open_channel(apdu::Transport& card, const keys::KeyStore& store,
                                                    const ScpUse& use, const keys::ScpForm& form,
                                                    const PendingHandshake* pending = nullptr,
                                                    std::optional<keys::ScpKeys>* used = nullptr);

/// Selects `aid` and opens its channel; where state.pending belongs to `aid`, both were done already. Clears
/// state.pending.
std::unique_ptr<keys::SecureTransport> enter_channel(apdu::Transport& card, const keys::KeyStore& store,
                                                     ByteView aid, const ScpUse& use, CardState& state);

/// The keyset of this name that a card of this protocol can hold: the one of `version`, where it fits, else
/// the newest that fits; null when none does. @param version  00 = the newest
const keys::Keyset* find_keyset(const keys::KeyStore& store, const std::string& name,
                                const keys::ScpForm& form, std::uint8_t version = 0);
/// The keyset of this name for the card that answered so. @throws Error{keys_failed} when there is none
const keys::Keyset& keyset_for(const keys::KeyStore& store, const std::string& name,
                               const keys::InitializeUpdateResponse& answer);

}  // namespace kartsaz::perso
