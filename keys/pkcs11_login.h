// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "keys/pkcs11_api.h"
#include "keys/secret.h"

/// When a PIN may be given to a token, and the memory of those that were refused. For the sources of keys/
/// only.
namespace kartsaz::keys {

/// The state of the user PIN in words, by the token's flags.
std::string pin_state_text(CK_FLAGS flags);

/// @param retry  a wrong PIN was given before, and a person says that this one is right
/// @throws Error{pin_blocked}, Error{keys_failed} in words when the flags say that a login must not be tried
void admit_login(const std::string& where, CK_FLAGS flags, bool retry);

/// @param token  module path and serial number
/// @throws Error{keys_failed} when this process gave this PIN to this token before and it was refused
void admit_pin(const std::string& where, const std::string& token, const SecretBytes& pin);
void remember_refused(const std::string& token, const SecretBytes& pin);

/// True for the codes that say something of the PIN itself: giving it again cannot help.
bool pin_was_refused(CK_RV rv);

}  // namespace kartsaz::keys
