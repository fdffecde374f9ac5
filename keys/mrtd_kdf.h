// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "keys/secret.h"

/// For the sources of keys/ only.
namespace kartsaz::keys {

/// The key derivation of ICAO Doc 9303-11, 9.7.1, with SHA-1 and 16 bytes: triple DES (parity not adjusted)
/// and AES-128.
SecretBytes mrtd_kdf(const SecretBytes& secret, std::uint8_t counter);
inline constexpr std::uint8_t kdf_enc = 1, kdf_mac = 2, kdf_pace = 3;

}  // namespace kartsaz::keys
