// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "libcard/sim/card_manager.h"
#include "libcard/sim/chip.h"
#include "libcard/sim/pace_card.h"
#include "libcard/sim/passport.h"
#include "libcard/sim/piv.h"
#include "libcard/sim/signature.h"

namespace kartsaz::sim {

/// The card's operating system: takes commands apart, removes and adds their protection, hands them to the
/// selected application.
class Card {
public:
    Card(const Kind& kind, CardState& state, Rng& rng, Meter& meter);

    /// Power-up or reset: everything volatile is gone.
    void reset();
    /// Never fails; only a fault hook ends it without an answer. @throws PowerLost
    Bytes exchange(ByteView wire);
    Bytes atr() const;
    Chip& chip() { return chip_; }

private:
    enum class Selected { none, manager, passport, signature, piv };

    Bytes answer(const ApduIn& in);
    Answer protected_icao(const ApduIn& in);
    Answer protected_scp(const ApduIn& in);
    Answer plain(const ApduIn& in);
    Answer route(const Command& command);
    Answer select(const Command& command);
    Answer select_aid(const Command& command);
    Answer select_master(const Command& command);
    Answer read_master(const Command& command);
    Answer master_file(const Command& command);
    Answer application(const Command& command);
    std::uint16_t refuse_class(const ApduIn& in) const;
    std::uint16_t refuse_plain_in_session(const ApduIn& in) const;
    void choose(Selected target);
    /// Bytes of data in one command and one response of what is selected.
    std::uint32_t max_data() const;
    std::uint32_t max_response() const;
    Access access(bool icao, bool scp);

    Chip chip_;
    CardManager manager_;
    Passport passport_;
    Signature signature_;
    Piv piv_;
    PaceCard pace_;
    std::unique_ptr<IcaoSm> sm_;
    Selected selected_ = Selected::none;
    std::uint16_t master_ef_ = 0;
};

/// Transparent EFs under the master file: EF.ATR/INFO (ISO/IEC 7816-4, 12.1.1.9) and EF.CardAccess.
/// Empty when there is none.
Bytes master_ef(const Kind& kind, std::uint16_t fid);

}  // namespace kartsaz::sim
