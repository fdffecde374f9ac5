// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "libcard/reader/reader.h"

/// What `--reader` means, without touching a reader.
namespace kartsaz::reader {

struct Selector {
    enum class Kind { sim, replay, vpcd, pcsc_name, pcsc_number, pcsc_part, only_card };
    Kind kind = Kind::only_card;
    std::string value{};  ///< file, name or part of it
    unsigned number = 0;  ///< of reader or port
};

/// The forms are those of open_card(). @throws Error{usage} for an empty file or name, or a bad port
Selector parse_selector(const std::string& text);

/// The reader that `selector` (one of the pcsc kinds or only_card) means. A part of a name is compared
/// without regard to case; a reader of exactly that name wins over others that contain it.
/// @throws Error{usage} when several fit, Error{reader_failed} when none does; both list the readers
const ReaderStatus& choose_reader(const Selector& selector, const std::vector<ReaderStatus>& readers);

/// "0: Name (card, in use)" a line each, for error texts; "no reader is connected" when empty.
std::string list_text(const std::vector<ReaderStatus>& readers);

}  // namespace kartsaz::reader
