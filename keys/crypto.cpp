// SPDX-License-Identifier: Apache-2.0
#include "keys/crypto.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <string>

#include "apdu/error.h"
#include "keys/ciphers.h"

namespace kartsaz::keys {
namespace {

/// Fetched once and never freed, see ciphers.cpp.
const EVP_MD* digest(HashAlgorithm algorithm) {
    static const auto fetch = [](const char* name) -> const EVP_MD* {
        return openssl_made(EVP_MD_fetch(nullptr, name, nullptr), "fetch a hash");
    };
    static const std::array<const EVP_MD*, 5> all{fetch("SHA1"), fetch("SHA2-224"), fetch("SHA2-256"),
                                                  fetch("SHA2-384"), fetch("SHA2-512")};
    return all.at(static_cast<std::size_t>(algorithm));
}

Bytes run(KeyType type, BlockCipher::Mode mode, BlockCipher::Way way, const SecretBytes& key, ByteView iv,
          ByteView blocks) {
    return key.reveal([&](ByteView bytes) { return BlockCipher{type, mode, way, bytes}.run(iv, blocks); });
}

using Mode = BlockCipher::Mode;
using Way = BlockCipher::Way;

}  // namespace

Bytes hash(HashAlgorithm algorithm, ByteView data) {
    Bytes out(static_cast<std::size_t>(EVP_MD_get_size(digest(algorithm))));
    openssl_done(EVP_Digest(data.data(), data.size(), out.data(), nullptr, digest(algorithm), nullptr),
                 "hash");
    return out;
}

SecretBytes hash_secret(HashAlgorithm algorithm, const SecretBytes& secret, ByteView tail, std::size_t size) {
    Botan::secure_vector<std::uint8_t> input;
    secret.reveal([&](ByteView bytes) { input.assign(bytes.begin(), bytes.end()); });
    input.insert(input.end(), tail.begin(), tail.end());
    Botan::secure_vector<std::uint8_t> out(static_cast<std::size_t>(EVP_MD_get_size(digest(algorithm))));
    if (size > out.size()) throw Error{Errc::usage, "more bytes of a hash wanted than it has"};
    openssl_done(EVP_Digest(input.data(), input.size(), out.data(), nullptr, digest(algorithm), nullptr),
                 "hash");
    out.resize(size);
    return SecretBytes{std::move(out)};
}

Bytes random_bytes(std::size_t size) {
    Bytes out(size);
    openssl_done(RAND_bytes(out.data(), static_cast<int>(size)), "random bytes");
    return out;
}

SecretBytes random_secret(std::size_t size) {
    Botan::secure_vector<std::uint8_t> out(size);
    openssl_done(RAND_priv_bytes(out.data(), static_cast<int>(size)), "random bytes");
    return SecretBytes{std::move(out)};
}

Bytes aes_ecb_encrypt(const SecretBytes& key, ByteView blocks) {
    return run(KeyType::aes, Mode::ecb, Way::encrypt, key, {}, blocks);
}
Bytes aes_cbc_encrypt(const SecretBytes& key, ByteView iv, ByteView blocks) {
    return run(KeyType::aes, Mode::cbc, Way::encrypt, key, iv, blocks);
}
Bytes aes_cbc_decrypt(const SecretBytes& key, ByteView iv, ByteView blocks) {
    return run(KeyType::aes, Mode::cbc, Way::decrypt, key, iv, blocks);
}

Bytes aes_cmac(const SecretBytes& key, ByteView message) {
    const auto mac = key.reveal([&](ByteView bytes) { return Cmac{bytes}.compute({message}); });
    return Bytes(mac.begin(), mac.end());
}

SecretBytes kdf_counter_cmac(const SecretBytes& key, ByteView fixed, std::size_t size) {
    if (size == 0 || size > 255 * sizeof(Mac16)) throw Error{Errc::usage, "KDF: size out of range"};
    return key.reveal([&](ByteView bytes) {
        Cmac cmac{bytes};
        Botan::secure_vector<std::uint8_t> out;
        for (std::uint8_t counter = 1; out.size() < size; ++counter) {
            auto block = cmac.compute({ByteView{&counter, 1}, fixed});
            out.insert(out.end(), block.begin(), block.end());
            Botan::secure_scrub_memory(block.data(), block.size());
        }
        out.resize(size);
        return SecretBytes{std::move(out)};
    });
}

Bytes des3_ecb_encrypt(const SecretBytes& key, ByteView blocks) {
    return run(KeyType::des3, Mode::ecb, Way::encrypt, key, {}, blocks);
}
Bytes des3_cbc_encrypt(const SecretBytes& key, ByteView iv, ByteView blocks) {
    return run(KeyType::des3, Mode::cbc, Way::encrypt, key, iv, blocks);
}
Bytes des3_cbc_decrypt(const SecretBytes& key, ByteView iv, ByteView blocks) {
    return run(KeyType::des3, Mode::cbc, Way::decrypt, key, iv, blocks);
}

Bytes retail_mac(const SecretBytes& key, ByteView padded) {
    const auto mac = key.reveal([&](ByteView bytes) { return RetailMac{bytes}.compute(padded); });
    return Bytes(mac.begin(), mac.end());
}

Bytes pad80(ByteView data, std::size_t block) {
    if (block == 0) throw Error{Errc::usage, "padding to blocks of no bytes"};
    Bytes out;
    out.reserve((data.size() / block + 1) * block);
    append(out, data);
    out.push_back(0x80);
    out.resize((data.size() / block + 1) * block);
    return out;
}

Bytes unpad80(ByteView data, std::string_view what) {
    std::size_t size = data.size();
    while (size > 0 && data[size - 1] == 0) --size;
    if (size == 0 || data[size - 1] != 0x80) {
        throw Error{Errc::secure_channel, std::string{what} + ": the padding 80 00.. is not there"};
    }
    return Bytes(data.begin(), data.begin() + static_cast<std::ptrdiff_t>(size - 1));
}

bool equal_constant_time(ByteView a, ByteView b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace kartsaz::keys
