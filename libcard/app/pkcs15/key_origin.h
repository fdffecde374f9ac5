// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "libcard/app/pkcs15/layout.h"

/// Whose key a card holds. A body may allow keys to be imported, and a holder may make keys with other
/// software: neither is ever certified as a key that the station saw the card make.
namespace kartsaz::app::pkcs15 {

/// What the station knows besides the card.
struct Knowledge {
    const perso::Order& order;
    const perso::Books& books;
};

/// True while only this call's predecessors can have made keys: the card was never finished, its PIN is set
/// and is the derived one (proved before anything else is done, and its PUK with it), and EF.PrKDF tells of
/// no key. Also where the body allows imports: it asks for that PIN first, which nobody has been told.
bool is_first_time(const State& own, const Knowledge& known);

/// True when the public key that the card tells for a slot is of a pair that the station saw the card make:
/// its journal or its CA's books say so, or a certificate beside it that the CA signed, by the CA's own
/// certificate; or it is_first_time().
bool is_of_the_card(const SlotView& view, const State& own, const Knowledge& known);

/// Why the slot's key is not gone on with or made, in words, with what to do; empty: nothing is in the way. A
/// key with the slot's label that is not is_of_the_card(), or what of the directories is another's and holds
/// the slot's reference or a file of it. A certificate of another's is no hindrance where the slot has its
/// key.
std::string held_by_others(const Slot& slot, const SlotView& view, const State& own, const Knowledge& known);

/// Why no key is made for the slot although its reference is free: one of its label is at another reference,
/// because the profile's `reference` was changed. Empty: there is none.
std::string moved_away(const Slot& slot, const State& own);

}  // namespace kartsaz::app::pkcs15
