// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string_view>
#include <vector>

#include "libcard/record/record.h"

namespace kartsaz::record {

/// A JSON text as a tree. Stricter than JSON itself: no key twice in an object, at most 8 levels.
/// A fault of syntax has "line 3, column 7" as its path; no text of the file is copied.
/// @return a discarded value when there was a fault
nlohmann::json parse_json(std::string_view text, std::vector<Fault>& faults);

/// The name of a field as it may be shown: short and printable, whatever the file says.
std::string shown_name(std::string_view name);

}  // namespace kartsaz::record
