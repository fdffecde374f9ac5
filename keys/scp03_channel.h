// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "keys/ciphers.h"
#include "keys/scp03.h"

/// The protected part of SCP03, after EXTERNAL AUTHENTICATE. For the sources of keys/ only.
namespace kartsaz::keys {

/// What the handshake leaves behind.
struct Scp03SessionKeys {
    ScpLevel level = ScpLevel::authenticated;
    std::size_t mac_size = 8;  ///< 8, in S16 mode 16
    SecretBytes enc, rmac;
    Cmac mac;          ///< keyed with S-MAC
    Mac16 chaining{};  ///< MAC chaining value: the whole C-MAC of EXTERNAL AUTHENTICATE
};

std::unique_ptr<SecureChannel> scp03_channel(Scp03SessionKeys keys);

/// CLA', INS, P1, P2 and Lc' as they go into a C-MAC. Lc counts `nc` bytes. Source: Amendment D, 6.2.4.
/// @throws Error{usage} for a class byte that has secure messaging already or a logical channel above 3
Bytes scp03_mac_header(const apdu::CommandApdu& command, std::size_t nc, bool extended);

inline bool has(ScpLevel level, std::uint8_t bit) {
    return (static_cast<std::uint8_t>(level) & bit) != 0;
}
inline constexpr std::uint8_t c_mac_bit = 0x01, c_dec_bit = 0x02, r_mac_bit = 0x10, r_enc_bit = 0x20;

}  // namespace kartsaz::keys
