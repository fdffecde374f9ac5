// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

#include "keys/keyset.h"

namespace kartsaz::keys {

/// The card management key (9B) of one PIV card, from the master of role "management": the same card gets the
/// same key, so no list of keys is kept and a torn card can be gone on with. Each algorithm has a key of its
/// own; bytes of a triple-DES key have odd parity, and its three parts differ. Source of the KDF: NIST SP
/// 800-108, 5.1.
/// @param identity  identity_of_card()
/// @param algorithm  of SP 800-78-4, table 6-2: 03 3DES, 08, 0A, 0C AES  @param size  bytes of such a key
/// @throws Error{keys_failed} when the keyset has no such role
SecretBytes derive_management_key(const Keyset& keyset, std::string_view identity, std::uint8_t algorithm,
                                  std::size_t size);

}  // namespace kartsaz::keys
