// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "apdu/transport.h"
#include "keys/key_store.h"
#include "keys/scp.h"
#include "libcard/perso/journal.h"

/// Changing the issuer's keys on a card that was issued: from the version it holds to another one of the same
/// keyset.
namespace kartsaz::app::globalplatform {

/// AID of the issuer security domain that cards have unless their maker says otherwise.
Bytes issuer_domain();

struct Rotation {
    std::string keyset = "issuer";
    std::uint8_t to = 0;  ///< key version that the card is to hold, 01 to 7F
    Bytes card_manager;   ///< AID; empty: the issuer security domain's own
    keys::ScpLevel level = keys::ScpLevel::c_mac_c_dec;
    bool older = false;                          ///< to a version below the one on the card, too
    bool release_failed_authentication = false;  ///< goes on where the journal says hands off
};

struct RotationReport {
    std::string chip;                 ///< its name, or one made from its key diversification data
    std::uint8_t from = 0;            ///< version that answered before; `to` when there was nothing to do
    std::string kcvs;                 ///< of the chip's own keys that answer now
    std::vector<std::string> done{};  ///< what was sent, in words; empty when there was nothing to do
    bool development = false;         ///< the keys that the card holds now are published ones
};

/// Safe against a tear at any point: PUT KEY replaces a version by another in one command, and which of both
/// answers is found out by the card's cryptogram, never by a failed attempt. The same call goes on from
/// wherever a card was left, also from one that holds both versions: the old one is deleted under the new
/// one.
/// @param journal  null: none is kept. Its entry "CHIP keys" says what was begun; the chip's own entry is
///                 asked whether it must be left alone
/// @throws Error{keys_failed} when the store has no such keys or the card answers to none of them;
///         Error{card_refused} when it is not a card to rotate, or said no: it then holds what it held;
///         Error{interrupted} when it went away after the first change was sent: the same call goes on;
///         Error{secure_channel} when it refused the authentication (a try was spent, and the journal says
///         so)
RotationReport rotate_keys(apdu::Transport& card, const keys::KeyStore& store, const Rotation& rotation,
                           const perso::Journal* journal);

}  // namespace kartsaz::app::globalplatform
