// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "keys/keyset.h"
#include "keys/secure_channel.h"

/// What the secure channel protocols of GlobalPlatform have in common: the handshake of SCP02 (Card
/// Specification 2.3.1, Annex E) and of SCP03 (Amendment D 1.1.1) seen from the host. The card says which one
/// it speaks.
namespace kartsaz::keys {

/// Security level, P1 of EXTERNAL AUTHENTICATE (GPCS 2.3.1, E.5.2.3; Amendment D, 7.1.2).
enum class ScpLevel : std::uint8_t {
    authenticated = 0x00,
    c_mac = 0x01,
    c_mac_c_dec = 0x03,
    c_mac_r_mac = 0x11,
    c_mac_c_dec_r_mac = 0x13,
    all = 0x33,  ///< C-MAC, C-DECRYPTION, R-MAC, R-ENCRYPTION; SCP03 only
};

/// Protocol and variant that a card speaks.
struct ScpForm {
    std::uint8_t protocol = 3;  ///< 02 or 03
    std::uint8_t i = 0;         ///< protocol parameter; 00 also where an SCP02 card does not tell
    bool s16 = false;           ///< SCP03 with challenges and MACs of 16 bytes

    /// The type of keys that the protocol works with.
    KeyType key_type() const { return protocol == 2 ? KeyType::des3 : KeyType::aes; }
    friend bool operator==(const ScpForm&, const ScpForm&) = default;
};
/// "SCP03 i=70", "SCP03 i=71, S16", "SCP02 i=55", "SCP02, i not told".
std::string in_words(const ScpForm& form);

/// What INITIALIZE UPDATE answered. Source: GPCS 2.3.1, E.5.1.6; Amendment D, 7.1.1.6.
struct InitializeUpdateResponse {
    Bytes kdd;  ///< 10 bytes of key diversification data
    std::uint8_t key_version = 0;
    std::uint8_t protocol = 0;  ///< 02 or 03
    /// Protocol parameter. SCP02 answers without it: 00 until the card recognition data has told.
    std::uint8_t i = 0;
    bool s16 = false;
    Bytes card_challenge;                           ///< SCP02: 6 bytes; SCP03: 8 or 16
    Bytes card_cryptogram;                          ///< 8 bytes, 16 in S16 mode
    std::optional<std::uint32_t> sequence_counter;  ///< SCP03: only when i says pseudo-random challenges

    ScpForm form() const { return {protocol, i, s16}; }
};
/// @throws Error{secure_channel} when lengths or protocol do not fit.
InitializeUpdateResponse parse_initialize_update(ByteView data);

/// The command. @param version key version wanted, 00 = any  @param host_challenge 8 or 16 bytes
apdu::CommandApdu initialize_update(std::uint8_t version, ByteView host_challenge);

/// The secure channel protocols that card recognition data tells of: tag 66 or 73 with one tag 64 for each.
/// Source: GPCS 2.3.1, H.2, H.3. @throws Error{input_invalid} when it is malformed
std::vector<ScpForm> announced_channels(ByteView card_data);

/// Session keys and both cryptograms of one handshake.
class ScpSession {
public:
    ScpSession() = default;
    ScpSession(const ScpSession&) = delete;
    ScpSession& operator=(const ScpSession&) = delete;
    virtual ~ScpSession() = default;

    /// True when these are the card's keys: its cryptogram is right. Costs the card nothing, so keys are
    /// told apart without ever sending an EXTERNAL AUTHENTICATE that would fail.
    virtual bool card_cryptogram_ok() const = 0;
    /// For a pseudo-random card challenge: the challenge is the one that key, counter and AID give.
    virtual bool card_challenge_ok(ByteView sd_aid) const = 0;
    /// EXTERNAL AUTHENTICATE with host cryptogram and C-MAC. Once.
    /// @throws Error{keys_failed} when the card's cryptogram is wrong; Error{card_refused} for a level that
    ///         protocol and parameter do not offer
    virtual apdu::CommandApdu external_authenticate(ScpLevel level) = 0;
    /// The channel after the card's 9000. Once, after external_authenticate().
    virtual std::unique_ptr<SecureChannel> channel() = 0;
    /// What keys are encrypted under in PUT KEY: the session's DEK in SCP02, the card's own in SCP03.
    virtual SecretBytes put_key_dek() const = 0;

protected:
    ScpSession(ScpSession&&) noexcept = default;
};

/// The session of the protocol that the card answered in.
/// @param keys  the card's own static keys, already diversified
/// @throws Error{usage} when the keys are not of the protocol's type
std::unique_ptr<ScpSession> scp_session(const ScpKeys& keys, ByteView host_challenge,
                                        const InitializeUpdateResponse& answer);

/// @throws Error{card_refused} when protocol and parameter do not offer this level
void check_level(const ScpForm& form, ScpLevel level);
/// The most that a channel can be opened at: 33 under SCP03; under SCP02, which cannot encrypt responses, 13
/// where the card tells of R-MAC, else 03.
ScpLevel strongest_level(const ScpForm& form);

/// Protected command data length for `nc` plain bytes, and protected response data length for `nr` plain
/// bytes. For plans; checked against wrap() by tests.
std::size_t scp_command_size(const ScpForm& form, ScpLevel level, std::size_t nc);
std::size_t scp_response_size(const ScpForm& form, ScpLevel level, std::size_t nr);
/// What of `outer` a protected command can use: SCP02 knows short commands only.
apdu::BlockLimits scp_outer_limits(const ScpForm& form, const apdu::BlockLimits& outer);

/// The data field of PUT KEY for three keys: new version, then type, length, key block, KCV for enc, mac,
/// dek. AES keys (SCP03): CBC under the card's DEK; triple-DES keys (SCP02): ECB under the session's DEK.
/// Source: GPCS 2.3.1, 11.8.2.3, E.4.7; Amendment D, 7.2. @param dek  of ScpSession::put_key_dek()
SecretBytes put_key_data(const ScpKeys& new_keys, std::uint8_t new_version, const SecretBytes& dek);
/// Its size in bytes, without the keys.
std::size_t put_key_data_size(std::size_t key_size, KeyType type = KeyType::aes);
/// The answer to PUT KEY that the card must give: version and three KCVs.
Bytes put_key_answer(const ScpKeys& new_keys, std::uint8_t new_version);

}  // namespace kartsaz::keys
