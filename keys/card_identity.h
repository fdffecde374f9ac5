// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "apdu/bytes.h"

/// Who a card is. A chip mostly tells its name (CPLC); one that does not is known by the document that it is
/// made for, in everything that is derived for it and in every book that it stands in.
namespace kartsaz::keys {

/// What the card's own secrets (PIN, PUK, Active Authentication) are derived for: "chip 4790-...", or
/// "document T12345678" where `chip_name` is empty.
std::string identity_of_card(std::string_view chip_name, std::string_view document_number);

/// What journal, receipt, PIN letter, certificate order and ledger call the card: `chip_name`, or
/// "unnamed-" and 16 hexadecimal digits of a hash of its identity where that is empty. Fit for a file name;
/// does not show the document number, and stays the same when anything else in the record changes.
std::string card_name(std::string_view chip_name, std::string_view document_number);

/// The same from the hash, as a token tells it: "unnamed-00112233...".
std::string made_name(ByteView serial);
/// True of a name that card_name() made: the chip has none, and other cards of the document share it.
bool is_made_name(std::string_view name);

/// The hash in it: the serial number of the token, too. @returns 8 bytes
/// @param identity  identity_of_card()
Bytes card_serial(std::string_view identity);

}  // namespace kartsaz::keys
