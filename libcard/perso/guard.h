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

    /// The chip's name, or one made from the record where the card does not tell who it is.
    const std::string& chip() const noexcept { return chip_; }

    /// Before anything is authenticated or written. @throws Error{card_refused}, Error{keys_failed}
    void admit() const;
    /// When the plan is known. @throws Error{card_refused}
    void admit_plan(const Plan& plan, const CardState& state) const;

    /// Starts to say "writing"; done while the host makes image and plan.
    void begin();
    /// Durable when it returns: nothing may be written to the card before. @throws Error{store_failed}
    void begun();
    /// Nothing will be written after all: the journal says what it said before.
    void take_back();
    /// The card holds what it must. Where only the answer to the last step was lost, the journal learns that
    /// now.
    void nothing_to_write();
    void stopped(const Step& step, const Error& error);
    void complete();

private:
    void save(const std::string& stage, const std::string& step);
    void wait();

    const Run& run_;
    std::string chip_;
    std::string record_;
    std::optional<JournalEntry> before_;
    std::future<void> saving_;
    JournalEntry entry_;
};

}  // namespace kartsaz::perso
