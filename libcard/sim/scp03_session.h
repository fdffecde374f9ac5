// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "libcard/sim/apdu_in.h"
#include "libcard/sim/crypt.h"
#include "libcard/sim/link_model.h"
#include "libcard/sim/state.h"

namespace kartsaz::sim {

/// SCP03 as computed inside the card. Source: GPC Amendment D 1.1.1, clauses 4 and 6; S16 mode: 1.2.
class Scp03Session {
public:
    /// @param host_challenge, card_challenge  8 bytes, or 16 in S16 mode
    Scp03Session(const Keyset& keyset, Bytes host_challenge, Bytes card_challenge);

    /// The pseudo-random card challenge (6.2.2.1).
    static Bytes pseudo_random_challenge(ByteView key_enc, std::uint32_t counter, ByteView sd_aid,
                                         std::size_t size);

    const Bytes& card_challenge() const { return card_challenge_; }
    Bytes card_cryptogram() { return cryptogram(0x00); }
    /// EXTERNAL AUTHENTICATE: host cryptogram and C-MAC. The session then is open at level P1.
    bool authenticate(const ApduIn& in);
    bool is_open() const { return open_; }
    std::uint8_t level() const { return level_; }

    /// Opens a protected command. 9000, or the status word with which the session must end.
    std::uint16_t unwrap(const ApduIn& in, Command& out, Meter& meter);
    /// The data field of the response, protected as the level says.
    Bytes wrap(const Answer& answer, Meter& meter);
    /// Plain bytes that fit a response of `wire` bytes.
    std::uint32_t room(std::uint32_t wire) const;

    std::uint8_t key_version() const { return key_version_; }
    bool transport_keys() const { return transport_; }
    /// Key-DEK: static, there is no session DEK.
    const Aes& dek() const { return dek_; }
    std::size_t mac_size() const { return card_challenge_.size(); }

private:
    Bytes cryptogram(std::uint8_t constant);
    bool check_mac(const ApduIn& in);
    Bytes command_iv(std::uint8_t first) const;

    std::uint8_t key_version_;
    bool transport_;
    Bytes host_challenge_, card_challenge_;
    Aes dek_, s_enc_, s_mac_, s_rmac_;
    Bytes chaining_ = Bytes(16, 0);
    std::uint64_t counter_ = 0;
    std::uint8_t level_ = 0;
    bool open_ = false;
};

}  // namespace kartsaz::sim
