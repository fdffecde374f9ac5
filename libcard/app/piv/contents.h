// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "libcard/app/piv/application.h"

/// What the objects of one card must say, by record, profile and what the card can hold.
namespace kartsaz::app::piv {

/// The card's UUID: version 5 of RFC 4122 over what the card is called, so every attempt on the card gives
/// the same. @param identity  keys::identity_of_card()
Bytes guid_of(std::string_view identity);
/// "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6". @param guid  16 bytes
std::string urn_of(ByteView guid);

/// The CCC of a card that is called so: no change of the record changes it. Written last, it says that the
/// card was finished once.
Bytes ccc_of(std::string_view identity);

/// All objects but the certificates. What the card has and is as good as new stays: its CHUID's signature
/// tells the time that all signed objects are of, and a digest of those that cannot be read without PIN.
/// @param identity  keys::identity_of_card()  @throws Error{keys_failed} when the content signer is missing
Contents make_contents(const perso::Order& order, const Options& options, const State& own,
                       const std::string& identity);

/// The CHUID as it stands while what is behind the PIN is changed: ours, and signed by nobody.
/// @param chuid  the signed one's value
Bytes unsigned_chuid(ByteView chuid);
/// True when the value names this UUID, also where it is torn.
bool names_guid(ByteView chuid, ByteView guid);
/// True when the value is a whole CHUID.
bool is_whole_chuid(ByteView chuid);

}  // namespace kartsaz::app::piv
