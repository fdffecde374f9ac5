// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "keys/openssl_handles.h"
#include "keys/secret.h"

struct ec_group_st;

/// Arithmetic on the two 256-bit curves that are spoken here. For the sources of keys/ only.
namespace kartsaz::keys {

/// A curve of prime order and cofactor 1; scalars and coordinates are 32 bytes.
class Curve {
public:
    explicit Curve(int nid);
    Curve(const Curve&) = delete;
    Curve& operator=(const Curve&) = delete;

    SecretBytes random_scalar() const;  ///< 1 .. order-1
    /// 32 bytes of `wide`, reduced to 1 .. order-1: FIPS 186-5, A.2.1.
    SecretBytes reduce_scalar(const SecretBytes& wide) const;

    Owned<ec_point_st> multiply_generator(const SecretBytes& scalar) const;
    /// @throws Error{secure_channel} when the result is the point at infinity
    Owned<ec_point_st> multiply(const SecretBytes& scalar, const ec_point_st& point) const;
    Owned<ec_point_st> add(const ec_point_st& a, const ec_point_st& b) const;
    bool is_infinity(const ec_point_st& point) const;

    Bytes encode(const ec_point_st& point) const;  ///< 04 x y
    /// Null when the bytes are not 04 x y of a point on the curve.
    Owned<ec_point_st> decode(ByteView encoded) const;
    SecretBytes x_coordinate(const ec_point_st& point) const;

private:
    const ec_group_st* group_;  ///< never freed, see ciphers.cpp
};

const Curve& curve_p256();
const Curve& curve_brainpool_p256r1();
/// The curve of a standardized domain parameter id (9303-11, 9.5.1): 12 P-256, 13 brainpoolP256r1; else null.
const Curve* find_curve(unsigned parameter_id);

}  // namespace kartsaz::keys
