// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "keys/scp.h"

/// GlobalPlatform Secure Channel Protocol '02', host side, for cards that know nothing better: explicit
/// initiation, three keys, C-MAC on the modified command, ICV encryption; i = 15 and 55, and with R-MAC 35
/// and
/// 75. Source: GPCS 2.3.1, Annex E.
namespace kartsaz::keys {

/// Session keys and both cryptograms of one handshake.
class Scp02Session final : public ScpSession {
public:
    /// @param keys  the card's own static two-key triple-DES keys, already diversified
    /// @throws Error{card_refused} for another parameter i than the above (00: the card did not tell)
    Scp02Session(const ScpKeys& keys, ByteView host_challenge, const InitializeUpdateResponse& answer);
    ~Scp02Session() override;
    Scp02Session(Scp02Session&&) noexcept;

    bool card_cryptogram_ok() const override;
    /// i = 55 and 75: the challenge is made from the C-MAC session key and the AID (E.4.2.3).
    bool card_challenge_ok(ByteView sd_aid) const override;
    apdu::CommandApdu external_authenticate(ScpLevel level) override;
    std::unique_ptr<SecureChannel> channel() override;
    SecretBytes put_key_dek() const override;

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// True for the parameters that are spoken, and for 00 (not told).
bool scp02_variant_known(std::uint8_t i);

/// Bytes that a channel of `level` adds: see scp_command_size().
std::size_t scp02_command_size(ScpLevel level, std::size_t nc);
std::size_t scp02_response_size(ScpLevel level, std::size_t nr);

}  // namespace kartsaz::keys
