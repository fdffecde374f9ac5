// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "apdu/bytes.h"

namespace kartsaz::keys {

/// PEM of public DER. @param label  "CERTIFICATE", "X509 CRL", "CERTIFICATE REQUEST"  Source: RFC 7468, 2
std::string pem_text(ByteView der, std::string_view label);

}  // namespace kartsaz::keys
