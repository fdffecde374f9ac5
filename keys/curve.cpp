// SPDX-License-Identifier: Apache-2.0
#include "keys/curve.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>

#include "apdu/error.h"

namespace kartsaz::keys {
namespace {

constexpr std::size_t size = 32;

Owned<bignum_st> secret_number() {
    Owned<bignum_st> out{openssl_made(BN_secure_new(), "number")};
    BN_set_flags(out.get(), BN_FLG_CONSTTIME);
    return out;
}

Owned<bignum_st> number(const SecretBytes& bytes) {
    auto out = secret_number();
    bytes.reveal([&](ByteView view) {
        openssl_made(BN_bin2bn(view.data(), static_cast<int>(view.size()), out.get()), "number");
    });
    return out;
}

SecretBytes padded(const BIGNUM* value) {
    Botan::secure_vector<std::uint8_t> out(size);
    if (BN_bn2binpad(value, out.data(), static_cast<int>(size)) != static_cast<int>(size)) {
        openssl_failed("number of 32 bytes");
    }
    return SecretBytes{std::move(out)};
}

/// One per thread: OpenSSL's scratch numbers, wiped by it after each use.
BN_CTX* scratch() {
    static thread_local const Owned<bignum_ctx> context{openssl_made(BN_CTX_secure_new(), "scratch numbers")};
    return context.get();
}

Owned<ec_point_st> new_point(const EC_GROUP* group) {
    return Owned<ec_point_st>{openssl_made(EC_POINT_new(group), "point")};
}

}  // namespace

Curve::Curve(int nid) : group_{openssl_made(EC_GROUP_new_by_curve_name(nid), "curve")} {}

SecretBytes Curve::random_scalar() const {
    const auto out = secret_number();
    do openssl_done(BN_priv_rand_range(out.get(), EC_GROUP_get0_order(group_)), "random scalar");
    while (BN_is_zero(out.get()) != 0);
    return padded(out.get());
}

SecretBytes Curve::reduce_scalar(const SecretBytes& wide) const {
    const Owned<bignum_st> less_one{openssl_made(BN_dup(EC_GROUP_get0_order(group_)), "number")};
    openssl_done(BN_sub_word(less_one.get(), 1), "number");
    const auto out = secret_number();
    openssl_done(BN_nnmod(out.get(), number(wide).get(), less_one.get(), scratch()), "reduce a scalar");
    openssl_done(BN_add_word(out.get(), 1), "reduce a scalar");
    return padded(out.get());
}

Owned<ec_point_st> Curve::multiply_generator(const SecretBytes& scalar) const {
    auto out = new_point(group_);
    openssl_done(EC_POINT_mul(group_, out.get(), number(scalar).get(), nullptr, nullptr, scratch()),
                 "multiply the generator");
    return out;
}

Owned<ec_point_st> Curve::multiply(const SecretBytes& scalar, const ec_point_st& point) const {
    auto out = new_point(group_);
    openssl_done(EC_POINT_mul(group_, out.get(), nullptr, &point, number(scalar).get(), scratch()),
                 "multiply a point");
    if (is_infinity(*out)) throw Error{Errc::secure_channel, "a product of points is the point at infinity"};
    return out;
}

Owned<ec_point_st> Curve::add(const ec_point_st& a, const ec_point_st& b) const {
    auto out = new_point(group_);
    openssl_done(EC_POINT_add(group_, out.get(), &a, &b, scratch()), "add points");
    return out;
}

bool Curve::is_infinity(const ec_point_st& point) const {
    return EC_POINT_is_at_infinity(group_, &point) == 1;
}

Bytes Curve::encode(const ec_point_st& point) const {
    Bytes out(1 + 2 * size);
    if (EC_POINT_point2oct(group_, &point, POINT_CONVERSION_UNCOMPRESSED, out.data(), out.size(),
                           scratch()) != out.size()) {
        openssl_failed("encode a point");
    }
    return out;
}

Owned<ec_point_st> Curve::decode(ByteView encoded) const {
    if (encoded.size() != 1 + 2 * size || encoded[0] != 0x04) return nullptr;
    auto out = new_point(group_);
    // Fails for coordinates that are not on the curve.
    if (EC_POINT_oct2point(group_, out.get(), encoded.data(), encoded.size(), scratch()) != 1) {
        openssl_reason();
        return nullptr;
    }
    return out;
}

SecretBytes Curve::x_coordinate(const ec_point_st& point) const {
    const auto x = secret_number();
    openssl_done(EC_POINT_get_affine_coordinates(group_, &point, x.get(), nullptr, scratch()), "coordinate");
    return padded(x.get());
}

const Curve& curve_p256() {
    static const Curve curve{NID_X9_62_prime256v1};
    return curve;
}

const Curve& curve_brainpool_p256r1() {
    static const Curve curve{NID_brainpoolP256r1};
    return curve;
}

const Curve* find_curve(unsigned parameter_id) {
    if (parameter_id == 12) return &curve_p256();
    if (parameter_id == 13) return &curve_brainpool_p256r1();
    return nullptr;
}

}  // namespace kartsaz::keys
