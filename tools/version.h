// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace kartsaz::tools {

inline constexpr const char* version = "kartsaz 0.1.0";

}  // namespace kartsaz::tools
