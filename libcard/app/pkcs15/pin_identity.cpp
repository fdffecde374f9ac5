// SPDX-License-Identifier: Apache-2.0
#include "libcard/app/pkcs15/read.h"

namespace kartsaz::app::pkcs15 {

std::string pin_identity(const std::string& chip_name, const std::string& document_number) {
    return chip_name.empty() ? "document " + document_number : "chip " + chip_name;
}

}  // namespace kartsaz::app::pkcs15
