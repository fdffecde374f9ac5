// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "libcard/sim/crypt.h"
#include "libcard/sim/scp_session.h"
#include "libcard/sim/state.h"

namespace kartsaz::sim {

/// SCP02 as computed inside the card: explicit initiation, three keys, C-MAC on the modified command, ICV
/// encryption. Source: GPCS 2.3.1, Annex E.
class Scp02Session final : public ScpSession {
public:
    /// @param keyset  three two-key triple-DES keys; its counter is the one that was told
    /// @param host_challenge  8 bytes  @param card_challenge  6 bytes
    Scp02Session(const Keyset& keyset, Bytes host_challenge, Bytes card_challenge);

    /// The well-known pseudo-random card challenge of i = 55 (E.4.2.3).
    static Bytes pseudo_random_challenge(const Keyset& keyset, ByteView sd_aid);

    Bytes card_cryptogram() override;
    std::size_t authentication_size() const override { return 16; }
    bool authenticate(const ApduIn& in) override;
    std::uint16_t unwrap(const ApduIn& in, Command& out, Meter& meter) override;
    Bytes wrap(const Answer& answer, Meter& meter) override;
    std::uint32_t room(std::uint32_t wire) const override;
    /// Under the session's DEK, block by block.
    Bytes open_key(ByteView block) const override;

private:
    Bytes cryptogram(std::initializer_list<ByteView> parts) const;
    bool check_mac(ByteView header, ByteView plain, ByteView mac);

    Bytes host_challenge_, card_challenge_, counter_;
    TripleDes s_enc_, s_mac_, s_rmac_, s_dek_;
    TripleDes icv_;  ///< single DES under the first half of the C-MAC key
    Bytes last_mac_ = Bytes(8, 0);
    Bytes r_chain_;    ///< R-MAC before
    Bytes r_command_;  ///< the command as the R-MAC covers it
};

}  // namespace kartsaz::sim
