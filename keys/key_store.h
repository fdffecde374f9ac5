// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "keys/keyset.h"
#include "keys/signing_key.h"

namespace kartsaz::keys {

/// Where keysets are found. Kinds: encrypted file, built-in development keys, a token behind PKCS#11
/// (pkcs11_objects.h).
class KeyStore {
public:
    KeyStore() = default;
    KeyStore(const KeyStore&) = delete;
    KeyStore& operator=(const KeyStore&) = delete;
    virtual ~KeyStore() = default;
    /// The keyset of this name; with a version when several are held, else the newest.
    /// @throws Error{keys_failed} that lists the names that are there.
    virtual const Keyset& keyset(std::string_view name, std::optional<std::uint8_t> version = {}) const = 0;
    /// Every version held of this name, newest first; empty when there is none.
    virtual std::vector<const Keyset*> versions(std::string_view name) const = 0;
    virtual std::vector<std::string> names() const = 0;
    /// The issuer's signing identity (PEM private key and certificates), see issuer.h.
    /// @throws Error{keys_failed} when the store has none of this name.
    virtual const SecretBytes& blob(std::string_view name) const = 0;
    /// A signing identity: private key (usable, perhaps not readable) and certificate. Names:
    /// "document-signer", "csca", "citizen-ca", "content-signer" (PIV). The blob of that name where a store
    /// does not say otherwise.
    /// @throws Error{keys_failed} when the store has none of this name
    virtual Identity identity(std::string_view name) const;
    /// Whether there is one of this name, so that a key that cannot be reached is told from none.
    /// @throws Error{keys_failed} when that cannot be found out
    virtual bool has_identity(std::string_view name) const;
    /// True when anything in it is a development key.
    virtual bool development() const = 0;
    /// What is not held as well as it could be, one sentence each: keys that can be read from a token. A
    /// production profile refuses a store that has any. Never a value.
    virtual std::vector<std::string> weaknesses() const { return {}; }
};

/// The published transport keys (404142..4F), and shipped issuer keys and signers for development; loudly
/// marked. Holds "transport", "issuer", "active-authentication", "pin", "piv-management" and the blobs
/// "document-signer", "content-signer", "csca" and "citizen-ca" with their private keys.
std::unique_ptr<KeyStore> development_keys();

/// Reads a key file: a JSON header (format, KDF parameters) and an AEAD ciphertext (Argon2id or scrypt,
/// AES-256/GCM by Botan). The passphrase comes from a file, whose mode must not be open to others.
/// @throws Error{input_invalid} naming file, field, offset and rule; Error{keys_failed} when the
///         passphrase does not open it.
std::unique_ptr<KeyStore> open_key_file(const std::filesystem::path& file, const SecretBytes& passphrase);

/// Writes `store_json` (the plain form of docs/keys.md) encrypted, atomically, mode 0600.
void write_key_file(const std::filesystem::path& file, const SecretBytes& store_json,
                    const SecretBytes& passphrase);

/// The first line of a file as a passphrase. @throws Error{keys_failed} when others may read the file.
SecretBytes read_passphrase_file(const std::filesystem::path& file);

}  // namespace kartsaz::keys
