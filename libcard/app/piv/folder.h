// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "keys/secret.h"
#include "libcard/app/dump.h"

/// A directory of ready-made objects of one PIV card, as the GSA keeps its ICAM test cards. Which files are
/// taken: docs/formats.md, "A folder of PIV objects".
namespace kartsaz::app::piv {

struct FolderObject {
    std::uint16_t id = 0;  ///< of the container
    std::string file;      ///< name in the folder
    /// As on a card: what stands under 53 (a certificate wrapped in 70, 71, FE); discovery object and BIT
    /// group with their own tag. Not decoded: what is wrong inside is for verification to tell.
    Bytes value;
};

struct FolderKey {
    std::uint8_t reference = 0;  ///< 9A, 9C, 9D, 9E, 82 to 95
    std::string file;
    keys::SecretBytes pem;  ///< PKCS#8
    Bytes public_key;       ///< SubjectPublicKeyInfo of the private key
    Bytes certificate;      ///< DER, of the same .p12; another one may be in the container. Empty: none
};

struct ObjectFolder {
    std::filesystem::path path;
    std::vector<FolderObject> objects;  ///< in the order of containers()
    std::vector<FolderKey> keys;        ///< in the order of containers()

    /// Null when there is none.
    const FolderObject* object(std::uint16_t id) const;
    const FolderKey* key(std::uint8_t reference) const;
};

/// Whether a file in it is one of those that load_object_folder() takes. False for what cannot be read.
bool is_object_folder(const std::filesystem::path& folder);
/// Reads all of it; a file of 0 bytes, and a discovery object without content (7E 00), is absent.
/// @throws Error{input_invalid} naming file, offset where there is one, and the rule; Error{keys_failed} when
/// OpenSSL's legacy provider is missing and a key file needs it; Error{store_failed} for no such folder
ObjectFolder load_object_folder(const std::filesystem::path& folder);

/// What reading a card with these objects and keys would give (facts: read.h), source "folder": each key
/// signs a random challenge as a card would. Facts of a card alone (PIN, management key) are not there.
DumpApplication to_dump(const ObjectFolder& folder);

}  // namespace kartsaz::app::piv
