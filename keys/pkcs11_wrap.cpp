// SPDX-License-Identifier: Apache-2.0
#include "keys/pkcs11_wrap.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include "keys/openssl_handles.h"

namespace kartsaz::keys {
namespace {

constexpr CK_ULONG wrapping_bits = 2048;

/// A session's own key pair for one transport; the token forgets it with the session.
struct TransportPair {
    CK_OBJECT_HANDLE public_key = 0, private_key = 0;
};

TransportPair make_pair(const Session& session) {
    Template open_half;
    open_half.flag(CKA_TOKEN, false)
        .flag(CKA_ENCRYPT, true)
        .flag(CKA_WRAP, true)
        .number(CKA_MODULUS_BITS, wrapping_bits)
        .put(CKA_PUBLIC_EXPONENT, from_hex("010001"));
    Template closed_half;
    closed_half.flag(CKA_TOKEN, false)
        .flag(CKA_PRIVATE, true)
        .flag(CKA_SENSITIVE, true)
        .flag(CKA_EXTRACTABLE, false)
        .flag(CKA_DECRYPT, false)
        .flag(CKA_SIGN, false)
        .flag(CKA_UNWRAP, true);
    auto open_list = open_half.attributes();
    auto closed_list = closed_half.attributes();
    CK_MECHANISM how{CKM_RSA_PKCS_KEY_PAIR_GEN, nullptr, 0};
    TransportPair out;
    session.check(session.functions().C_GenerateKeyPair(
                      session.handle(), &how, open_list.data(), open_list.size(), closed_list.data(),
                      closed_list.size(), &out.public_key, &out.private_key),
                  "C_GenerateKeyPair");
    return out;
}

Owned<evp_pkey_st> rsa_key(ByteView modulus, ByteView exponent) {
    const Owned<bignum_st> n{BN_bin2bn(modulus.data(), static_cast<int>(modulus.size()), nullptr)};
    const Owned<bignum_st> e{BN_bin2bn(exponent.data(), static_cast<int>(exponent.size()), nullptr)};
    OSSL_PARAM_BLD* build = openssl_made(OSSL_PARAM_BLD_new(), "transport key");
    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n.get());
    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e.get());
    OSSL_PARAM* parameters = OSSL_PARAM_BLD_to_param(build);
    OSSL_PARAM_BLD_free(build);
    const Owned<evp_pkey_ctx_st> context{EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr)};
    EVP_PKEY* key = nullptr;
    const bool made = parameters != nullptr && context && EVP_PKEY_fromdata_init(context.get()) == 1 &&
                      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters) == 1;
    OSSL_PARAM_free(parameters);
    if (!made) openssl_failed("transport key");
    return Owned<evp_pkey_st>{key};
}

/// RSAES-OAEP with SHA-1 and MGF1 of SHA-1, the one that every token has. Source: RFC 8017, 7.1.1.
Bytes wrap(EVP_PKEY* under, const SecretBytes& key) {
    const Owned<evp_pkey_ctx_st> context{
        openssl_made(EVP_PKEY_CTX_new_from_pkey(nullptr, under, nullptr), "transport")};
    openssl_done(EVP_PKEY_encrypt_init(context.get()), "transport");
    openssl_done(EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_OAEP_PADDING), "transport");
    openssl_done(EVP_PKEY_CTX_ctrl_str(context.get(), "rsa_oaep_md", "SHA1"), "transport");
    openssl_done(EVP_PKEY_CTX_ctrl_str(context.get(), "rsa_mgf1_md", "SHA1"), "transport");
    return key.reveal([&](ByteView bytes) {
        Bytes out(static_cast<std::size_t>(EVP_PKEY_get_size(under)));
        std::size_t size = out.size();
        openssl_done(EVP_PKEY_encrypt(context.get(), out.data(), &size, bytes.data(), bytes.size()),
                     "transport");
        out.resize(size);
        return out;
    });
}

CK_OBJECT_HANDLE unwrap(const Session& session, Template& wanted, const SecretBytes& key) {
    const auto pair = make_pair(session);
    const auto under = rsa_key(session.attribute(pair.public_key, CKA_MODULUS),
                               session.attribute(pair.public_key, CKA_PUBLIC_EXPONENT));
    auto wrapped = wrap(under.get(), key);
    CK_RSA_PKCS_OAEP_PARAMS oaep{CKM_SHA_1, CKG_MGF1_SHA1, CKZ_DATA_SPECIFIED, nullptr, 0};
    CK_MECHANISM how{CKM_RSA_PKCS_OAEP, &oaep, sizeof oaep};
    auto attributes = wanted.attributes();
    CK_OBJECT_HANDLE out = 0;
    session.check(session.functions().C_UnwrapKey(session.handle(), &how, pair.private_key, wrapped.data(),
                                                  wrapped.size(), attributes.data(), attributes.size(), &out),
                  "C_UnwrapKey");
    return out;
}

CK_OBJECT_HANDLE create(const Session& session, Template& wanted, const SecretBytes& key) {
    key.reveal([&](ByteView bytes) { wanted.put(CKA_VALUE, bytes); });
    auto attributes = wanted.attributes();
    CK_OBJECT_HANDLE out = 0;
    session.check(
        session.functions().C_CreateObject(session.handle(), attributes.data(), attributes.size(), &out),
        "C_CreateObject");
    return out;
}

}  // namespace

CK_OBJECT_HANDLE bring_in(const Session& session, Template wanted, const SecretBytes& key) {
    try {
        return unwrap(session, wanted, key);
    } catch (const Pkcs11Failure& failure) {
        if (failure.lost() && failure.rv() != CKR_GENERAL_ERROR && failure.rv() != CKR_FUNCTION_FAILED) throw;
    }
    return create(session, wanted, key);
}

}  // namespace kartsaz::keys
