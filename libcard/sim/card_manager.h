// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "libcard/sim/chip.h"
#include "libcard/sim/scp03_session.h"

namespace kartsaz::sim {

/// The issuer security domain. Source: GlobalPlatform Card Specification 2.3.1, chapter 11; Amendment D.
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
    Scp03Session* session();
    void end_session() { session_.reset(); }

private:
    Answer complete(const Command& command);
    Answer limited(const Command& command);
    Answer get_data(const Command& command) const;
    Answer get_status(const Command& command);
    Answer set_status(const Command& command);
    Answer put_key(const Command& command);
    Answer lone_install(const Command& command) const;
    bool level_allowed(std::uint8_t level) const;

    Chip& chip_;
    std::unique_ptr<Scp03Session> session_;
    std::vector<Bytes> status_left_;  ///< records of GET STATUS that did not fit
};

/// What the chip's maker wrote into it.
Bytes cplc(std::uint32_t serial);
Bytes key_diversification_data(const Chip& chip);
/// The keyset that a card leaves its maker with.
Keyset transport_keyset();
/// Key check value: the first three bytes of AES over sixteen bytes 01 (Amendment D, 7.2.2).
Bytes key_check_value(const Bytes& key);

}  // namespace kartsaz::sim
