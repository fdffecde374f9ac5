// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace kartsaz::report {

/// The style sheet of a report page. Fonts are named, never fetched.
std::string_view html_style();

}  // namespace kartsaz::report
