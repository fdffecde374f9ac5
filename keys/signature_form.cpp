// SPDX-License-Identifier: Apache-2.0
#include "keys/signature_form.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "apdu/error.h"
#include "keys/openssl_handles.h"

namespace kartsaz::keys {
namespace {

[[noreturn]] void refuse(const std::string& who, const std::string& why) {
    throw Error{Errc::keys_failed, who + ": " + why};
}

/// Bytes of a DER ECDSA signature in the most frequent form: two INTEGERs below the order, whose top bit
/// costs a leading 00. @param lead  the order over two to the power `order_bits`, for whole bytes
std::size_t usual_ecdsa_size(int order_bits, double lead) {
    const auto whole = static_cast<std::size_t>(order_bits) / 8;
    std::size_t both = 2 * (whole + 1);
    if (order_bits % 8 == 0) {
        // A share 1 - 1/(2 lead) of all numbers has the top bit set, lead being the order over 2^bits.
        const double longer = 1.0 - 0.5 / lead;
        both = 2 * whole + (longer > 2.0 / 3.0 ? 2 : longer > 1.0 / 3.0 ? 1 : 0);
    }
    const std::size_t content = both + 4;
    return content + (content < 128 ? 2 : 3);
}

SignatureForm ec_form(EVP_PKEY* key, const std::string& who) {
    SignatureForm out;
    BIGNUM* raw = nullptr;
    openssl_done(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_EC_ORDER, &raw), "order of a curve");
    const Owned<bignum_st> order{raw};
    const int bits = BN_num_bits(order.get());
    Bytes top(static_cast<std::size_t>(BN_num_bytes(order.get())));
    BN_bn2bin(order.get(), top.data());
    if (bits < 160) refuse(who, "a curve of less than 160 bits");
    const double lead = (top.at(0) * 256.0 + top.at(1)) / 65536.0;
    out.signature_size = usual_ecdsa_size(bits, lead);
    if (bits > 384) {
        out.hash = HashAlgorithm::sha512;
        out.hash_algorithm = from_hex("300B0609608648016503040203");
        out.signature_algorithm = from_hex("300A06082A8648CE3D040304");
    } else if (bits > 256) {
        out.hash = HashAlgorithm::sha384;
        out.hash_algorithm = from_hex("300B0609608648016503040202");
        out.signature_algorithm = from_hex("300A06082A8648CE3D040303");
    } else {
        out.hash_algorithm = from_hex("300B0609608648016503040201");
        out.signature_algorithm = from_hex("300A06082A8648CE3D040302");
    }
    return out;
}

Owned<evp_pkey_st> read_public_key(ByteView public_key) {
    const auto* at = public_key.data();
    Owned<evp_pkey_st> out{d2i_PUBKEY(nullptr, &at, static_cast<long>(public_key.size()))};
    openssl_reason();
    return out;
}

template <typename Sign>
Bytes first_usual(const SigningKey& key, const SignatureForm& form, ByteView message, const std::string& who,
                  Sign&& sign) {
    const auto digest = hash(form.hash, message);
    for (unsigned i = 0; i < 1000; ++i) {  // a run of 1000 others does not happen
        auto out = sign(digest, i);
        if (out.size() == form.signature_size) return out;
    }
    refuse(who, "no signature of the usual length comes from the " + key.place());
}

}  // namespace

SignatureForm signature_form(ByteView public_key, const std::string& who) {
    const auto key = read_public_key(public_key);
    if (!key) refuse(who, "its public key cannot be read");
    if (EVP_PKEY_is_a(key.get(), "EC") == 1) return ec_form(key.get(), who);
    if (EVP_PKEY_is_a(key.get(), "RSA") != 1) refuse(who, "the private key is neither EC nor RSA");
    if (EVP_PKEY_get_bits(key.get()) < 2048) refuse(who, "an RSA key of less than 2048 bits");
    SignatureForm out;
    out.hash_algorithm = from_hex("300B0609608648016503040201");
    out.signature_algorithm = from_hex("300D06092A864886F70D01010B0500");
    out.signature_size = static_cast<std::size_t>(EVP_PKEY_get_size(key.get()));
    return out;
}

Bytes sign_usual(const SigningKey& key, const SignatureForm& form, ByteView message, const std::string& who) {
    return first_usual(key, form, message, who,
                       [&](ByteView digest, unsigned) { return key.sign_digest(form.hash, digest); });
}

Bytes sign_reproducibly(const SigningKey& key, const SignatureForm& form, ByteView message,
                        const std::string& who) {
    return first_usual(key, form, message, who, [&](ByteView digest, unsigned attempt) {
        return key.sign_digest_again(form.hash, digest, attempt);
    });
}

}  // namespace kartsaz::keys
