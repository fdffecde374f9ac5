// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "apdu/command.h"
#include "libcard/app/globalplatform/application.h"
#include "libcard/app/globalplatform/registry.h"

/// Commands of the card manager, and what the parts of this folder share.
namespace kartsaz::app::globalplatform {

/// Bytes of CPLC data under tag 9F7F.
inline constexpr std::size_t cplc_size = 42;
/// What SELECT of the card manager is answered with on a CARD_LOCKED card: it is selected all the same, and
/// nothing else can be. GPCS 2.3.1, 11.9.3.2.
inline constexpr std::uint16_t card_is_locked = 0x6283;

/// SET STATUS of the card; for the card itself the AID in the data field says nothing and is left out.
/// GPCS 2.3.1, 11.10.
apdu::CommandApdu set_card_status(CardLifeCycle state);
/// PUT KEY header for a set of three keys. @param replaced version that goes away, 00 = a new set.
/// GPCS 2.3.1, 11.8.
apdu::CommandApdu put_key_header(std::uint8_t replaced);

/// By GET STATUS inside a secure channel; empty when the card does not tell.
std::optional<CardLifeCycle> read_life_cycle(apdu::Transport& secured);

/// The issuer's newest keyset that fits the protocol of the card. @throws Error{keys_failed} in words when
/// the key store has none
const keys::Keyset& issuer_keyset(const perso::Order& order, const perso::CardState& state);

void observe(apdu::Transport& card, const perso::Order& order, perso::CardState& state);
void look_inside(apdu::Transport& card, const perso::Order& order, perso::CardState& state);
void plan(const perso::Order& order, const perso::CardState& state, perso::Plan& plan);

}  // namespace kartsaz::app::globalplatform
