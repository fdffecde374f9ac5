// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "apdu/bytes.h"

namespace kartsaz::keys {

/// PEM of public DER. @param label  "CERTIFICATE", "X509 CRL", "CERTIFICATE REQUEST"  Source: RFC 7468, 2
std::string pem_text(ByteView der, std::string_view label);

/// The first block of this label in a text that may say other things around it (RFC 7468, 2 and 5.2); its
/// content is not looked at. Empty when there is none. @throws Error{input_invalid} naming `what` and the
/// offset, when a block begins and is not sound
Bytes pem_content(std::string_view text, std::string_view label, std::string_view what);

}  // namespace kartsaz::keys
