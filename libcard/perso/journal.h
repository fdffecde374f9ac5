// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apdu/bytes.h"

/// What this station did to a chip, one file per chip, saved so that it says the truth after any crash: two
/// slots, the older one is overwritten and flushed. Holds digests and names, no secret and no personal data.
namespace kartsaz::perso {

struct JournalEntry {
    std::string chip;  ///< keys::card_name()
    std::string profile;
    std::string profile_digest;  ///< hexadecimal SHA-256
    std::string record_digest;
    std::string stage;      ///< "looked at", "writing", "complete", "void"
    std::string last_step;  ///< id of the last irreversible step that was begun, or where it stopped
    std::string started;    ///< UTC, ISO 8601
    std::string updated;
    bool authentication_failed = false;  ///< a secure channel was refused: hands off until released
    std::string authentication_fault;    ///< in words
    bool development_keys = false;
    bool completed = false;  ///< it was complete once, also while a change of it is under way
    bool own_pin = false;    ///< the holder's own PIN opened the card: the delivered one is its PIN no more
    /// The card refused the PIN that it was delivered with: that one is left alone until released, the
    /// holder's own may be tried.
    bool delivered_pin_refused = false;
    /// Hexadecimal SHA-256 of the public keys (SubjectPublicKeyInfo) of pairs that the chip made under this
    /// station's eyes, newest last; the last `most_made_keys` are kept.
    std::vector<std::string> made_keys{};
};
constexpr std::size_t most_made_keys = 16;

class Journal {
public:
    /// @param folder  made when it is missing (mode 0700)  @throws Error{store_failed}
    explicit Journal(std::filesystem::path folder);

    /// @throws Error{store_failed} naming the file and rule when it cannot be read or understood
    std::optional<JournalEntry> find(std::string_view chip) const;
    /// Durable when it returns. @throws Error{store_failed}
    void save(const JournalEntry& entry) const;
    /// Removes the file of a chip that nothing was written to.
    void forget(std::string_view chip) const;
    std::filesystem::path path(std::string_view chip) const;

private:
    std::filesystem::path folder_;
};

/// $XDG_STATE_HOME/kartsaz/journal, else ~/.local/state/kartsaz/journal, else ./kartsaz-journal.
std::filesystem::path default_journal_folder();

/// Writes a whole file: temporary name, sync, rename, sync of the folder. @param mode permission bits
/// @throws Error{store_failed}
void write_durably(const std::filesystem::path& file, std::string_view text, unsigned mode = 0644);

/// Overwrites bytes of a file that is there and flushes them; the file's size stays. @throws
/// Error{store_failed}
void overwrite_durably(const std::filesystem::path& file, std::size_t offset, std::string_view text);

/// "2026-11-21T09:30:00Z".
std::string utc_text(std::int64_t seconds);

}  // namespace kartsaz::perso
