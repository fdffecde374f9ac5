// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "keys/secret.h"
#include "tests/support/vectors.h"

/// Files of tests/data/pki; make.sh there makes them.
namespace kartsaz::test {

inline Bytes pki(const std::string& name) {
    return read_bytes(data_dir() / "pki" / name);
}
inline keys::SecretBytes pki_secret(const std::string& name) {
    return keys::SecretBytes{pki(name)};
}

}  // namespace kartsaz::test
