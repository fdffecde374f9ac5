// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <stdexcept>
#include <string>

#include "apdu/status_word.h"

namespace kartsaz {

/// What kind of failure it is. tools/exit_codes.h maps each to the exit code in the comment.
enum class Errc {
    usage,           ///< 2: the caller asked for something that makes no sense
    input_invalid,   ///< 3: record, photo, template, profile, script, key file: not as its rules say
    reader_failed,   ///< 4: PC/SC, reader or card not reachable
    card_removed,    ///< 4: the card went away before anything was written
    card_refused,    ///< 5: the card answered: no; or it cannot do what the profile asks
    keys_failed,     ///< 6: keys missing or wrong, key file, cryptogram
    secure_channel,  ///< 6: a MAC or cryptogram of the card is wrong
    pin_blocked,     ///< 6: no tries left
    store_failed,    ///< 7: journal, receipt, report or body file could not be read or written
    interrupted,     ///< 8: stopped after the first write; the same call goes on from there
    internal,        ///< 70: a bug of ours
};

/// The one exception type. Callers branch on code() and sw(), never on what().
/// what() says what was being done, to which file or object, what came back; it never holds a
/// secret or a data field of a command.
class Error : public std::runtime_error {
public:
    Error(Errc code, const std::string& what, std::optional<apdu::StatusWord> sw = std::nullopt)
        : std::runtime_error{what}, code_{code}, sw_{sw} {}

    Errc code() const noexcept { return code_; }
    /// The status word, where the card spoke.
    std::optional<apdu::StatusWord> sw() const noexcept { return sw_; }

private:
    Errc code_;
    std::optional<apdu::StatusWord> sw_;
};

}  // namespace kartsaz
