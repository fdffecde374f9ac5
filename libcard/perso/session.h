// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>

#include "apdu/transport.h"
#include "keys/key_store.h"
#include "keys/secure_channel.h"
#include "libcard/perso/plan.h"
#include "libcard/perso/state.h"

namespace kartsaz::perso {

/// Sends the steps of one plan to one card: selects targets, opens their secure channels, makes and wipes
/// secret commands. Knows no record and no file content.
class Session {
public:
    Session(apdu::Transport& card, const Services& services, const CardState& state, const Plan& plan);

    /// Runs one step. @returns the status word, which is 9000 or one the step allows
    /// @throws Error{card_refused} naming the step, Error{reader_failed}, Error{card_removed},
    ///         Error{secure_channel}, Error{keys_failed}
    apdu::StatusWord run(const Step& step);

    /// What steps have learned so far.
    const Learned& learned() const noexcept { return learned_; }

    /// How a secret of this step reads in a receipt: keyset, version, KCVs. Empty for plain steps.
    static std::string secret_names(const Step& step);

private:
    void enter(std::size_t target);
    apdu::ResponseApdu send(const Step& step);
    apdu::ResponseApdu send_late(const LateCommands& late, const Step& step, apdu::Transport& way);

    apdu::Transport& card_;
    const Services services_;
    const CardState& state_;
    const Plan& plan_;
    bool first_ = true;  ///< nothing was sent yet: a pending handshake can be gone on from
    std::optional<std::size_t> entered_;
    std::unique_ptr<keys::SecureTransport> channel_;
    std::optional<keys::ScpKeys> channel_keys_;
    Learned learned_;
};

}  // namespace kartsaz::perso
