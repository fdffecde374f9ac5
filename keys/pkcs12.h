// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "keys/secret.h"

namespace kartsaz::keys {

/// What a PKCS#12 file (RFC 7292) with an empty password holds.
struct Pkcs12 {
    SecretBytes pem;    ///< private key, PKCS#8
    Bytes public_key;   ///< its SubjectPublicKeyInfo
    Bytes certificate;  ///< the one that the file puts beside the key, DER; empty: none
};
/// Old files in RC2-40 are opened by OpenSSL's legacy provider, loaded for this alone: nothing else of the
/// program computes with it. @param what  named in errors
/// @throws Error{input_invalid} when it is no such file, is cut or changed, or wants a password;
///         Error{keys_failed} when the legacy provider is needed and missing
Pkcs12 open_pkcs12(ByteView file, const std::string& what);
/// The same from disk. @throws also Error{keys_failed} when it cannot be read
Pkcs12 read_pkcs12(const std::filesystem::path& file);

/// The numbers of a private key that a card takes, in the order of the commands that import one: RSA as p, q,
/// d mod p-1, d mod q-1, 1/q mod p, each half as long as the modulus; EC as the scalar, as long as the field.
/// @param pem  PKCS#8  @throws Error{keys_failed} when it is neither
std::vector<SecretBytes> private_numbers(const SecretBytes& pem);

}  // namespace kartsaz::keys
