// SPDX-License-Identifier: Apache-2.0
#include "keys/ciphers.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <cstddef>
#include <string>

#include "apdu/error.h"

namespace kartsaz::keys {
namespace {

// Fetched once and never freed: a fetch by name costs more than the whole of a short command, and a static
// destructor could run after OpenSSL's own clean-up.
struct Fetched {
    explicit Fetched(const char* name)
        : cipher{openssl_made(EVP_CIPHER_fetch(nullptr, name, nullptr), "fetch a cipher")} {}
    EVP_CIPHER* cipher;
};

const EVP_CIPHER* aes(BlockCipher::Mode mode, std::size_t key_size) {
    static const std::array<std::array<Fetched, 3>, 2> all{
        {{Fetched{"AES-128-ECB"}, Fetched{"AES-192-ECB"}, Fetched{"AES-256-ECB"}},
         {Fetched{"AES-128-CBC"}, Fetched{"AES-192-CBC"}, Fetched{"AES-256-CBC"}}}};
    if (key_size != 16 && key_size != 24 && key_size != 32) {
        throw Error{Errc::usage,
                    "an AES key of 16, 24 or 32 bytes was expected, not of " + std::to_string(key_size)};
    }
    return all.at(mode == BlockCipher::Mode::cbc ? 1 : 0).at(key_size / 8 - 2).cipher;
}

const EVP_CIPHER* des3(BlockCipher::Mode mode, std::size_t key_size) {
    static const std::array<std::array<Fetched, 2>, 2> all{
        {{Fetched{"DES-EDE-ECB"}, Fetched{"DES-EDE3-ECB"}},
         {Fetched{"DES-EDE-CBC"}, Fetched{"DES-EDE3-CBC"}}}};
    if (key_size != 16 && key_size != 24) {
        throw Error{Errc::usage,
                    "a triple-DES key of 16 or 24 bytes was expected, not of " + std::to_string(key_size)};
    }
    return all.at(mode == BlockCipher::Mode::cbc ? 1 : 0).at(key_size / 8 - 2).cipher;
}

/// Contexts that know their cipher already; a copy of one takes a key without a fetch.
struct CmacTemplate {
    explicit CmacTemplate(std::size_t key_size) {
        static EVP_MAC* const mac = openssl_made(EVP_MAC_fetch(nullptr, "CMAC", nullptr), "fetch CMAC");
        context = openssl_made(EVP_MAC_CTX_new(mac), "CMAC context");
        std::string cipher = "AES-" + std::to_string(key_size * 8) + "-CBC";
        const std::array<OSSL_PARAM, 2> params{
            OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_CIPHER, cipher.data(), 0),
            OSSL_PARAM_construct_end()};
        const std::array<std::uint8_t, 32> zero{};
        openssl_done(EVP_MAC_init(context, zero.data(), key_size, params.data()), "CMAC set-up");
    }
    EVP_MAC_CTX* context = nullptr;  ///< never freed, as above
};

EVP_MAC_CTX* new_cmac(std::size_t key_size) {
    static const std::array<CmacTemplate, 3> all{CmacTemplate{16}, CmacTemplate{24}, CmacTemplate{32}};
    if (key_size != 16 && key_size != 24 && key_size != 32) {
        throw Error{Errc::usage,
                    "an AES key of 16, 24 or 32 bytes was expected, not of " + std::to_string(key_size)};
    }
    return openssl_made(EVP_MAC_CTX_dup(all.at(key_size / 8 - 2).context), "copy a CMAC context");
}

ByteView retail_key(ByteView key) {
    if (key.size() != 16) {
        throw Error{Errc::usage,
                    "a retail MAC key of 16 bytes was expected, not of " + std::to_string(key.size())};
    }
    return key;
}

/// First half of the key three times: triple DES with it is single DES, which OpenSSL 3 by itself keeps in
/// a provider that is not loaded.
SecretBytes single_des(ByteView key) {
    const auto half = retail_key(key).first(8);
    Botan::secure_vector<std::uint8_t> three;
    for (int i = 0; i < 3; ++i) three.insert(three.end(), half.begin(), half.end());
    return SecretBytes{std::move(three)};
}

}  // namespace

