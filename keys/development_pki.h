// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "keys/secret.h"

/// The signing identities of the development keys. For the sources of keys/ only.
namespace kartsaz::keys {

/// Private key and certificate, PEM, of "csca", "document-signer", "content-signer" and
/// "citizen-ca".
std::map<std::string, SecretBytes, std::less<>> development_identities();

}  // namespace kartsaz::keys
