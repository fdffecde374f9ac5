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
    KeyOptions keys;
};

/// What BAC and PACE are keyed by, from --record or --mrz; empty without either. @throws Error{input_invalid}
std::optional<std::string> mrz_information(const AccessOptions& options);

/// Reads the whole card, with a progress bar.
app::CardDump read_whole_card(apdu::Transport& card, const std::optional<std::string>& mrz_information,
                              const keys::KeyStore* keys);

/// A dump for people, a line per file.
void say_dump(const app::CardDump& dump);

/// Seconds since 1970 of --at: YYYY-MM-DD of either calendar, or now when empty. @throws Error{usage}
std::int64_t judged_at(const std::string& text);

}  // namespace kartsaz::tools
