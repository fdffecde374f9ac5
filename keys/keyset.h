// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "apdu/bytes.h"
#include "keys/secret.h"

namespace kartsaz::keys {

enum class KeyType { aes, des3 };

/// Key check value, 3 bytes: AES of sixteen 01 bytes, triple DES of eight 00 bytes.
/// Source: GlobalPlatform Card Specification 2.3.1, B.6; Amendment D 1.1.1, 7.2.2.
Bytes kcv(const SecretBytes& key, KeyType type);

/// How a card's own keys come from the keys of the keyset.
enum class Diversification {
    none,  ///< the card holds the keys as they are (transport keys)
    kdf3,  ///< NIST SP 800-108 counter mode with AES-CMAC over the 10 bytes of key diversification data
    /// EMV CPS 1.1: triple DES over the last six bytes of the key diversification data. The masters are
    /// two-key triple-DES keys; the 16 bytes that come out are keys of the type that the keyset names:
    /// triple DES for an SCP02 card, AES-128 for an SCP03 card.
    emv_cps11,
    /// VISA2: as EMV CPS 1.1, over the first two bytes of the key diversification data and its fifth to
    /// eighth. For triple-DES and AES-128 card keys in the same way.
    visa2
};
/// True for the schemes whose masters are two-key triple-DES keys, whatever the card holds.
bool has_des_masters(Diversification scheme);
std::string_view name(Diversification scheme);

/// The three static keys of a GlobalPlatform secure channel, as one card holds them.
struct ScpKeys {
    SecretBytes enc;
    SecretBytes mac;
    SecretBytes dek;
    KeyType type = KeyType::aes;
    /// KCVs of enc, mac, dek: three groups of six hexadecimal digits, for people and receipts.
    std::string kcvs() const;
    ScpKeys clone() const;
};

/// Master keys that stay where they are, as in a token: what is computed with them is computed there, by
/// role. Sources of the mechanisms: PKCS#11 2.40, CKM_AES_CMAC and CKM_DES3_ECB.
class HeldKeys {
public:
    HeldKeys() = default;
    HeldKeys(const HeldKeys&) = delete;
    HeldKeys& operator=(const HeldKeys&) = delete;
    virtual ~HeldKeys() = default;

    virtual std::vector<std::string> roles() const = 0;
    /// As kdf_counter_cmac() of crypto.h. @throws Error{keys_failed} when the token cannot
    virtual SecretBytes kdf_counter_cmac(std::string_view role, ByteView fixed, std::size_t size) const = 0;
    /// Triple DES of whole 8-byte blocks. @throws Error{keys_failed} when the token cannot
    virtual SecretBytes des3_ecb_encrypt(std::string_view role, ByteView blocks) const = 0;
    virtual std::size_t key_size(std::string_view role) const = 0;  ///< bytes
    /// The key check value, 3 bytes, computed by the token.
    virtual Bytes kcv(std::string_view role, KeyType type) const = 0;
    /// Where the keys are, in words: "token kartsaz-hsm".
    virtual std::string place() const = 0;
};

/// A named set of secrets of one purpose. Holds master keys; what a chip gets is derived.
/// roles: "enc","mac","dek" for a secure channel; "aa" for Active Authentication keys; "pin","puk" for what
/// holders get.
struct Keyset {
    std::string name;             ///< "transport", "issuer", "active-authentication"
    std::uint8_t version = 0;     ///< key version number (KVN) on the card, 01..7F; FF for some factory sets
    KeyType type = KeyType::aes;  ///< of the keys that the card holds; see master_type()
    Diversification diversification = Diversification::none;
    bool development = false;  ///< published or shipped keys: refused by a production profile
    std::map<std::string, SecretBytes, std::less<>> keys;  ///< by role; empty where `held` has them
    std::shared_ptr<const HeldKeys> held{};                ///< masters in a token; null for keys in memory

    bool has(std::string_view role) const;
    /// SP 800-108 counter mode with AES-CMAC under the master of `role`, in the token where it is held there.
    /// @throws Error{keys_failed} when there is no such role
    SecretBytes kdf_counter_cmac(std::string_view role, ByteView fixed, std::size_t size) const;
    /// Of the keys held here: `type`, but triple DES for EMV CPS 1.1 and VISA2.
    KeyType master_type() const;
    /// The SCP keys of the chip with this key diversification data (10 bytes; unused for `none`).
    /// @throws Error{keys_failed} when a role is missing or the scheme does not fit the key type.
    ScpKeys scp_keys(ByteView kdd) const;
    /// KCVs by role, upper-case hexadecimal; nothing else of a key is ever shown.
    std::map<std::string, std::string> kcvs() const;
};

/// The diversified triple. Source: see Diversification; checked against vectors/gp_keys.json.
ScpKeys diversify(const Keyset& master, ByteView kdd);

}  // namespace kartsaz::keys
