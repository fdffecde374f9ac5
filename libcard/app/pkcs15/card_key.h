// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "apdu/transport.h"
#include "keys/secret.h"
#include "keys/signing_key.h"

/// Signing with a card, as its holder does.
namespace kartsaz::app::pkcs15 {

/// Selects the signature application, verifies the PIN (once, and only when more than one try is left) and
/// finds the private key of that label with its certificate. The card must outlive the identity and stay
/// selected.
/// @param label  of the key in EF(PrKDF): "signature", "authentication"; the only key when empty
/// @throws Error{usage} when the PIN has not 4 to 16 characters, before anything is sent; Error{card_refused}
/// when there is no such key or application, or the card hashes with SHA-1 itself (a key of a curve in
/// command set 0), before the PIN is tried; Error{keys_failed} when the PIN is refused or must not be tried
keys::Identity card_identity(apdu::Transport& card, const keys::SecretBytes& pin, std::string_view label);

}  // namespace kartsaz::app::pkcs15
