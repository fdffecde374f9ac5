// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/keys/key_vectors.h"

#include <stdexcept>

namespace kartsaz::test {

Vector key_vector(const std::string& name, const std::string& id) {
    for (auto& v : vectors(name)) {
        if (v.id() == id) return v;
    }
    throw std::runtime_error{"no vector " + id + " in " + name};
}

}  // namespace kartsaz::test
