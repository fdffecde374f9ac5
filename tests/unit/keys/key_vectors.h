// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "tests/support/vectors.h"

namespace kartsaz::test {

/// The one vector of this id. @throws std::runtime_error when there is none
Vector key_vector(const std::string& name, const std::string& id);

}  // namespace kartsaz::test
