// SPDX-License-Identifier: Apache-2.0
#include "keys/active_authentication.h"

#include <fmt/format.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <optional>

#include "keys/openssl_handles.h"

namespace kartsaz::keys {
namespace {

constexpr int most_rsa_bits = 4096, least_rsa_bits = 1024, most_exponent_bits = 64;

Owned<evp_pkey_st> parse_public_key(ByteView der) {
    if (der.empty() || der.size() > 8192) return nullptr;
    const auto* at = der.data();
    Owned<evp_pkey_st> key{d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size()))};
    if (key && at != der.data() + der.size()) key.reset();
    openssl_reason();
    return key;
}

Owned<bignum_st> parameter(const EVP_PKEY* key, const char* name) {
    BIGNUM* out = nullptr;
    openssl_done(EVP_PKEY_get_bn_param(key, name, &out), "parameter of a public key");
    return Owned<bignum_st>{out};
}

/// Hash and trailer length of a message representative. Source: ISO/IEC 9796-2, 8.1.2; hash identifiers of
/// ISO/IEC 10118-3.
struct Trailer {
    HashAlgorithm hash;
    std::size_t hash_size;
    std::size_t size;
};
std::optional<Trailer> trailer_of(ByteView f) {
    if (f.back() == 0xBC) return Trailer{HashAlgorithm::sha1, 20, 1};
    if (f.back() != 0xCC) return std::nullopt;
    switch (f[f.size() - 2]) {
        case 0x33:
            return Trailer{HashAlgorithm::sha1, 20, 2};
        case 0x38:
            return Trailer{HashAlgorithm::sha224, 28, 2};
        case 0x34:
            return Trailer{HashAlgorithm::sha256, 32, 2};
        case 0x36:
            return Trailer{HashAlgorithm::sha384, 48, 2};
        case 0x35:
            return Trailer{HashAlgorithm::sha512, 64, 2};
        default:
            return std::nullopt;
    }
}

/// Where M1 begins: after the header 6A, or 6B BB .. BA where padding was needed. 0 when it is none.
std::size_t message_start(ByteView f) {
    if ((f[0] & 0xF0U) != 0x60U) return 0;
    if (f[0] == 0x6A) return 1;
    if (f[0] != 0x6B) return 0;
    std::size_t at = 1;
    while (at < f.size() && f[at] == 0xBB) ++at;
    return at < f.size() && f[at] == 0xBA ? at + 1 : 0;
}

/// The representative F of `signature` in as many bytes as the modulus has: s^e mod n, or n minus that.
Bytes recover(const EVP_PKEY* key, ByteView signature, std::string& fault) {
    const auto n = parameter(key, OSSL_PKEY_PARAM_RSA_N);
    const auto e = parameter(key, OSSL_PKEY_PARAM_RSA_E);
    const int bits = BN_num_bits(n.get());
    if (bits < least_rsa_bits || bits > most_rsa_bits || BN_num_bits(e.get()) > most_exponent_bits ||
        BN_is_odd(n.get()) == 0) {
        fault = fmt::format("the RSA key is not one that is accepted: modulus of {} bits", bits);
        return {};
    }
    Bytes f(static_cast<std::size_t>(BN_num_bytes(n.get())));
    if (signature.size() != f.size()) {
        fault = fmt::format("the signature has {} bytes, the modulus {}", signature.size(), f.size());
        return {};
    }
    const Owned<bignum_st> s{
        openssl_made(BN_bin2bn(signature.data(), static_cast<int>(signature.size()), nullptr), "number")};
    if (BN_ucmp(s.get(), n.get()) >= 0) {
        fault = "the signature is not smaller than the modulus";
        return {};
    }
    const Owned<bignum_ctx> scratch{openssl_made(BN_CTX_new(), "scratch numbers")};
    const Owned<bignum_st> value{openssl_made(BN_new(), "number")};
    openssl_done(BN_mod_exp(value.get(), s.get(), e.get(), n.get(), scratch.get()), "RSA");
    // F ends in the nibble C; where it does not, the signer took the smaller of s and n - s.
    if (BN_mod_word(value.get(), 16) != 12) {
        openssl_done(BN_sub(value.get(), n.get(), value.get()), "RSA");
    }
    BN_bn2binpad(value.get(), f.data(), static_cast<int>(f.size()));
    return f;
}

