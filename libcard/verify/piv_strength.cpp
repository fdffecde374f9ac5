// SPDX-License-Identifier: Apache-2.0
#include "libcard/verify/piv_strength.h"

#include <fmt/format.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <memory>

namespace kartsaz::verify {
namespace {

constexpr std::array<std::size_t, 3> rsa_sizes{2048, 3072, 4096};
constexpr BN_ULONG least_exponent = 65'537;
// Source: RFC 5480, 2.1.1.1.
constexpr std::string_view oid_p256 = "1.2.840.10045.3.1.7", oid_p384 = "1.3.132.0.34";

using Number = std::unique_ptr<BIGNUM, void (*)(BIGNUM*)>;

/// Null when the key cannot be read.
Number exponent_of(ByteView public_key) {
    const auto* at = public_key.data();
    const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key{
        d2i_PUBKEY(nullptr, &at, static_cast<long>(public_key.size())), EVP_PKEY_free};
    BIGNUM* number = nullptr;
    if (key) EVP_PKEY_get_bn_param(key.get(), OSSL_PKEY_PARAM_RSA_E, &number);
    ERR_clear_error();
    return {number, BN_free};
}

std::string decimal(const BIGNUM* number) {
    const std::unique_ptr<char, void (*)(char*)> text{BN_bn2dec(number), [](char* p) { OPENSSL_free(p); }};
    return text ? text.get() : "";
}

PivKeyKind rsa_kind(const keys::CertificateDetails& certificate) {
    const auto exponent = exponent_of(certificate.public_key);
    if (!exponent) return {fmt::format("RSA {} bits that cannot be read", certificate.key_size), false};
    const BN_ULONG word = BN_get_word(exponent.get());  // all ones when it is larger than a word
    const bool sized = std::ranges::find(rsa_sizes, certificate.key_size) != rsa_sizes.end();
    return {fmt::format("RSA {} bits, exponent {}", certificate.key_size, decimal(exponent.get())),
            sized && word >= least_exponent && BN_is_odd(exponent.get()) == 1};
}

}  // namespace

PivKeyKind piv_key_kind(const keys::CertificateDetails& certificate) {
    if (certificate.key_algorithm == "rsa") return rsa_kind(certificate);
    if (certificate.key_algorithm != "ec") return {"the algorithm " + certificate.key_algorithm, false};
    if (certificate.curve == oid_p256) return {"P-256", true};
    if (certificate.curve == oid_p384) return {"P-384", true};
    return {certificate.curve.empty() ? "a curve without a name" : "the curve " + certificate.curve, false};
}

std::string_view digest_name(keys::HashAlgorithm algorithm) {
    using keys::HashAlgorithm;
    switch (algorithm) {
        case HashAlgorithm::sha1:
            return "sha1";
        case HashAlgorithm::sha224:
            return "sha224";
        case HashAlgorithm::sha256:
            return "sha256";
        case HashAlgorithm::sha384:
            return "sha384";
        case HashAlgorithm::sha512:
            return "sha512";
    }
    return "";
}

bool piv_digest_allowed(std::string_view digest) {
    return digest == "sha256" || digest == "sha384" || digest == "sha512";
}

}  // namespace kartsaz::verify
