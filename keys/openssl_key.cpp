// SPDX-License-Identifier: Apache-2.0
// The methods of RSA and EC keys that OpenSSL 3 calls deprecated are still its way to a key that is elsewhere
// when no provider of that place is loaded; OpenSSL itself keeps off such keys' private parts ("foreign").
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <algorithm>
#include <exception>
#include <memory>

#include "apdu/error.h"
#include "keys/digest_name.h"
#include "keys/signing_key.h"

namespace kartsaz::keys {
namespace {

using Shared = std::shared_ptr<const SigningKey>;

struct EcKeyFree {
    void operator()(EC_KEY* key) const noexcept { EC_KEY_free(key); }
};
struct RsaFree {
    void operator()(RSA* key) const noexcept { RSA_free(key); }
};

/// The key that an OpenSSL object stands for rides on it as extra data.
void free_shared(void* /*parent*/, void* held, CRYPTO_EX_DATA* /*all*/, int /*index*/, long /*argument*/,
                 void* /*pointer*/) {
    delete static_cast<Shared*>(held);
}
int copy_shared(CRYPTO_EX_DATA* /*to*/, const CRYPTO_EX_DATA* /*from*/, void** held, int /*index*/,
                long /*argument*/, void* /*pointer*/) {
    if (*held != nullptr) *held = new Shared{*static_cast<Shared*>(*held)};
    return 1;
}
int ec_index() {
    static const int index = EC_KEY_get_ex_new_index(0, nullptr, nullptr, copy_shared, free_shared);
    return index;
}
int rsa_index() {
    static const int index = RSA_get_ex_new_index(0, nullptr, nullptr, copy_shared, free_shared);
    return index;
}

HashAlgorithm algorithm_of_nid(int type) {
    if (const auto known = hash_of_nid(type)) return *known;
    throw Error{Errc::keys_failed, "a digest that the key cannot sign"};
}

/// Calls the key; what it throws becomes an entry of OpenSSL's error queue, see openssl_reason().
int sign(const void* shared, HashAlgorithm algorithm, ByteView digest, unsigned char* out, unsigned* size,
         int room) noexcept {
    try {
        const auto signature = (*static_cast<const Shared*>(shared))->sign_digest(algorithm, digest);
        if (signature.size() > static_cast<std::size_t>(room)) {
            throw Error{Errc::keys_failed, "the key gave a signature that is too long"};
        }
        std::copy(signature.begin(), signature.end(), out);
        *size = static_cast<unsigned>(signature.size());
        return 1;
    } catch (const std::exception& error) {
        ERR_raise_data(ERR_LIB_USER, ERR_R_OPERATION_FAIL, "%s", error.what());
        return 0;
    }
}

int ec_sign(int type, const unsigned char* digest, int size, unsigned char* out, unsigned* out_size,
            const BIGNUM* /*kinv*/, const BIGNUM* /*r*/, EC_KEY* key) {
    // without a digest's name its length tells
    constexpr std::pair<int, int> by_size[] = {
        {20, NID_sha1}, {28, NID_sha224}, {32, NID_sha256}, {48, NID_sha384}, {64, NID_sha512}};
    for (const auto& [length, nid] : by_size) {
        if (length == size) type = nid;
    }
    try {
        return sign(EC_KEY_get_ex_data(key, ec_index()), algorithm_of_nid(type),
                    {digest, static_cast<std::size_t>(size)}, out, out_size, ECDSA_size(key));
    } catch (const Error& error) {
        ERR_raise_data(ERR_LIB_USER, ERR_R_OPERATION_FAIL, "%s", error.what());
        return 0;
    }
}

int rsa_sign(int type, const unsigned char* digest, unsigned size, unsigned char* out, unsigned* out_size,
             const RSA* key) {
    try {
        return sign(RSA_get_ex_data(key, rsa_index()), algorithm_of_nid(type), {digest, size}, out, out_size,
                    RSA_size(key));
    } catch (const Error& error) {
        ERR_raise_data(ERR_LIB_USER, ERR_R_OPERATION_FAIL, "%s", error.what());
        return 0;
    }
}

/// Raw RSA, which other paddings and decryption are made of, is not what these keys do.
int rsa_refuse(int /*size*/, const unsigned char* /*from*/, unsigned char* /*to*/, RSA* /*key*/,
               int /*padding*/) {
    ERR_raise_data(ERR_LIB_USER, ERR_R_OPERATION_FAIL, "the key signs with PKCS#1 v1.5 padding only");
    return -1;
}

const EC_KEY_METHOD* ec_method() {
    static const EC_KEY_METHOD* const method = [] {
        auto* out = openssl_made(EC_KEY_METHOD_new(EC_KEY_OpenSSL()), "method of EC keys");
        EC_KEY_METHOD_set_sign(out, ec_sign, nullptr, nullptr);
        return out;
    }();
    return method;
}

const RSA_METHOD* rsa_method() {
    static const RSA_METHOD* const method = [] {
        auto* out = openssl_made(RSA_meth_dup(RSA_get_default_method()), "method of RSA keys");
        RSA_meth_set1_name(out, "kartsaz");
        RSA_meth_set_sign(out, rsa_sign);
        RSA_meth_set_priv_enc(out, rsa_refuse);
        RSA_meth_set_priv_dec(out, rsa_refuse);
        RSA_meth_set_flags(out, RSA_FLAG_EXT_PKEY);
        return out;
    }();
    return method;
}

}  // namespace

Owned<evp_pkey_st> openssl_key(std::shared_ptr<const SigningKey> key) {
    const auto& der = key->public_key();
    const auto* at = der.data();
    const Owned<evp_pkey_st> known{d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size()))};
    if (!known) {
        openssl_reason();
        throw Error{Errc::keys_failed, "the public key of the " + key->place() + " cannot be read"};
    }
    Owned<evp_pkey_st> out{openssl_made(EVP_PKEY_new(), "key")};
    auto shared = std::make_unique<Shared>(std::move(key));
    if (EVP_PKEY_is_a(known.get(), "EC") == 1) {
        std::unique_ptr<EC_KEY, EcKeyFree> ec{openssl_made(EVP_PKEY_get1_EC_KEY(known.get()), "EC key")};
        openssl_done(EC_KEY_set_method(ec.get(), ec_method()), "method of an EC key");
        openssl_done(EC_KEY_set_ex_data(ec.get(), ec_index(), shared.get()), "data of an EC key");
        (void)shared.release();
        openssl_done(EVP_PKEY_assign_EC_KEY(out.get(), ec.get()), "EC key");
        (void)ec.release();
    } else if (EVP_PKEY_is_a(known.get(), "RSA") == 1) {
        std::unique_ptr<RSA, RsaFree> rsa{openssl_made(EVP_PKEY_get1_RSA(known.get()), "RSA key")};
        openssl_done(RSA_set_method(rsa.get(), rsa_method()), "method of an RSA key");
        openssl_done(RSA_set_ex_data(rsa.get(), rsa_index(), shared.get()), "data of an RSA key");
        (void)shared.release();
        openssl_done(EVP_PKEY_assign_RSA(out.get(), rsa.get()), "RSA key");
        (void)rsa.release();
    } else {
        throw Error{Errc::keys_failed, "the key in the " + (*shared)->place() + " is neither EC nor RSA"};
    }
    return out;
}

}  // namespace kartsaz::keys
