// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "keys/secure_channel.h"
#include "libcard/app/globalplatform/application.h"
#include "libcard/perso/journal.h"

/// The life cycle of a card as a whole, changed on purpose and by itself: locked, unlocked, terminated.
/// Source: GlobalPlatform Card Specification 2.3.1, 5.1, 11.10.
namespace kartsaz::app::globalplatform {

/// What the card manager tells of itself to whoever has its keys.
struct CardStateReport {
    std::string chip;  ///< ChipIdentity::name, or one made from its key diversification data
    keys::ScpForm form;
    std::uint8_t key_version = 0;
    std::string keyset;                       ///< of the store: what opened the channel
    std::optional<CardLifeCycle> life_cycle;  ///< empty: the card does not tell
};

enum class CardChange {
    lock,      ///< SECURED to CARD_LOCKED: nothing but the card manager can be selected
    unlock,    ///< CARD_LOCKED to SECURED
    terminate  ///< to TERMINATED: the card is dead, for ever
};
/// True when nothing brings the card back.
bool irreversible(CardChange change);
CardLifeCycle wanted_state(CardChange change);

/// The card manager of one card, its secure channel open.
class CardStateSession {
public:
    struct Options {
        Bytes card_manager{};                     ///< AID; empty: the issuer security domain's own
        const perso::Journal* journal = nullptr;  ///< asked whether the chip must be left alone; null: none
        bool release_failed_authentication = false;  ///< goes on where the journal says hands off
    };
    /// Selects the card manager, opens its channel with the keys that answer, asks for the life cycle.
    /// Changes nothing on the card. @param card  must outlive the session
    /// @throws Error{card_refused} when there is no card manager or it offers no channel (a TERMINATED card
    /// has
    ///         none); Error{keys_failed} when the store does not have its keys, or the journal says hands
    ///         off; Error{secure_channel} when it refuses the authentication (the journal then says so)
    CardStateSession(apdu::Transport& card, const keys::KeyStore& store, Options options);

    const CardStateReport& report() const noexcept { return report_; }

    /// Changes the card's state. @returns false when the card was in that state already
    /// @param chip  which chip may be terminated; must be this chip's name. Not asked of the other changes
    /// @throws Error{card_refused} when the card's state does not allow it, or the card says no; Error{usage}
    ///         when `chip` is not this chip; Error{interrupted} when the answer was lost
    /// A chip that is to be terminated is entered into the journal as void before the command is sent.
    bool change(CardChange change, const std::string& chip = {});

private:
    void select(apdu::Transport& card);
    void open(apdu::Transport& card, const keys::KeyStore& store);
    void admit() const;
    void refuse_state(CardChange change) const;
    void enter_void() const;
    void take_back() const;

    Options options_;
    CardStateReport report_;
    std::optional<perso::JournalEntry> before_;  ///< the journal's
    std::unique_ptr<keys::SecureTransport> secured_;
};

}  // namespace kartsaz::app::globalplatform
