// SPDX-License-Identifier: Apache-2.0
#include "keys/keyset.h"

#include <fmt/format.h>

#include <algorithm>

#include "apdu/error.h"
#include "keys/ciphers.h"
#include "keys/crypto.h"

namespace kartsaz::keys {
namespace {

constexpr std::size_t kdd_size = 10;

const SecretBytes& role(const Keyset& keyset, std::string_view name) {
    const auto found = keyset.keys.find(name);
    if (found == keyset.keys.end()) {
        throw Error{Errc::keys_failed, fmt::format("keyset \"{}\" version {:02X} has no key \"{}\"",
                                                   keyset.name, keyset.version, name)};
    }
    return found->second;
}

SecretBytes des3_ecb(const Keyset& keyset, std::string_view role_name, ByteView block) {
    if (keyset.held) return keyset.held->des3_ecb_encrypt(role_name, block);
    Botan::secure_vector<std::uint8_t> out(block.size());
    role(keyset, role_name).reveal([&](ByteView bytes) {
        BlockCipher{KeyType::des3, BlockCipher::Mode::ecb, BlockCipher::Way::encrypt, bytes}.run({}, block,
                                                                                                 out.data());
    });
    return SecretBytes{std::move(out)};
}

[[noreturn]] void misfit(const Keyset& keyset, std::string_view rule) {
    throw Error{Errc::keys_failed,
                fmt::format("keyset \"{}\" version {:02X}, diversification {}: {}", keyset.name,
                            keyset.version, name(keyset.diversification), rule)};
}

/// One derived key. @param purpose  01 enc, 02 mac, 03 dek
SecretBytes derive(const Keyset& keyset, std::string_view role_name, std::uint8_t purpose, ByteView kdd) {
    if (keyset.diversification == Diversification::kdf3) {
        // 00 00 00 is the rest of a four-byte counter, 00 the separator; there is no length field.
        const auto fixed = concat({Bytes{0, 0, 0, purpose, 0}, kdd});
        const auto size = keyset.held ? keyset.held->key_size(role_name) : role(keyset, role_name).size();
        return keyset.kdf_counter_cmac(role_name, fixed, size);
    }
    if (!keyset.held && role(keyset, role_name).size() != 16) {
        misfit(keyset, "the master is a two-key triple-DES key of 16 bytes");
    }
    const Bytes serial = keyset.diversification == Diversification::visa2
                             ? concat({kdd.first(2), kdd.subspan(4, 4)})
                             : concat({kdd.subspan(4, 6)});
    return des3_ecb(keyset, role_name, concat({serial, Bytes{0xF0, purpose}, serial, Bytes{0x0F, purpose}}));
}

}  // namespace

Bytes kcv(const SecretBytes& key, KeyType type) {
    auto block =
        type == KeyType::aes ? aes_ecb_encrypt(key, Bytes(16, 0x01)) : des3_ecb_encrypt(key, Bytes(8, 0x00));
    block.resize(3);
    return block;
}

std::string_view name(Diversification scheme) {
    switch (scheme) {
        case Diversification::none:
            return "none";
        case Diversification::kdf3:
            return "kdf3";
        case Diversification::emv_cps11:
            return "emv-cps11";
        case Diversification::visa2:
            return "visa2";
    }
    throw Error{Errc::internal, "unknown diversification"};
}

bool has_des_masters(Diversification scheme) {
    return scheme == Diversification::emv_cps11 || scheme == Diversification::visa2;
}

std::string ScpKeys::kcvs() const {
    return fmt::format("{} {} {}", to_hex(kcv(enc, type)), to_hex(kcv(mac, type)), to_hex(kcv(dek, type)));
}

ScpKeys ScpKeys::clone() const {
    return {enc.clone(), mac.clone(), dek.clone(), type};
}

KeyType Keyset::master_type() const {
    return has_des_masters(diversification) ? KeyType::des3 : type;
}

ScpKeys Keyset::scp_keys(ByteView kdd) const {
    if (diversification != Diversification::none) return diversify(*this, kdd);
    return {role(*this, "enc").clone(), role(*this, "mac").clone(), role(*this, "dek").clone(), type};
}

bool Keyset::has(std::string_view role_name) const {
    if (!held) return keys.find(role_name) != keys.end();
    const auto roles = held->roles();
    return std::find(roles.begin(), roles.end(), role_name) != roles.end();
}

SecretBytes Keyset::kdf_counter_cmac(std::string_view role_name, ByteView fixed, std::size_t size) const {
    if (held) return held->kdf_counter_cmac(role_name, fixed, size);
    return keys::kdf_counter_cmac(role(*this, role_name), fixed, size);
}

std::map<std::string, std::string> Keyset::kcvs() const {
    std::map<std::string, std::string> out;
    if (held) {
        for (const auto& role_name : held->roles())
            out[role_name] = to_hex(held->kcv(role_name, master_type()));
    }
    for (const auto& [role_name, key] : keys) out[role_name] = to_hex(kcv(key, master_type()));
    return out;
}

ScpKeys diversify(const Keyset& master, ByteView kdd) {
    if (master.diversification == Diversification::none) misfit(master, "the keys are used as they are");
    if (kdd.size() != kdd_size) {
        misfit(master,
               fmt::format("key diversification data of {} bytes, {} expected", kdd.size(), kdd_size));
    }
    if (master.diversification == Diversification::kdf3 && master.type != KeyType::aes) {
        misfit(master, "this scheme is for AES keys");
    }
    return {derive(master, "enc", 1, kdd), derive(master, "mac", 2, kdd), derive(master, "dek", 3, kdd),
            master.type};
}

}  // namespace kartsaz::keys
