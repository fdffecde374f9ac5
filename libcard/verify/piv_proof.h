// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "apdu/bytes.h"

namespace kartsaz::verify {

/// True when `signature` over `message` verifies under `public_key` (SubjectPublicKeyInfo) with this digest:
/// RSA PKCS#1 v1.5 of any size, or ECDSA-Sig-Value. @param digest  "sha256", "sha384"; false for any other
bool proves_key(ByteView public_key, std::string_view digest, ByteView message, ByteView signature);

/// True when `secret` is what the holder of the private key of `public_key` (EC) and of `peer` agree on, and
/// `peer` is the point of `scalar`: the x coordinate. Source: SP 800-56A, 5.7.1.2.
bool proves_agreement(ByteView public_key, ByteView scalar, ByteView peer, ByteView secret);

}  // namespace kartsaz::verify
