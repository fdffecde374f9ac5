// SPDX-License-Identifier: Apache-2.0
#include "keys/management_key.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "apdu/error.h"

namespace kartsaz::keys {
namespace {

constexpr std::uint8_t triple_des = 0x03;
constexpr std::ptrdiff_t des_key = 8;

/// DES leaves the lowest bit of each byte out; cards that look at it want the number of ones to be odd.
void set_parity(Botan::secure_vector<std::uint8_t>& key) {
    for (auto& byte : key) {
        const bool odd = std::popcount(byte & 0xFEU) % 2 == 1;
        byte = static_cast<std::uint8_t>((byte & 0xFEU) | (odd ? 0x00U : 0x01U));
    }
}

/// Two equal parts beside each other are single DES.
bool has_equal_parts(const Botan::secure_vector<std::uint8_t>& key) {
    for (auto at = key.begin(); key.end() - at >= 2 * des_key; at += des_key) {
        if (std::equal(at, at + des_key, at + des_key)) return true;
    }
    return false;
}

}  // namespace

SecretBytes derive_management_key(const Keyset& keyset, std::string_view identity, std::uint8_t algorithm,
                                  std::size_t size) {
    if (identity.empty()) throw Error{Errc::usage, "a management key for nobody"};
    for (unsigned attempt = 1; attempt <= 255; ++attempt) {
        const auto fixed =
            concat({to_bytes("KARTSAZ management"), Bytes{0}, to_bytes(identity),
                    Bytes{0, algorithm, static_cast<std::uint8_t>(attempt)}, big_endian(size * 8, 4)});
        auto out = keyset.kdf_counter_cmac("management", fixed, size);
        if (algorithm != triple_des) return out;
        Botan::secure_vector<std::uint8_t> key;
        out.reveal([&](ByteView bytes) { key.assign(bytes.begin(), bytes.end()); });
        set_parity(key);
        if (!has_equal_parts(key)) return SecretBytes{std::move(key)};
    }
    throw Error{Errc::internal, "no management key in 255 attempts"};
}

}  // namespace kartsaz::keys
