// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "apdu/bytes.h"

namespace kartsaz::verify {

/// True when `signature` over `message` verifies under `public_key` (SubjectPublicKeyInfo): with the digest
/// of the key's kind, or with SHA-1 where a card hashes by itself. Never throws on a wrong signature or key.
bool proves(ByteView public_key, ByteView message, ByteView signature, bool sha1);

}  // namespace kartsaz::verify
