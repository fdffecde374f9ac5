// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "keys/scp.h"

/// GlobalPlatform Secure Channel Protocol '03', host side. Source: GPC Amendment D 1.1.1; S16 mode: 1.2.
namespace kartsaz::keys {

/// Session keys and both cryptograms of one handshake.
class Scp03Session final : public ScpSession {
public:
    /// @param keys  the card's own static keys, already diversified
    Scp03Session(const ScpKeys& keys, ByteView host_challenge, const InitializeUpdateResponse& answer);
    ~Scp03Session() override;
    Scp03Session(Scp03Session&&) noexcept;

    bool card_cryptogram_ok() const override;
    bool card_challenge_ok(ByteView sd_aid) const override;
    apdu::CommandApdu external_authenticate(ScpLevel level) override;
    std::unique_ptr<SecureChannel> channel() override;
    SecretBytes put_key_dek() const override;

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Bytes that a channel of `level` adds: see scp_command_size().
std::size_t scp03_command_size(ScpLevel level, bool s16, std::size_t nc);
std::size_t scp03_response_size(ScpLevel level, bool s16, std::size_t nr);

}  // namespace kartsaz::keys
