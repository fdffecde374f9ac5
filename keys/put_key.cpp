// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "apdu/error.h"
#include "keys/ciphers.h"
#include "keys/scp.h"

namespace kartsaz::keys {
namespace {

constexpr std::uint8_t key_type_des = 0x80, key_type_aes = 0x88;  // GPCS 2.3.1, table 11-16
constexpr std::size_t kcv_size = 3;

std::size_t padded(std::size_t key_size) {
    return (key_size + 15) / 16 * 16;
}

using Secure = Botan::secure_vector<std::uint8_t>;

/// Type, length of what follows up to the KCV, length of the key, the key under the DEK, KCV.
/// Source: Amendment D, 7.2.
void put_aes(Secure& out, const SecretBytes& key, BlockCipher& dek) {
    Secure clear(padded(key.size()));  // an AES-192 key leaves 8 bytes; any value is allowed, so 00
    key.reveal([&](ByteView bytes) { std::copy(bytes.begin(), bytes.end(), clear.begin()); });
    out.push_back(key_type_aes);
    out.push_back(static_cast<std::uint8_t>(1 + clear.size()));
    out.push_back(static_cast<std::uint8_t>(key.size()));
    const auto at = out.size();
    out.resize(at + clear.size());
    dek.run(Bytes(16, 0x00), clear, out.data() + at);
}

/// Type, length, the key under the session's DEK. Source: GPCS 2.3.1, 11.8.2.3, E.4.7.
void put_des(Secure& out, const SecretBytes& key, BlockCipher& dek) {
    out.push_back(key_type_des);
    out.push_back(static_cast<std::uint8_t>(key.size()));
    const auto at = out.size();
    out.resize(at + key.size());
    key.reveal([&](ByteView bytes) { dek.run({}, bytes, out.data() + at); });
}

void put_block(Secure& out, const SecretBytes& key, KeyType type, BlockCipher& dek) {
    if (type == KeyType::aes) {
        put_aes(out, key, dek);
    } else {
        put_des(out, key, dek);
    }
    const auto check = kcv(key, type);
    out.push_back(kcv_size);
    out.insert(out.end(), check.begin(), check.end());
}

}  // namespace

SecretBytes put_key_data(const ScpKeys& new_keys, std::uint8_t new_version, const SecretBytes& dek) {
    if (new_version == 0 || new_version > 0x7F) {
        throw Error{Errc::usage, "PUT KEY: a new key version of 01 to 7F was expected"};
    }
    const bool aes = new_keys.type == KeyType::aes;
    if (!aes && new_keys.enc.size() != 16) {
        throw Error{Errc::usage, "PUT KEY under SCP02: two-key triple-DES keys of 16 bytes only"};
    }
    auto cipher = dek.reveal([&](ByteView key) {
        return BlockCipher{new_keys.type, aes ? BlockCipher::Mode::cbc : BlockCipher::Mode::ecb,
                           BlockCipher::Way::encrypt, key};
    });
    Secure out;
    out.push_back(new_version);
    for (const auto* key : {&new_keys.enc, &new_keys.mac, &new_keys.dek}) {
        put_block(out, *key, new_keys.type, cipher);
    }
    return SecretBytes{std::move(out)};
}

std::size_t put_key_data_size(std::size_t key_size, KeyType type) {
    const std::size_t block = type == KeyType::aes ? 3 + padded(key_size) : 2 + key_size;
    return 1 + 3 * (block + 1 + kcv_size);
}

Bytes put_key_answer(const ScpKeys& new_keys, std::uint8_t new_version) {
    Bytes out{new_version};
    for (const auto* key : {&new_keys.enc, &new_keys.mac, &new_keys.dek}) {
        append(out, kcv(*key, new_keys.type));
    }
    return out;
}

}  // namespace kartsaz::keys
