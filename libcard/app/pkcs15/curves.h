// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "apdu/bytes.h"
#include "keys/certificate_request.h"

namespace kartsaz::app::pkcs15 {

/// Domain parameters that GENERATE sends along. Source: SEC 2 version 2.0, 2.4.2 and 2.5.1; FIPS 186-4,
/// D.1.2.
struct Curve {
    Bytes p, a, b, g, n;  ///< g uncompressed
};
/// Of EC algorithms only.
const Curve& curve_of(keys::KeyAlgorithm algorithm);

}  // namespace kartsaz::app::pkcs15
