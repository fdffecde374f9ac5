// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "libcard/sim/chip.h"

namespace kartsaz::sim {

/// PACE with ECDH, generic mapping, AES-128, the MRZ as password; card side. Source: ICAO Doc 9303-11, 4.4.
class PaceCard {
public:
    explicit PaceCard(Chip& chip);
    ~PaceCard();
    PaceCard(const PaceCard&) = delete;
    PaceCard& operator=(const PaceCard&) = delete;

    void reset();
    /// MSE:Set AT, 00 22 C1 A4.
    Answer set_template(const Command& command);
    /// GENERAL AUTHENTICATE 86, four times; the last one sets up chip.new_sm.
    Answer general_authenticate(const Command& command);

private:
    struct Run;
    Answer nonce();
    Answer map(ByteView terminal_key);
    Answer agree(ByteView terminal_key);
    Answer confirm(ByteView token);

    Chip& chip_;
    std::unique_ptr<Run> run_;
};

/// EF.CardAccess for a domain parameter id: one PACEInfo (9303-11, 9.2.1).
Bytes card_access(unsigned domain);

}  // namespace kartsaz::sim
