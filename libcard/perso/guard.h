// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <future>
#include <optional>
#include <string>

#include "apdu/error.h"
#include "libcard/perso/personalize.h"

namespace kartsaz::perso {

/// Keeps the journal, and refuses what it says must not be done: a chip whose secure channel was refused
/// before, a chip that belongs to another record, a voided chip, a change of a complete card without the
/// permit.
class Guard {
public:
    Guard(const Run& run, const CardState& state);

    /// keys::card_name().
    const std::string& chip() const noexcept { return chip_; }

    /// Before anything is authenticated or written. @throws Error{card_refused}, Error{keys_failed}
    void admit() const;
    /// When the plan is known. @throws Error{card_refused}
    void admit_plan(const Plan& plan, const CardState& state) const;

    /// A secure channel that is refused is remembered, also when nothing was to be written yet.
    void refused_while_looking(const Error& error);
    /// Starts to say "writing", beside the making of image and plan; not over a chip that is said to be
    /// complete.
    void begin_early();
    /// Durable when it returns: nothing may be written to the card before. @throws Error{store_failed}
    void begun();
    /// What the journal knows, for those who plan.
    Books books() const;
    /// A pair was made on the chip: on disk when it returns, before anything on the card tells of the key.
    void made(ByteView public_key);
    /// The holder's own PIN opened the card.
    void opened_by_holder();
    /// Nothing will be written after all: the journal says what it said before.
    void take_back();
    /// The card holds what it must. Where only the answer to the last step was lost, or a torn change had
    /// written nothing yet and was taken back, the journal learns that now.
    void nothing_to_write();
    void stopped(const Step& step, const Error& error);
    void complete();

private:
    void describe();
    void begin();
    void remember(const Error& error);
    void save(const std::string& stage, const std::string& step);
    void wait();

    const Run& run_;
    std::string chip_;
    bool named_ = false;  ///< the chip tells who it is
    std::string record_;
    std::optional<JournalEntry> before_;
    JournalEntry entry_;
    std::future<void> saving_;  ///< last: whoever leaves early waits for it before the entry goes
};

}  // namespace kartsaz::perso
