// SPDX-License-Identifier: Apache-2.0
#include "libcard/sim/crypt.h"

#include <botan/block_cipher.h>
#include <botan/hash.h>
#include <botan/hmac_drbg.h>
#include <botan/mac.h>
#include <botan/mem_ops.h>
#include <botan/system_rng.h>

#include <algorithm>
#include <string>

namespace kartsaz::sim {
namespace {

std::string aes_name(std::size_t key_size) {
    return "AES-" + std::to_string(8 * key_size);
}

Bytes chain_encrypt(const Botan::BlockCipher& cipher, ByteView iv, ByteView data) {
    const std::size_t size = cipher.block_size();
    Bytes out(data.begin(), data.end());
    Bytes last(size, 0);
    std::copy_n(iv.begin(), std::min(iv.size(), size), last.begin());
    const std::uint8_t* before = last.data();
    for (std::size_t at = 0; at + size <= out.size(); at += size) {
        Botan::xor_buf(out.data() + at, before, size);
        cipher.encrypt_n(out.data() + at, out.data() + at, 1);
        before = out.data() + at;
    }
    return out;
}

Bytes chain_decrypt(const Botan::BlockCipher& cipher, ByteView iv, ByteView data) {
    const std::size_t size = cipher.block_size();
    Bytes out(data.size());
    cipher.decrypt_n(data.data(), out.data(), data.size() / size);
    Botan::xor_buf(out.data(), iv.data(), std::min({iv.size(), size, out.size()}));
    if (out.size() > size) Botan::xor_buf(out.data() + size, data.data(), out.size() - size);
    return out;
}

}  // namespace

Aes::Aes(ByteView key)
    : key_{key.begin(), key.end()}, cipher_{Botan::BlockCipher::create_or_throw(aes_name(key.size()))} {
    cipher_->set_key(key_.data(), key_.size());
}
Aes::~Aes() = default;
Aes::Aes(Aes&&) noexcept = default;
Aes& Aes::operator=(Aes&&) noexcept = default;

Bytes Aes::block(ByteView sixteen) const {
    Bytes out(16);
    cipher_->encrypt_n(sixteen.data(), out.data(), 1);
    return out;
}
Bytes Aes::cbc_encrypt(ByteView iv, ByteView data) const {
    return chain_encrypt(*cipher_, iv, data);
}
Bytes Aes::cbc_decrypt(ByteView iv, ByteView data) const {
    return chain_decrypt(*cipher_, iv, data);
}
Bytes Aes::cmac(std::initializer_list<ByteView> parts) {
    if (!cmac_) {
        cmac_ = Botan::MessageAuthenticationCode::create_or_throw("CMAC(" + aes_name(key_.size()) + ")");
        cmac_->set_key(key_.data(), key_.size());
    }
    for (const ByteView part : parts) cmac_->update(part.data(), part.size());
    Bytes out(16);
    cmac_->final(out.data());
    return out;
}

TripleDes::TripleDes(ByteView key)
    : cipher_{Botan::BlockCipher::create_or_throw("TripleDES")},
      mac_{Botan::MessageAuthenticationCode::create_or_throw("X9.19-MAC")} {
    cipher_->set_key(key.data(), key.size());
    mac_->set_key(key.data(), key.size());
}
TripleDes::~TripleDes() = default;
TripleDes::TripleDes(TripleDes&&) noexcept = default;
TripleDes& TripleDes::operator=(TripleDes&&) noexcept = default;

Bytes TripleDes::cbc_encrypt(ByteView data) const {
    return chain_encrypt(*cipher_, {}, data);
}
Bytes TripleDes::cbc_decrypt(ByteView data) const {
    return chain_decrypt(*cipher_, {}, data);
}
Bytes TripleDes::retail_mac(ByteView data) {
    mac_->update(data.data(), data.size());
    Bytes out(8);
    mac_->final(out.data());
    return out;
}

Bytes encrypt_blocks(const std::string& cipher, ByteView key, ByteView data) {
    const auto engine = Botan::BlockCipher::create_or_throw(cipher);
    engine->set_key(key.data(), key.size());
    Bytes out(data.size());
    engine->encrypt_n(data.data(), out.data(), data.size() / engine->block_size());
    return out;
}

Bytes sha1(ByteView data) {
    const auto hash = Botan::HashFunction::create_or_throw("SHA-1");
    hash->update(data.data(), data.size());
    Bytes out(20);
    hash->final(out.data());
    return out;
}

void pad(Bytes& data, std::size_t block) {
    data.push_back(0x80);
    data.resize((data.size() + block - 1) / block * block, 0);
}

bool unpad(Bytes& data) {
    std::size_t size = data.size();
    while (size > 0 && data[size - 1] == 0) --size;
    if (size == 0 || data[size - 1] != 0x80) return false;
    data.resize(size - 1);
    return true;
}

bool same(ByteView a, ByteView b) {
    return a.size() == b.size() && Botan::constant_time_compare(a.data(), b.data(), a.size());
}

Rng::Rng(const std::optional<Bytes>& seed) {
    if (!seed) {
        rng_ = std::make_unique<Botan::System_RNG>();
        return;
    }
    auto drbg = std::make_unique<Botan::HMAC_DRBG>("SHA-256");
    drbg->initialize_with(seed->data(), seed->size());
    rng_ = std::move(drbg);
}
Rng::~Rng() = default;
Rng::Rng(Rng&&) noexcept = default;
Rng& Rng::operator=(Rng&&) noexcept = default;

Bytes Rng::bytes(std::size_t size) {
    Bytes out(size);
    const std::size_t known = std::min(size, queued_.size());
    std::copy_n(queued_.begin(), known, out.begin());
    queued_.erase(queued_.begin(), queued_.begin() + static_cast<std::ptrdiff_t>(known));
    if (known < size) rng_->randomize(out.data() + known, size - known);
    return out;
}

void Rng::queue(Bytes next) {
    queued_.insert(queued_.end(), next.begin(), next.end());
}

}  // namespace kartsaz::sim
