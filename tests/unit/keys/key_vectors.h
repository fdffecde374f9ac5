// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "tests/support/vectors.h"

namespace kartsaz::test {

/// As vectors(), with the parsed document held while its vectors are walked.
std::vector<Vector> key_vectors(const std::string& name, const std::string& kind = {});

/// The one vector of this id. @throws std::runtime_error when there is none
Vector key_vector(const std::string& name, const std::string& id);

}  // namespace kartsaz::test
