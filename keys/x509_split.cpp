// SPDX-License-Identifier: Apache-2.0
#include "keys/x509_split.h"

#include "keys/x509_text.h"

namespace kartsaz::keys {

std::vector<Bytes> split_certificates(ByteView encoded, const std::string& what) {
    std::vector<Bytes> out;
    for (const auto& certificate : parse_certificates(encoded, what)) {
        out.push_back(to_der(certificate.get()));
    }
    return out;
}

}  // namespace kartsaz::keys
