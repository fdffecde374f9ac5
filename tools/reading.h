// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "libcard/app/dump.h"
#include "libcard/verify/verify.h"
#include "tools/options.h"

/// Reading and judging, shared by read, verify and demo.
namespace kartsaz::tools {

struct AccessOptions {
    std::string record;  ///< the MRZ opens the card
    std::string mrz;     ///< file with the MRZ, 90 characters, line breaks allowed
    std::string pin;     ///< where the holder's PIN comes from, see secret_input.h; empty: he was not asked
    KeyOptions keys;
};
/// --pin-file.
void add_pin_option(CLI::App& command, AccessOptions& options);

/// What opens a card besides keys.
struct CardAccess {
    std::optional<std::string> mrz_information;  ///< what BAC and PACE are keyed by, from --record or --mrz
    std::string document_number;                 ///< of --record
    std::optional<keys::SecretBytes> pin;        ///< the holder's
};
/// @throws Error{input_invalid}; of the PIN as read_secret()
CardAccess card_access(const AccessOptions& options);

/// Reads the whole card, with a progress bar.
app::CardDump read_whole_card(apdu::Transport& card, const CardAccess& access, const keys::KeyStore* keys);

/// A dump for people, a line per file.
void say_dump(const app::CardDump& dump);

/// Seconds since 1970 of --at: YYYY-MM-DD of either calendar, or now when empty. @throws Error{usage}
std::int64_t judged_at(const std::string& text);

}  // namespace kartsaz::tools
