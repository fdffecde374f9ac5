// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <memory>
#include <optional>
#include <string>

#include "apdu/bytes.h"

namespace Botan {
class BlockCipher;
class MessageAuthenticationCode;
class RandomNumberGenerator;
}  // namespace Botan

/// The coprocessors of the simulated chip: thin covers over Botan.
namespace kartsaz::sim {

/// AES-128, -192 or -256 under one key.
class Aes {
public:
    explicit Aes(ByteView key);
    ~Aes();
    Aes(Aes&&) noexcept;
    Aes& operator=(Aes&&) noexcept;

    Bytes block(ByteView sixteen) const;
    /// In whole blocks; an empty `iv` is sixteen bytes 00.
    Bytes cbc_encrypt(ByteView iv, ByteView data) const;
    Bytes cbc_decrypt(ByteView iv, ByteView data) const;
    Bytes cmac(std::initializer_list<ByteView> parts);

private:
    Bytes key_;
    std::unique_ptr<Botan::BlockCipher> cipher_;
    std::unique_ptr<Botan::MessageAuthenticationCode> cmac_;
};

/// Two-key triple DES, CBC with IV 00 and the retail MAC (ISO/IEC 9797-1 algorithm 3).
class TripleDes {
public:
    explicit TripleDes(ByteView sixteen_byte_key);
    ~TripleDes();
    TripleDes(TripleDes&&) noexcept;
    TripleDes& operator=(TripleDes&&) noexcept;

    Bytes cbc_encrypt(ByteView data) const;
    Bytes cbc_decrypt(ByteView data) const;
    /// Over `data` in whole blocks, padded by the caller.
    Bytes retail_mac(ByteView data);

private:
    std::unique_ptr<Botan::BlockCipher> cipher_;
    std::unique_ptr<Botan::MessageAuthenticationCode> mac_;
};

/// Whole blocks, each for itself (ECB). @param cipher  "TripleDES", "AES-128", "AES-192", "AES-256"
Bytes encrypt_blocks(const std::string& cipher, ByteView key, ByteView data);

Bytes sha1(ByteView data);

/// Padding method 2 of ISO/IEC 9797-1: 80, then 00 up to a whole block.
void pad(Bytes& data, std::size_t block);
/// False when there is no such padding.
bool unpad(Bytes& data);
/// Without leaving early.
bool same(ByteView a, ByteView b);

/// The chip's random numbers: the system's, or repeatable ones from a seed.
class Rng {
public:
    explicit Rng(const std::optional<Bytes>& seed);
    ~Rng();
    Rng(Rng&&) noexcept;
    Rng& operator=(Rng&&) noexcept;

    Bytes bytes(std::size_t size);
    /// Given out first, before any random: for tests with known answers.
    void queue(Bytes next);
    Botan::RandomNumberGenerator& botan() { return *rng_; }

private:
    std::unique_ptr<Botan::RandomNumberGenerator> rng_;
    Bytes queued_;
};

}  // namespace kartsaz::sim
