// SPDX-License-Identifier: Apache-2.0
#include "libcard/verify/piv_proof.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <algorithm>
#include <memory>

namespace kartsaz::verify {
namespace {

template <class T>
using Held = std::unique_ptr<T, void (*)(T*)>;

Held<EVP_PKEY> public_key_of(ByteView der) {
    const auto* at = der.data();
    return {d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size())), EVP_PKEY_free};
}

bool verifies(EVP_PKEY* key, const EVP_MD* digest, ByteView message, ByteView signature) {
    const Held<EVP_MD_CTX> context{EVP_MD_CTX_new(), EVP_MD_CTX_free};
    return context && EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr, key) == 1 &&
           EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(),
                            message.size()) == 1;
}

/// The group of an EC key and its point; the point is null when the key is none.
struct Curve {
    Held<EC_GROUP> group{nullptr, EC_GROUP_free};
    Held<EC_POINT> point{nullptr, EC_POINT_free};
};

Curve curve_of(EVP_PKEY* key) {
    Curve out;
    char name[64] = {};
    if (EVP_PKEY_get_group_name(key, name, sizeof name, nullptr) != 1) return out;
    out.group.reset(EC_GROUP_new_by_curve_name(OBJ_sn2nid(name)));
    unsigned char* bytes = nullptr;
    const std::size_t size = EVP_PKEY_get1_encoded_public_key(key, &bytes);
    if (out.group && size > 0) {
        Held<EC_POINT> point{EC_POINT_new(out.group.get()), EC_POINT_free};
        if (point && EC_POINT_oct2point(out.group.get(), point.get(), bytes, size, nullptr) == 1)
            out.point = std::move(point);
    }
    OPENSSL_free(bytes);
    return out;
}

Bytes encoded(const EC_GROUP* group, const EC_POINT* point) {
    const auto form = POINT_CONVERSION_UNCOMPRESSED;
    Bytes out(EC_POINT_point2oct(group, point, form, nullptr, 0, nullptr));
    EC_POINT_point2oct(group, point, form, out.data(), out.size(), nullptr);
    return out;
}

}  // namespace

bool proves_key(ByteView public_key, std::string_view digest, ByteView message, ByteView signature) {
    const EVP_MD* md = digest == "sha256" ? EVP_sha256() : digest == "sha384" ? EVP_sha384() : nullptr;
    const auto key = public_key_of(public_key);
    const bool good = md != nullptr && key && verifies(key.get(), md, message, signature);
    ERR_clear_error();
    return good;
}

bool proves_agreement(ByteView public_key, ByteView scalar, ByteView peer, ByteView secret) {
    const auto key = public_key_of(public_key);
    bool good = false;
    if (const auto curve = key ? curve_of(key.get()) : Curve{}; curve.point) {
        const Held<BIGNUM> number{BN_bin2bn(scalar.data(), static_cast<int>(scalar.size()), nullptr),
                                  BN_clear_free};
        const Held<EC_POINT> ours{EC_POINT_new(curve.group.get()), EC_POINT_free};
        const Held<EC_POINT> shared{EC_POINT_new(curve.group.get()), EC_POINT_free};
        const auto* group = curve.group.get();
        if (number && ours && shared &&
            EC_POINT_mul(group, ours.get(), number.get(), nullptr, nullptr, nullptr) == 1 &&
            EC_POINT_mul(group, shared.get(), nullptr, curve.point.get(), number.get(), nullptr) == 1) {
            const Bytes sent = encoded(group, ours.get()), both = encoded(group, shared.get());
            const std::size_t half = (both.size() - 1) / 2;
            // a scalar of 0 gives the point at infinity, which is one byte
            good = half > 0 && std::ranges::equal(sent, peer) &&
                   std::ranges::equal(ByteView{both}.subspan(1, half), secret);
        }
    }
    ERR_clear_error();
    return good;
}

}  // namespace kartsaz::verify
