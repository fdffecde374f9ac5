// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "libcard/app/dump.h"
#include "libcard/perso/receipt.h"
#include "libcard/verify/verify.h"
#include "tools/options.h"

/// Reading and judging, shared by read, verify and demo.
namespace kartsaz::tools {

struct AccessOptions {
    /// Receipt and profile that tell how the transport PIN was made; the receipt goes first.
    std::string receipt, profile;
    std::string record;  ///< the MRZ opens the card
    std::string mrz;     ///< file with the MRZ, 90 characters, line breaks allowed
    std::string pin;     ///< where the holder's PIN comes from, see secret_input.h; empty: he was not asked
    KeyOptions keys;
};
/// --pin-file. @param pin  where the PIN comes from, see secret_input.h; empty: the holder was not asked
void add_pin_option(CLI::App& command, std::string& pin);

/// What opens a card besides keys.
struct CardAccess {
    std::optional<std::string> mrz_information;  ///< what BAC and PACE are keyed by, from --record or --mrz
    std::string document_number;                 ///< of --record
    std::optional<keys::SecretBytes> pin;        ///< the holder's
    std::optional<perso::TransportPin> transport_pin;
};
/// @throws Error{input_invalid}; of the PIN as read_secret()
CardAccess card_access(const AccessOptions& options);

/// Reads the whole card, with a progress bar.
app::CardDump read_whole_card(apdu::Transport& card, const CardAccess& access, const keys::KeyStore* keys);

/// A dump for people, a line per file.
void say_dump(const app::CardDump& dump);

/// @throws Error{input_invalid} naming file and field
perso::Receipt read_receipt(const std::string& file);

/// When a card is judged, seconds since 1970: this moment, or a whole day.
struct JudgedAt {
    std::int64_t at = 0;                ///< of a day: its last second
    std::optional<std::int64_t> since;  ///< of a day: its first second
};
/// --at: YYYY-MM-DD of either calendar, a day of UTC. Empty or today: this moment. @throws Error{usage}
JudgedAt judged_at(const std::string& text);

}  // namespace kartsaz::tools
