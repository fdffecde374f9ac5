// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <memory>

#include "keys/ciphers.h"
#include "keys/scp02.h"

/// The protected part of SCP02, after EXTERNAL AUTHENTICATE. For the sources of keys/ only.
namespace kartsaz::keys {

using Mac8 = std::array<std::uint8_t, 8>;

/// The MAC of SCP02: single DES with a final triple DES, padded with 80, from an initial chaining vector.
/// Source: GPCS 2.3.1, B.1.2.2.
class Scp02Mac {
public:
    explicit Scp02Mac(const SecretBytes& key);
    Mac8 compute(const Mac8& icv, ByteView message);
    /// Single DES of one block under the first half of the key: the ICV encryption of E.3.4.
    Mac8 encrypt_icv(const Mac8& mac);

private:
    RetailMac mac_;
    BlockCipher single_;
};

/// What the handshake leaves behind.
struct Scp02SessionKeys {
    ScpLevel level = ScpLevel::authenticated;
    SecretBytes enc;  ///< S-ENC
    Scp02Mac c_mac;   ///< keyed with the C-MAC session key
    Scp02Mac r_mac;   ///< keyed with the R-MAC session key
    Mac8 last_mac{};  ///< C-MAC of EXTERNAL AUTHENTICATE: where both chains start
};

std::unique_ptr<SecureChannel> scp02_channel(Scp02SessionKeys keys);

/// CLA', INS, P1, P2 and Lc' as they go into a C-MAC, with what EXTERNAL AUTHENTICATE and every command after
/// it share. @throws Error{usage} for more than 247 bytes of data, secure messaging or a logical channel
/// above 3
Bytes scp02_mac_header(const apdu::CommandApdu& command);

}  // namespace kartsaz::keys
