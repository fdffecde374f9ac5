// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "keys/cmp_source.h"
#include "keys/key_store.h"

namespace kartsaz::tools {

/// Reads the file of --cmp (docs/issuer.md, "CMP"): where the CA is and how messages are protected. Files
/// named in it are relative to its folder; the secret stands in a file of its own that only its owner may
/// read.
/// @param store  holds the identity that "ra" names  @throws Error{input_invalid} naming file, field and rule
keys::CmpOptions read_cmp_file(const std::string& file, const keys::KeyStore& store);

}  // namespace kartsaz::tools
