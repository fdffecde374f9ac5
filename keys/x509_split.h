// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "apdu/bytes.h"

namespace kartsaz::keys {

/// Every certificate of a PEM or DER text, each in DER. @throws Error{input_invalid} naming `what`
std::vector<Bytes> split_certificates(ByteView encoded, const std::string& what);

}  // namespace kartsaz::keys