BlockCipher::BlockCipher(KeyType type, Mode mode, Way way, ByteView key)
    : context_{openssl_made(EVP_CIPHER_CTX_new(), "cipher context")},
      block_{type == KeyType::aes ? 16U : 8U},
      mode_{mode} {
    const auto* cipher = type == KeyType::aes ? aes(mode, key.size()) : des3(mode, key.size());
    const std::array<std::uint8_t, 16> zero{};
    openssl_done(EVP_CipherInit_ex2(context_.get(), cipher, key.data(), zero.data(),
                                    way == Way::encrypt ? 1 : 0, nullptr),
                 "cipher set-up");
    openssl_done(EVP_CIPHER_CTX_set_padding(context_.get(), 0), "cipher set-up");
}

void BlockCipher::run(ByteView iv, ByteView blocks, std::uint8_t* out) {
    constexpr std::size_t most = 1U << 30U;
    if (blocks.size() % block_ != 0 || blocks.size() > most) {
        throw Error{Errc::usage, "whole blocks of " + std::to_string(block_) + " bytes were expected, not " +
                                     std::to_string(blocks.size()) + " bytes"};
    }
    if (iv.size() != (mode_ == Mode::cbc ? block_ : 0)) {
        throw Error{Errc::usage, "an initial value of the wrong length"};
    }
    if (mode_ == Mode::cbc) {
        openssl_done(EVP_CipherInit_ex2(context_.get(), nullptr, nullptr, iv.data(), -1, nullptr),
                     "cipher start");
    }
    if (blocks.empty()) return;
    int done = 0;
    openssl_done(EVP_CipherUpdate(context_.get(), out, &done, blocks.data(), static_cast<int>(blocks.size())),
                 "cipher");
    if (static_cast<std::size_t>(done) != blocks.size()) openssl_failed("cipher: output is short");
}

Bytes BlockCipher::run(ByteView iv, ByteView blocks) {
    Bytes out(blocks.size());
    run(iv, blocks, out.data());
    return out;
}

Cmac::Cmac(ByteView key) : context_{new_cmac(key.size())} {
    openssl_done(EVP_MAC_init(context_.get(), key.data(), key.size(), nullptr), "CMAC key");
}

Mac16 Cmac::compute(std::initializer_list<ByteView> parts) {
    openssl_done(EVP_MAC_init(context_.get(), nullptr, 0, nullptr), "CMAC start");
    for (const auto part : parts) {
        if (part.empty()) continue;
        openssl_done(EVP_MAC_update(context_.get(), part.data(), part.size()), "CMAC");
    }
    Mac16 out{};
    std::size_t size = 0;
    openssl_done(EVP_MAC_final(context_.get(), out.data(), &size, out.size()), "CMAC end");
    if (size != out.size()) openssl_failed("CMAC: output is short");
    return out;
}

RetailMac::RetailMac(ByteView key)
    : chain_{single_des(key).reveal([](ByteView three) {
          return BlockCipher{KeyType::des3, BlockCipher::Mode::cbc, BlockCipher::Way::encrypt, three};
      })},
      last_{KeyType::des3, BlockCipher::Mode::cbc, BlockCipher::Way::encrypt, retail_key(key)} {}

std::array<std::uint8_t, 8> RetailMac::compute(ByteView blocks) {
    if (blocks.empty() || blocks.size() % 8 != 0) {
        throw Error{Errc::usage, "a retail MAC takes one or more whole blocks of 8 bytes"};
    }
    std::array<std::uint8_t, 8> chain{};
    const auto head = blocks.first(blocks.size() - 8);
    if (!head.empty()) {
        const auto out = chain_.run(chain, head);
        std::copy(out.end() - 8, out.end(), chain.begin());
    }
    std::array<std::uint8_t, 8> mac{};
    last_.run(chain, blocks.last(8), mac.data());
    return mac;
}

}  // namespace kartsaz::keys
