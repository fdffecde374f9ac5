// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "apdu/transport.h"
#include "keys/key_store.h"
#include "keys/scp03.h"
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
};
/// Sends INITIALIZE UPDATE (key version 00) to the selected application, with a 16-byte challenge when 8
/// bytes are refused, and compares the card's cryptogram with the keysets. Changes nothing on the card.
/// @throws Error{secure_channel} when the answer is no SCP03 answer
/// @param version  key version asked for, 00 = whatever the card takes first
KeyProbe probe_keys(apdu::Transport& card, const keys::KeyStore& store, const KeysetNames& names,
                    std::uint8_t version = 0x00);

/// Opens SCP03 to the selected application.
/// @param pending  goes on from an INITIALIZE UPDATE that was answered before, where there is one
/// @param[out] used  the static keys of the session, when asked for
/// @throws Error{keys_failed} when the card's cryptogram is not made by these keys (nothing was spent then);
///         Error{secure_channel} with a status word when the card refused EXTERNAL AUTHENTICATE (a try was
///         spent)
std::unique_ptr<keys::SecureTransport> open_scp03(apdu::Transport& card, const keys::KeyStore& store,
                                                  const ScpUse& use, bool s16,
                                                  const PendingHandshake* pending = nullptr,
                                                  std::optional<keys::ScpKeys>* used = nullptr);

/// Selects `aid` and opens SCP03 to it; where state.pending belongs to `aid`, both were done already. Clears
/// state.pending.
std::unique_ptr<keys::SecureTransport> enter_scp03(apdu::Transport& card, const keys::KeyStore& store,
                                                   ByteView aid, const ScpUse& use, CardState& state);

/// The keyset of this name whose version the card reports; the newest one when the card reports none of them.
const keys::Keyset& keyset_for(const keys::KeyStore& store, const std::string& name, std::uint8_t version);

}  // namespace kartsaz::perso
