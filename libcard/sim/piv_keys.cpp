// SPDX-License-Identifier: Apache-2.0
#include "libcard/sim/piv_keys.h"

#include <botan/curve25519.h>
#include <botan/data_src.h>
#include <botan/ec_group.h>
#include <botan/ecdh.h>
#include <botan/ecdsa.h>
#include <botan/ed25519.h>
#include <botan/numthry.h>
#include <botan/pkcs8.h>
#include <botan/pubkey.h>
#include <botan/rsa.h>

#include <algorithm>
#include <array>

namespace kartsaz::sim {
namespace {

constexpr std::size_t exponent_bytes = 3, edwards_bytes = 32;

Bytes encoded(const Botan::Private_Key& key) {
    const auto der = Botan::PKCS8::BER_encode(key);
    return {der.begin(), der.end()};
}

std::unique_ptr<Botan::Private_Key> loaded(const PivKey& key) {
    Botan::DataSource_Memory source{key.pkcs8.data(), key.pkcs8.size()};
    return Botan::PKCS8::load_key(source);
}

/// A body file made by hand can hold any key under any algorithm.
template <typename Type>
const Type& as(const Botan::Private_Key& key) {
    const auto* found = dynamic_cast<const Type*>(&key);
    if (found == nullptr) throw Botan::Invalid_Argument{"a key of another algorithm"};
    return *found;
}

Bytes wide(const Botan::BigInt& value, std::size_t size) {
    Bytes out(size);
    Botan::BigInt::encode_1363(out.data(), out.size(), value);
    return out;
}

Botan::BigInt whole_number(ByteView bytes) {
    return {bytes.data(), bytes.size()};
}

std::string curve_name(std::uint8_t algorithm) {
    return algorithm == piv_p256 ? "secp256r1" : "secp384r1";
}

bool edwards(std::uint8_t algorithm) {
    return algorithm == piv_ed25519 || algorithm == piv_x25519;
}

std::optional<Bytes> import_rsa(Chip& chip, unsigned bits, ByteView data) {
    std::array<Botan::BigInt, 5> parts;
    for (std::size_t at = 0; at < parts.size(); ++at) {
        const auto part = find_object(data, static_cast<std::uint32_t>(1 + at));
        if (!part || part->empty() || part->size() > bits / 16) return std::nullopt;
        parts.at(at) = whole_number(*part);
    }
    const auto& [p, q, d_p, d_q, q_inverse] = parts;
    if (p.is_even() || q.is_even() || p <= 3 || q <= 3 || (p * q).bits() != bits) return std::nullopt;
    auto& rng = chip.rng.botan();
    if (!Botan::is_prime(p, rng) || !Botan::is_prime(q, rng)) return std::nullopt;
    const Botan::BigInt e = Botan::inverse_mod(d_p, p - 1);
    const bool fits = e > 1 && e.bytes() <= 4 && e == Botan::inverse_mod(d_q, q - 1) &&
                      q_inverse == Botan::inverse_mod(q, p);
    if (!fits) return std::nullopt;
    return encoded(Botan::RSA_PrivateKey{p, q, e});
}

Botan::secure_vector<std::uint8_t> secure(ByteView bytes) {
    return {bytes.begin(), bytes.end()};
}

}  // namespace

bool piv_is_rsa(std::uint8_t algorithm) {
    return algorithm == piv_rsa_1024 || algorithm == piv_rsa_2048 || algorithm == piv_rsa_3072 ||
           algorithm == piv_rsa_4096;
}

unsigned piv_bits(std::uint8_t algorithm) {
    switch (algorithm) {
        case piv_rsa_1024:
            return 1024;
        case piv_rsa_2048:
            return 2048;
        case piv_rsa_3072:
            return 3072;
        case piv_rsa_4096:
            return 4096;
        case piv_p256:
        case piv_ed25519:
        case piv_x25519:
            return 256;
        case piv_p384:
            return 384;
        default:
            return 0;
    }
}

Bytes piv_generate(Rng& source, std::uint8_t algorithm) {
    auto& rng = source.botan();
    if (piv_is_rsa(algorithm)) return encoded(Botan::RSA_PrivateKey{rng, piv_bits(algorithm)});
    if (algorithm == piv_ed25519) return encoded(Botan::Ed25519_PrivateKey{rng});
    if (algorithm == piv_x25519) return encoded(Botan::X25519_PrivateKey{rng});
    return encoded(Botan::ECDSA_PrivateKey{rng, Botan::EC_Group{curve_name(algorithm)}});
}

std::optional<Bytes> piv_import(Chip& chip, std::uint8_t algorithm, ByteView data) {
    const unsigned bits = piv_bits(algorithm);
    if (piv_is_rsa(algorithm)) return import_rsa(chip, bits, data);
    const std::uint32_t tag = algorithm == piv_ed25519 ? 0x07 : algorithm == piv_x25519 ? 0x08 : 0x06;
    const auto scalar = find_object(data, tag);
    if (!scalar || scalar->empty() || scalar->size() > bits / 8) return std::nullopt;
    chip.meter.ecc(1, bits);
    if (edwards(algorithm)) {
        if (scalar->size() != edwards_bytes) return std::nullopt;
        if (algorithm == piv_ed25519) return encoded(Botan::Ed25519_PrivateKey{secure(*scalar)});
        return encoded(Botan::X25519_PrivateKey{secure(*scalar)});
    }
    const Botan::EC_Group group{curve_name(algorithm)};
    const Botan::BigInt d = whole_number(*scalar);
    if (d.is_zero() || d >= group.get_order()) return std::nullopt;
    return encoded(Botan::ECDSA_PrivateKey{chip.rng.botan(), group, d});
}

Bytes piv_public(const PivKey& key) {
    const auto pair = loaded(key);
    if (piv_is_rsa(key.algorithm)) {
        const auto& rsa = as<Botan::RSA_PrivateKey>(*pair);
        return concat(
            {object(0x81, wide(rsa.get_n(), piv_bits(key.algorithm) / 8)),
             object(0x82, wide(rsa.get_e(), std::max<std::size_t>(exponent_bytes, rsa.get_e().bytes())))});
    }
    if (key.algorithm == piv_ed25519)
        return object(0x86, as<Botan::Ed25519_PrivateKey>(*pair).get_public_key());
    if (key.algorithm == piv_x25519) return object(0x86, as<Botan::X25519_PrivateKey>(*pair).public_value());
    const auto point =
        as<Botan::ECDSA_PrivateKey>(*pair).public_point().encode(Botan::PointGFp::UNCOMPRESSED);
    return object(0x86, Bytes{point.begin(), point.end()});
}

std::optional<Bytes> piv_sign(Chip& chip, const PivKey& key, ByteView data, bool hashes_only) {
    const auto pair = loaded(key);
    const unsigned bits = piv_bits(key.algorithm);
    auto& rng = chip.rng.botan();
    if (piv_is_rsa(key.algorithm)) {
        if (data.size() != bits / 8 || whole_number(data) >= as<Botan::RSA_PrivateKey>(*pair).get_n())
            return std::nullopt;
        chip.meter.rsa(bits);
        const Botan::PK_Decryptor_EME raw{*pair, rng, "Raw"};
        const auto result = raw.decrypt(data.data(), data.size());
        return wide(Botan::BigInt{result.data(), result.size()}, bits / 8);
    }
    if (key.algorithm == piv_x25519 || data.empty()) return std::nullopt;
    const bool message = key.algorithm == piv_ed25519;
    const bool known_hash = data.size() == 20 || data.size() == 32 || data.size() == 48;
    if (!message && (hashes_only ? !known_hash : data.size() > bits / 8)) return std::nullopt;
    chip.meter.ecc(1, bits);
    Botan::PK_Signer signer{*pair, rng, message ? "Pure" : "Raw",
                            message ? Botan::IEEE_1363 : Botan::DER_SEQUENCE};
    const auto signature = signer.sign_message(data.data(), data.size(), rng);
    return Bytes{signature.begin(), signature.end()};
}

std::optional<Bytes> piv_agree(Chip& chip, const PivKey& key, ByteView point) {
    if (piv_is_rsa(key.algorithm) || key.algorithm == piv_ed25519) return std::nullopt;
    const auto pair = loaded(key);
    const unsigned bits = piv_bits(key.algorithm);
    auto& rng = chip.rng.botan();
    const bool montgomery = key.algorithm == piv_x25519;
    if (point.size() != (montgomery ? edwards_bytes : 1 + 2 * (bits / 8))) return std::nullopt;
    chip.meter.ecc(1, bits);
    const auto derive = [&](const Botan::Private_Key& mine) {
        const Botan::PK_Key_Agreement agreement{mine, rng, "Raw"};
        const auto secret = agreement.derive_key(bits / 8, point.data(), point.size()).bits_of();
        return Bytes{secret.begin(), secret.end()};
    };
    if (montgomery) return derive(as<Botan::X25519_PrivateKey>(*pair));
    const auto& ec = as<Botan::ECDSA_PrivateKey>(*pair);
    return derive(Botan::ECDH_PrivateKey{rng, ec.domain(), ec.private_value()});
}

}  // namespace kartsaz::sim
