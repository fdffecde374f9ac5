// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "keys/crypto.h"

/// What dumps say of keys. Only the sources of this folder include it.
namespace kartsaz::app::piv {

using Facts = std::map<std::string, std::string>;

/// "key.9A.signature"
std::string key_fact(std::uint8_t reference, std::string_view name);
/// "rsa-2048", "ec-p256", "rsa-1024"; empty when a SubjectPublicKeyInfo is none of PIV's kinds.
std::string key_name(ByteView public_key);
/// "sha256"
std::string digest_name(keys::HashAlgorithm digest);

}  // namespace kartsaz::app::piv
