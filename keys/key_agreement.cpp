// SPDX-License-Identifier: Apache-2.0
#include "keys/key_agreement.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>

#include "apdu/error.h"
#include "keys/openssl_handles.h"
#include "keys/x509_der.h"

namespace kartsaz::keys {
namespace {

struct GroupFree {
    void operator()(EC_GROUP* group) const noexcept { EC_GROUP_free(group); }
};
using Group = std::unique_ptr<EC_GROUP, GroupFree>;

Group group_of(KeyAlgorithm algorithm) {
    const int nid = algorithm == KeyAlgorithm::ec_p256   ? NID_X9_62_prime256v1
                    : algorithm == KeyAlgorithm::ec_p384 ? NID_secp384r1
                                                         : NID_undef;
    if (nid == NID_undef) throw Error{Errc::usage, "a key that agrees is one of a curve"};
    return Group{openssl_made(EC_GROUP_new_by_curve_name(nid), "curve")};
}

std::size_t field_size(const EC_GROUP* group) {
    return (static_cast<std::size_t>(EC_GROUP_get_degree(group)) + 7) / 8;
}

Bytes padded(const BIGNUM* number, std::size_t size) {
    Bytes out(size);
    if (BN_bn2binpad(number, out.data(), static_cast<int>(size)) < 0) openssl_failed("number of a curve");
    return out;
}

}  // namespace

AgreementChallenge make_agreement_challenge(KeyAlgorithm algorithm) {
    const Group group = group_of(algorithm);
    const Owned<bignum_st> scalar{openssl_made(BN_new(), "number")};
    do {
        openssl_done(BN_rand_range(scalar.get(), EC_GROUP_get0_order(group.get())), "random number");
    } while (BN_is_zero(scalar.get()) == 1);
    const Owned<ec_point_st> point{openssl_made(EC_POINT_new(group.get()), "point")};
    openssl_done(EC_POINT_mul(group.get(), point.get(), scalar.get(), nullptr, nullptr, nullptr), "point");
    const std::size_t size = field_size(group.get());
    Bytes encoded(1 + 2 * size);
    if (EC_POINT_point2oct(group.get(), point.get(), POINT_CONVERSION_UNCOMPRESSED, encoded.data(),
                           encoded.size(), nullptr) != encoded.size()) {
        openssl_failed("point");
    }
    return {padded(scalar.get(), size), encoded};
}

Bytes agreed_secret(ByteView public_key, ByteView scalar) {
    const auto algorithm = algorithm_of(public_key);
    if (algorithm != KeyAlgorithm::ec_p256 && algorithm != KeyAlgorithm::ec_p384) return {};
    const Group group = group_of(*algorithm);
    const auto key = parse_public_key(public_key).key;
    const Owned<ec_point_st> theirs{openssl_made(EC_POINT_new(group.get()), "point")};
    const Owned<bignum_st> number{
        openssl_made(BN_bin2bn(scalar.data(), static_cast<int>(scalar.size()), nullptr), "number")};
    if (EC_POINT_oct2point(group.get(), theirs.get(), key.data(), key.size(), nullptr) != 1) {
        openssl_reason();
        return {};
    }
    const Owned<ec_point_st> product{openssl_made(EC_POINT_new(group.get()), "point")};
    const Owned<bignum_st> x{openssl_made(BN_new(), "number")};
    if (EC_POINT_mul(group.get(), product.get(), nullptr, theirs.get(), number.get(), nullptr) != 1 ||
        EC_POINT_get_affine_coordinates(group.get(), product.get(), x.get(), nullptr, nullptr) != 1) {
        openssl_reason();
        return {};
    }
    return padded(x.get(), field_size(group.get()));
}

}  // namespace kartsaz::keys