std::string check_rsa(const EVP_PKEY* key, ByteView challenge, ByteView signature) {
    std::string fault;
    const auto f = recover(key, signature, fault);
    if (!fault.empty()) return fault;
    const auto trailer = trailer_of(f);
    if (!trailer) return "the recovered message has no ISO/IEC 9796-2 trailer (BC, 33CC .. 38CC)";
    const auto start = message_start(f);
    if (start == 0) return "the recovered message has no ISO/IEC 9796-2 header (6A, or 6B BB .. BA)";
    const std::size_t tail = trailer->hash_size + trailer->size;
    if (start + tail > f.size()) return "the recovered message is too short for its hash";
    const ByteView m1 = ByteView{f}.subspan(start, f.size() - tail - start);
    const auto digest = ByteView{f}.subspan(f.size() - tail, trailer->hash_size);
    if (!equal_constant_time(hash(trailer->hash, concat({m1, challenge})), digest)) {
        return "the recovered hash is not that of the message and the challenge";
    }
    return {};
}

/// DER form of r || s, each half of `plain`.
Bytes der_signature(ByteView plain) {
    const auto half = plain.size() / 2;
    ECDSA_SIG* signature = openssl_made(ECDSA_SIG_new(), "signature");
    auto* r = BN_bin2bn(plain.data(), static_cast<int>(half), nullptr);
    auto* s = BN_bin2bn(plain.data() + half, static_cast<int>(half), nullptr);
    ECDSA_SIG_set0(signature, r, s);
    Bytes out(2 * half + 16);
    auto* at = out.data();
    out.resize(static_cast<std::size_t>(i2d_ECDSA_SIG(signature, &at)));
    ECDSA_SIG_free(signature);
    return out;
}

bool verify(EVP_PKEY* key, ByteView digest, ByteView der) {
    const Owned<evp_pkey_ctx_st> context{
        openssl_made(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr), "signature check")};
    openssl_done(EVP_PKEY_verify_init(context.get()), "signature check");
    const bool good =
        EVP_PKEY_verify(context.get(), der.data(), der.size(), digest.data(), digest.size()) == 1;
    openssl_reason();
    return good;
}

std::string check_ecdsa(EVP_PKEY* key, ByteView challenge, ByteView signature, HashAlgorithm algorithm) {
    const auto order = parameter(key, OSSL_PKEY_PARAM_EC_ORDER);
    const auto plain_size = 2 * static_cast<std::size_t>(BN_num_bytes(order.get()));
    if (signature.empty() || signature.size() > plain_size + 16) {
        return fmt::format("a signature of {} bytes; this curve has {} (r || s)", signature.size(),
                           plain_size);
    }
    const auto digest = hash(algorithm, challenge);
    if (signature.size() == plain_size && verify(key, digest, der_signature(signature))) return {};
    // BSI TR-03111 plain form is the rule; some chips send DER.
    if (signature[0] == 0x30 && verify(key, digest, signature)) return {};
    return "the signature is not one of this key over the challenge";
}

}  // namespace

std::string check_active_authentication(ByteView public_key, ByteView challenge, ByteView signature,
                                        HashAlgorithm ecdsa_hash) {
    const auto key = parse_public_key(public_key);
    if (!key) return "the public key is not a SubjectPublicKeyInfo that can be used";
    if (EVP_PKEY_is_a(key.get(), "RSA") == 1) return check_rsa(key.get(), challenge, signature);
    if (EVP_PKEY_is_a(key.get(), "EC") == 1) {
        return check_ecdsa(key.get(), challenge, signature, ecdsa_hash);
    }
    return "the public key is neither RSA nor EC";
}

}  // namespace kartsaz::keys
