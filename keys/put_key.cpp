// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "apdu/error.h"
#include "keys/ciphers.h"
#include "keys/scp03.h"

namespace kartsaz::keys {
namespace {

constexpr std::uint8_t key_type_aes = 0x88;  // GPCS 2.3.1, table 11-16
constexpr std::size_t kcv_size = 3;

std::size_t padded(std::size_t key_size) {
    return (key_size + 15) / 16 * 16;
}

using Secure = Botan::secure_vector<std::uint8_t>;

/// Type, length of what follows up to the KCV, length of the key, the key under the DEK, KCV.
void put_block(Secure& out, const SecretBytes& key, BlockCipher& dek) {
    Secure clear(padded(key.size()));  // an AES-192 key leaves 8 bytes; any value is allowed, so 00
    key.reveal([&](ByteView bytes) { std::copy(bytes.begin(), bytes.end(), clear.begin()); });
    out.push_back(key_type_aes);
    out.push_back(static_cast<std::uint8_t>(1 + clear.size()));
    out.push_back(static_cast<std::uint8_t>(key.size()));
    const auto at = out.size();
    out.resize(at + clear.size());
    dek.run(Bytes(16, 0x00), clear, out.data() + at);
    const auto check = kcv(key, KeyType::aes);
    out.push_back(kcv_size);
    out.insert(out.end(), check.begin(), check.end());
}

}  // namespace

SecretBytes put_key_data(const ScpKeys& new_keys, std::uint8_t new_version, const SecretBytes& current_dek) {
    if (new_keys.type != KeyType::aes) throw Error{Errc::usage, "PUT KEY under SCP03: AES keys only"};
    if (new_version == 0 || new_version > 0x7F) {
        throw Error{Errc::usage, "PUT KEY: a new key version of 01 to 7F was expected"};
    }
    auto dek = current_dek.reveal([](ByteView key) {
        return BlockCipher{KeyType::aes, BlockCipher::Mode::cbc, BlockCipher::Way::encrypt, key};
    });
    Secure out;
    out.push_back(new_version);
    for (const auto* key : {&new_keys.enc, &new_keys.mac, &new_keys.dek}) put_block(out, *key, dek);
    return SecretBytes{std::move(out)};
}

std::size_t put_key_data_size(std::size_t key_size) {
    return 1 + 3 * (3 + padded(key_size) + 1 + kcv_size);
}

Bytes put_key_answer(const ScpKeys& new_keys, std::uint8_t new_version) {
    Bytes out{new_version};
    for (const auto* key : {&new_keys.enc, &new_keys.mac, &new_keys.dek})
        append(out, kcv(*key, KeyType::aes));
    return out;
}

}  // namespace kartsaz::keys
