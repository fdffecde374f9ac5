// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "apdu/transport.h"
#include "libcard/perso/application.h"
#include "libcard/perso/estimate.h"
#include "libcard/perso/journal.h"
#include "libcard/perso/receipt.h"

/// Personalizing is applying the difference between image and state; a blank card is the empty state, a torn
/// card a partial one. Resume is the same call again.
namespace kartsaz::perso {

/// What an operator allowed on purpose.
struct Permits {
    bool update = false;                         ///< change a card that is complete (post-issuance change)
    bool reassign = false;                       ///< a torn card begun for another record is written anew
    bool release_failed_authentication = false;  ///< try a chip again whose secure channel was refused before
};

/// Observation, image and plan of one card in a reader; nothing was written. Where plan.look_again says so,
/// they end there, and execute() looks and plans again by itself.
struct Prepared {
    CardState state;
    CardImage image;
    Plan plan;
    Traffic observed;
    Estimate estimate;
};

struct Progress {
    std::size_t step = 0, steps = 0;
    std::size_t bytes = 0, total_bytes = 0;
    const std::string* label = nullptr;
};

struct Run {
    const Order& order;
    Applications applications;
    Permits permits;
    Journal* journal = nullptr;                            ///< null: none is kept (only in tests and benches)
    std::function<void(const Progress&)> progress{};       ///< may be empty
    std::function<void(std::string_view step)> on_step{};  ///< before each step, for traces; may be empty
};

/// Looks at the card, makes image and plan. @throws Error; nothing has been written then
Prepared prepare(apdu::Transport& card, const Run& run);

/// Runs the plan; nothing may have been sent to the card since prepare(). @throws Error{interrupted} when
/// reader or card failed after something was written: the same call on the same card goes on; other codes say
/// what the card refused.
Receipt execute(apdu::Transport& card, Prepared& prepared, const Run& run);

/// prepare() and execute(); when the card refuses extended length, once more with short commands.
Receipt personalize(apdu::Transport& card, const Run& run);

/// SHA-256 over every field of a record, hexadecimal: names the record without telling it.
std::string record_digest(const record::Record& record);

/// The profile's table [keys]: names of the keysets that a card may answer to. @throws Error{input_invalid}
KeysetNames keyset_names(const profile::Profile& profile);

/// The applications of `profile` among `known`, in the profile's order; each checks its options.
/// @throws Error{input_invalid}
Applications select_applications(const profile::Profile& profile, const Applications& known);

}  // namespace kartsaz::perso
