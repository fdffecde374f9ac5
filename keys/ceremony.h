// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "keys/key_purpose.h"

/// Master keysets that no single person ever holds: several custodians each make or bring a component, and
/// the keys are the exclusive or of all of them. Any number of components but all tells nothing: each is
/// uniform.
namespace kartsaz::keys {

/// What a ceremony is to make. Public: it can be printed, mailed and read aloud.
struct CeremonyPlan {
    std::string keyset;        ///< name, as in key files
    std::uint8_t version = 0;  ///< 1 to 127, or 255
    KeyPurpose purpose = KeyPurpose::secure_channel;
    KeyType type = KeyType::aes;
    Diversification diversification = Diversification::none;
    bool development = false;
    std::size_t key_size = 16;  ///< bytes of every key
    unsigned parts = 2;         ///< components, 2 to 9
    Bytes nonce;                ///< 16 bytes that make two ceremonies of one kind two

    /// Of the keys themselves: triple DES where the diversification works with such masters.
    KeyType master_type() const;
    /// Sixteen hexadecimal digits over everything above, as custodians compare them.
    std::string id() const;
    /// A sentence for people: "issuer version 32, secure channel, AES-256, kdf3, 3 components".
    std::string in_words() const;
};

/// Fills in the nonce and checks that there can be such keys. @throws Error{usage} naming the rule
CeremonyPlan new_ceremony(CeremonyPlan plan);
/// A JSON file. @throws Error{store_failed}; reading: Error{input_invalid} naming file, field and rule, also
/// when the id is not that of the content
void write_plan(const std::filesystem::path& file, const CeremonyPlan& plan);
CeremonyPlan read_plan(const std::filesystem::path& file);

/// What one custodian keeps.
struct Component {
    CeremonyPlan plan;
    unsigned part = 0;  ///< 1 to plan.parts
    std::map<std::string, SecretBytes, std::less<>> keys;

    /// Check values of the shares by role, as for keys.
    std::map<std::string, std::string> kcvs() const;
    /// Six hexadecimal digits over ceremony, part and the check values of all roles: one number per envelope.
    std::string check() const;
};

/// A component of random bytes. @throws Error{usage} when there is no such part
Component new_component(const CeremonyPlan& plan, unsigned part);
/// A component whose shares somebody brought. @throws Error{usage}; Error{keys_failed} for a share of the
/// wrong length, or one of zeros, which would share nothing
Component import_component(const CeremonyPlan& plan, unsigned part,
                           std::map<std::string, SecretBytes, std::less<>> keys);

/// Encrypted under the custodian's own passphrase, in the container of key files. An existing file is never
/// written over. @throws Error{store_failed}, Error{usage}
void write_component(const std::filesystem::path& file, const Component& component,
                     const SecretBytes& passphrase);
/// @throws Error{input_invalid} naming file, field and rule; Error{keys_failed} for a wrong passphrase
Component open_component(const std::filesystem::path& file, const SecretBytes& passphrase);

/// The keyset. Triple-DES keys come out with odd parity.
/// @throws Error{keys_failed} when components are of two ceremonies, missing, there twice, or the same; or
/// when
///         what comes out cannot be a key
Keyset combine(const std::vector<Component>& components);

}  // namespace kartsaz::keys
