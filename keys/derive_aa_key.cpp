// SPDX-License-Identifier: Apache-2.0
#include <botan/hmac_drbg.h>
#include <botan/rsa.h>
#include <fmt/format.h>

#include <functional>

#include "apdu/error.h"
#include "keys/active_authentication.h"
#include "keys/curve.h"

namespace kartsaz::keys {
namespace {

constexpr std::size_t rsa_bits = 1024, rsa_bytes = rsa_bits / 8;

/// The counter-mode KDF under a master, here or in a token: fixed input, size.
using Kdf = std::function<SecretBytes(ByteView, std::size_t)>;

/// SP 800-108 fixed input: label, 00, context, length in bits. The label keeps the two kinds apart.
SecretBytes seed(const Kdf& kdf, std::string_view label, ByteView chip_identity, std::size_t size) {
    const auto fixed = concat({to_bytes(label), Bytes{0x00}, chip_identity, big_endian(size * 8, 4)});
    return kdf(fixed, size);
}

AaKeyPair derive_ecdsa(const Kdf& kdf, ByteView chip_identity) {
    // 64 bits more than the order has, so that the remainder is as good as even: FIPS 186-5, A.2.1.
    constexpr std::size_t wide = 40;
    // SubjectPublicKeyInfo of P-256 up to the point: id-ecPublicKey, prime256v1. Source: RFC 5480.
    static constexpr std::string_view spki_head = "3059301306072A8648CE3D020106082A8648CE3D030107034200";
    const auto& curve = curve_p256();
    AaKeyPair out;
    out.algorithm = AaAlgorithm::ecdsa_p256;
    out.scalar = curve.reduce_scalar(seed(kdf, "KARTSAZ AA ECDSA P-256", chip_identity, wide));
    const auto point = curve.multiply_generator(out.scalar);
    out.public_key = concat({from_hex(spki_head), curve.encode(*point)});
    return out;
}

SecretBytes padded(const Botan::BigInt& value) {
    return SecretBytes{Botan::BigInt::encode_1363(value, rsa_bytes)};
}

AaKeyPair derive_rsa(const Kdf& kdf, ByteView chip_identity) {
    constexpr std::size_t seed_size = 48;
    // Without a source of its own the generator never reseeds: the same seed, the same key.
    Botan::HMAC_DRBG generator{"SHA-256"};
    seed(kdf, "KARTSAZ AA RSA 1024", chip_identity, seed_size).reveal([&](ByteView bytes) {
        generator.initialize_with(bytes.data(), bytes.size());
    });
    const Botan::RSA_PrivateKey key{generator, rsa_bits, 65537};
    if (key.get_n().bits() != rsa_bits) throw Error{Errc::internal, "an RSA modulus of the wrong length"};
    AaKeyPair out;
    out.algorithm = AaAlgorithm::rsa_1024;
    const auto encoded = Botan::RSA_PublicKey{key.get_n(), key.get_e()}.subject_public_key();
    out.public_key.assign(encoded.begin(), encoded.end());
    out.modulus = padded(key.get_n());
    out.exponent = padded(key.get_d());
    return out;
}

AaKeyPair derive(const Kdf& kdf, AaAlgorithm algorithm, ByteView chip_identity) {
    if (chip_identity.empty() || chip_identity.size() > 64) {
        throw Error{Errc::usage, fmt::format("Active Authentication: a chip identity of {} bytes, 1 to 64 "
                                             "expected",
                                             chip_identity.size())};
    }
    switch (algorithm) {
        case AaAlgorithm::ecdsa_p256:
            return derive_ecdsa(kdf, chip_identity);
        case AaAlgorithm::rsa_1024:
            return derive_rsa(kdf, chip_identity);
    }
    throw Error{Errc::internal, "unknown Active Authentication algorithm"};
}

}  // namespace

AaKeyPair derive_aa_key(const SecretBytes& master, AaAlgorithm algorithm, ByteView chip_identity) {
    const Kdf kdf = [&](ByteView fixed, std::size_t size) { return kdf_counter_cmac(master, fixed, size); };
    return derive(kdf, algorithm, chip_identity);
}

AaKeyPair derive_aa_key(const Keyset& keyset, AaAlgorithm algorithm, ByteView chip_identity) {
    const Kdf kdf = [&](ByteView fixed, std::size_t size) {
        return keyset.kdf_counter_cmac("aa", fixed, size);
    };
    return derive(kdf, algorithm, chip_identity);
}

}  // namespace kartsaz::keys
