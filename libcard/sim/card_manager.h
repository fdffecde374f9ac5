// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "libcard/sim/chip.h"
#include "libcard/sim/scp_session.h"

namespace kartsaz::sim {

/// The issuer security domain. Source: GlobalPlatform Card Specification 2.3.1, chapter 11 and
/// Annex E; Amendment D.
class CardManager {
public:
    explicit CardManager(Chip& chip) : chip_{chip} {}

    static ByteView aid();
    /// Response data of SELECT (GPCS table 11-8x: 6F{84, A5{9F65, 73}}).
    Bytes fci() const;

    /// Commands of class 80 and GET DATA, their protection already taken off.
    Answer handle(const Command& command);
    /// Also for an application that hands its secure channel to the card manager.
    Answer initialize_update(const Command& command);
    Answer external_authenticate(const ApduIn& in);

    /// Null when no session is open.
    ScpSession* session();
    void end_session() { session_.reset(); }

private:
    Answer complete(const Command& command);
    Answer limited(const Command& command);
    Answer get_data(const Command& command) const;
    Answer get_status(const Command& command);
    Answer set_status(const Command& command);
    Answer put_key(const Command& command);
    Answer delete_key(const Command& command);
    Answer install(const Command& command);
    Bytes start_session(Keyset& keyset, const Bytes& host_challenge);
    Bytes start_scp02(Keyset& keyset, const Bytes& host_challenge);
    Bytes start_scp03(Keyset& keyset, const Bytes& host_challenge);
    Answer lone_install(const Command& command) const;
    bool level_allowed(std::uint8_t level) const;

    Chip& chip_;
    std::unique_ptr<ScpSession> session_;
    std::vector<Bytes> status_left_;  ///< records of GET STATUS that did not fit
};

/// What the chip's maker wrote into it.
Bytes cplc(std::uint32_t serial);
Bytes key_diversification_data(const Chip& chip);
/// The keyset that a card leaves its maker with.
Keyset transport_keyset(const CardState& state);
/// Key check value: the first three bytes of AES over sixteen bytes 01 (Amendment D, 7.2.2), of triple DES
/// over eight bytes 00 (GPCS 2.3.1, B.6).
Bytes key_check_value(const Bytes& key, bool des);
/// What GET STATUS tells: entries of the registry without their tag E3. @param which  P1: 80, 40, 20, 10
std::vector<Bytes> registry(const Kind& kind, const CardState& state, std::uint8_t which);

}  // namespace kartsaz::sim
