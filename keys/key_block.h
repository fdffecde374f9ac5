// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "keys/keyset.h"

/// Keys on their way between two houses, encrypted and bound to what they are for under a key block
/// protection key (KBPK). Sources: ANSI X9.143-2021 and ASC X9 TR-31:2018 (version D: AES, key derivation
/// binding; version B: triple DES), ISO 20038:2017, which has version D as its mode CBC.
namespace kartsaz::keys {

/// An optional block of the header: two letters and printable ASCII.
struct OptionalBlock {
    std::string id;
    std::string data;
};

/// What a key block says in the clear. The letters are those of the standard.
struct KeyBlockHeader {
    char version = 'D';    ///< D; B is read only
    std::string usage;     ///< two letters: B3 key derivation, K0 key encryption, K1 KBPK, D0 data, ..
    char algorithm = 'A';  ///< A AES, T triple DES; others are read
    char mode = 'N';       ///< X derives keys, B encrypts and decrypts, N no restriction, ..
    std::string key_version = "00";       ///< two letters or digits
    char exportability = 'N';             ///< E under a KBPK, N not at all, S under other keys too
    std::vector<OptionalBlock> optional;  ///< padding (PB) is not among them

    /// The data of the first optional block of this id.
    std::optional<std::string> find(std::string_view id) const;
};

struct KeyBlock {
    KeyBlockHeader header;
    SecretBytes key;
};

/// A key as block of version D. Its length does not show: every AES key takes the room of 32 bytes, every
/// triple-DES key that of 24.
/// @param kbpk  AES, 16, 24 or 32 bytes, not shorter than an AES key that it wraps
/// @throws Error{usage} naming the field of the header, or the length, that cannot be
std::string wrap_key_block(const KeyBlockHeader& header, const SecretBytes& key, const SecretBytes& kbpk);

/// The same with the padding given, for published examples: all bytes after the key.
std::string wrap_key_block(const KeyBlockHeader& header, const SecretBytes& key, const SecretBytes& kbpk,
                           const SecretBytes& padding);

/// The header, before anybody has proved it: for finding the KBPK that is meant.
/// @param what  names the block in errors  @throws Error{input_invalid} "what: offset N: rule"
KeyBlockHeader read_key_block_header(std::string_view block, const std::string& what);

/// Opens a block of version D (AES KBPK) or B (triple-DES KBPK of 16 or 24 bytes). Nothing of the key is
/// looked at before the MAC over header and key is found right, in constant time.
/// @throws Error{input_invalid} "what: offset N: rule" for a block that cannot be one; Error{keys_failed}
/// when
///         its MAC is wrong: another KBPK, or changed
KeyBlock unwrap_key_block(std::string_view block, const SecretBytes& kbpk, const std::string& what);

/// The data of optional blocks KC (of the key) and KP (of the KBPK): "01" and five bytes of the CMAC of a
/// block of zeros, for triple DES "00" and three bytes of the encryption of zeros.
std::string key_check_field(const SecretBytes& key, KeyType type);

}  // namespace kartsaz::keys
