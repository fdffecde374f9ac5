// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "keys/secret.h"

/// Hexadecimal digits of secrets, in memory that is wiped.
namespace kartsaz::keys {

/// The bytes of hexadecimal digits. @param blanks  true: allowed anywhere between digits
/// @param[out] fault  "not a hexadecimal digit at character 3"; the answer is empty then
SecretBytes secret_from_hex(const SecretBytes& digits, bool blanks, std::string* fault);
/// Upper-case digits.
SecretBytes secret_to_hex(const SecretBytes& secret);

}  // namespace kartsaz::keys
