// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "libcard/sim/crypt.h"
#include "libcard/sim/scp_session.h"
#include "libcard/sim/state.h"

namespace kartsaz::sim {

/// SCP03 as computed inside the card. Source: GPC Amendment D 1.1.1, clauses 4 and 6; S16 mode: 1.2.
class Scp03Session final : public ScpSession {
public:
    /// @param host_challenge, card_challenge  8 bytes, or 16 in S16 mode
    Scp03Session(const Keyset& keyset, Bytes host_challenge, Bytes card_challenge);

    /// The pseudo-random card challenge (6.2.2.1).
    static Bytes pseudo_random_challenge(ByteView key_enc, std::uint32_t counter, ByteView sd_aid,
                                         std::size_t size);

    const Bytes& card_challenge() const { return card_challenge_; }
    Bytes card_cryptogram() override { return cryptogram(0x00); }
    std::size_t authentication_size() const override { return 2 * mac_size(); }
    bool authenticate(const ApduIn& in) override;
    std::uint16_t unwrap(const ApduIn& in, Command& out, Meter& meter) override;
    Bytes wrap(const Answer& answer, Meter& meter) override;
    std::uint32_t room(std::uint32_t wire) const override;
    /// Under Key-DEK: static, there is no session DEK.
    Bytes open_key(ByteView block) const override { return dek_.cbc_decrypt({}, block); }
    std::size_t mac_size() const { return card_challenge_.size(); }

private:
    Bytes cryptogram(std::uint8_t constant);
    bool check_mac(const ApduIn& in);
    Bytes command_iv(std::uint8_t first) const;

    Bytes host_challenge_, card_challenge_;
    Aes dek_, s_enc_, s_mac_, s_rmac_;
    Bytes chaining_ = Bytes(16, 0);
    std::uint64_t counter_ = 0;
};

}  // namespace kartsaz::sim
