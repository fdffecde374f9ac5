// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "keys/keyset.h"
#include "keys/secure_channel.h"

/// GlobalPlatform Secure Channel Protocol '03', host side. Source: GPC Amendment D 1.1.1; S16 mode: 1.2.
namespace kartsaz::keys {

/// Security level, P1 of EXTERNAL AUTHENTICATE (Amendment D, 7.1.2).
enum class ScpLevel : std::uint8_t {
    authenticated = 0x00,
    c_mac = 0x01,
    c_mac_c_dec = 0x03,
    c_mac_r_mac = 0x11,
    c_mac_c_dec_r_mac = 0x13,
    all = 0x33,  ///< C-MAC, C-DECRYPTION, R-MAC, R-ENCRYPTION
};

/// What INITIALIZE UPDATE answered. Source: Amendment D, 7.1.1.6.
struct InitializeUpdateResponse {
    Bytes kdd;  ///< 10 bytes of key diversification data
    std::uint8_t key_version = 0;
    std::uint8_t protocol = 0;  ///< 03 (02 for SCP02, which is not spoken here)
    std::uint8_t i = 0;         ///< protocol parameter
    bool s16 = false;
    Bytes card_challenge;                           ///< 8 or 16 bytes
    Bytes card_cryptogram;                          ///< 8 or 16 bytes
    std::optional<std::uint32_t> sequence_counter;  ///< only when i says pseudo-random challenges
};
/// @throws Error{secure_channel} when lengths or protocol do not fit.
InitializeUpdateResponse parse_initialize_update(ByteView data);

/// The command. @param version key version wanted, 00 = any  @param host_challenge 8 or 16 bytes
apdu::CommandApdu initialize_update(std::uint8_t version, ByteView host_challenge);

/// Session keys and both cryptograms of one handshake.
class Scp03Session {
public:
    /// @param keys  the card's own static keys, already diversified
    Scp03Session(const ScpKeys& keys, ByteView host_challenge, const InitializeUpdateResponse& answer);
    ~Scp03Session();
    Scp03Session(Scp03Session&&) noexcept;

    /// True when these are the card's keys: its cryptogram is right. Costs the card nothing, so keys are
    /// told apart without ever sending an EXTERNAL AUTHENTICATE that would fail.
    bool card_cryptogram_ok() const;
    /// For a pseudo-random card challenge: the challenge is the one that key, counter and AID give.
    bool card_challenge_ok(ByteView sd_aid) const;
    /// EXTERNAL AUTHENTICATE with host cryptogram and C-MAC. Once.
    apdu::CommandApdu external_authenticate(ScpLevel level);
    /// The channel after the card's 9000. Once, after external_authenticate().
    std::unique_ptr<SecureChannel> channel();

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// The data field of PUT KEY for three keys under the static DEK: new version, then type, length, key block,
/// KCV for enc, mac, dek. Source: GPCS 2.3.1, 11.8.2.3; Amendment D, 7.2.
SecretBytes put_key_data(const ScpKeys& new_keys, std::uint8_t new_version, const SecretBytes& current_dek);
/// Its size in bytes, without the keys.
std::size_t put_key_data_size(std::size_t key_size);
/// The answer to PUT KEY that the card must give: version and three KCVs.
Bytes put_key_answer(const ScpKeys& new_keys, std::uint8_t new_version);

/// Bytes that a channel of `level` adds: protected command data length for `nc` plain bytes, and
/// protected response data length for `nr` plain bytes. For plans; checked against wrap() by a test.
std::size_t scp03_command_size(ScpLevel level, bool s16, std::size_t nc);
std::size_t scp03_response_size(ScpLevel level, bool s16, std::size_t nr);

}  // namespace kartsaz::keys
