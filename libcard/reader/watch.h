// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "libcard/reader/reader.h"

namespace kartsaz::reader {

/// What happened between two lists, cards before the readers they leave and after those they come with. A
/// card with another ATR was taken out and put in.
std::vector<WatchEvent> reader_changes(const std::vector<ReaderStatus>& before,
                                       const std::vector<ReaderStatus>& after);

}  // namespace kartsaz::reader
