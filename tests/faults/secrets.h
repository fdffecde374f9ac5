// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "apdu/bytes.h"
#include "tests/faults/secret_search.h"

/// Keys that are planted in a key file, and everything secret that is computed with them.
namespace kartsaz::faults {

inline constexpr const char* passphrase = "planted passphrase: plough 7714 lantern";
inline constexpr const char* wrong_passphrase = "planted mistake: lantern 4417 plough";

/// Writes the key file (the published transport keys and planted ones), its passphrase file, a wrong one, and
/// a damaged key file: keys.json, pass, wrong-pass, damaged.json; the national profile with a longer PIN,
/// the certificate of the planted citizens' CA, and that of a mailing house: long-pin.toml, citizen-ca.pem,
/// mailer.pem.
void plant(const std::filesystem::path& folder);

/// What was planted: masters, the keys of the document signer and the citizens' CA, both passphrases.
std::vector<Secret> planted();
/// The keys, PIN and PUK that a body gets from the planted masters. @param body  a blank body's file
std::vector<Secret> chip_secrets(const std::filesystem::path& body);
/// The key seed that BAC and PACE of the demo record's card are made from.
std::vector<Secret> access_secrets();
/// Masters of the shipped development keys: public, but no less to be kept out of every output.
std::vector<Secret> development_secrets();

}  // namespace kartsaz::faults
