// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <initializer_list>

#include "keys/keyset.h"
#include "keys/openssl_handles.h"
#include "keys/secret.h"

/// Keyed contexts that live as long as a session: the key schedule is made once, and nothing is looked up
/// by name per command. For the sources of keys/ only.
namespace kartsaz::keys {

using Mac16 = std::array<std::uint8_t, 16>;

/// AES or triple DES of whole blocks, ECB or CBC, no padding.
class BlockCipher {
public:
    enum class Mode { ecb, cbc };
    enum class Way { encrypt, decrypt };
    /// @throws Error{usage} on a key of the wrong length
    BlockCipher(KeyType type, Mode mode, Way way, ByteView key);
    /// `out` has room for `blocks.size()` bytes. @param iv  one block for CBC, empty for ECB
    /// @throws Error{usage} when `blocks` is not whole blocks
    void run(ByteView iv, ByteView blocks, std::uint8_t* out);
    Bytes run(ByteView iv, ByteView blocks);
    std::size_t block() const noexcept { return block_; }

private:
    Owned<evp_cipher_ctx_st> context_;
    std::size_t block_;
    Mode mode_;
};

/// AES-CMAC over parts that are read one after the other.
class Cmac {
public:
    /// @throws Error{usage} on a key that is not 16, 24 or 32 bytes
    explicit Cmac(ByteView key);
    Mac16 compute(std::initializer_list<ByteView> parts);

private:
    Owned<evp_mac_ctx_st> context_;
};

/// ISO/IEC 9797-1 MAC algorithm 3 with single DES under a 16-byte key, no padding of its own.
class RetailMac {
public:
    explicit RetailMac(ByteView key);
    /// @param blocks  one or more whole 8-byte blocks
    std::array<std::uint8_t, 8> compute(ByteView blocks);

private:
    BlockCipher chain_;  ///< single DES under the first half, as triple DES of three equal keys
    BlockCipher last_;   ///< triple DES of the last block
};

}  // namespace kartsaz::keys
