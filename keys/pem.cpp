// SPDX-License-Identifier: Apache-2.0
#include "keys/pem.h"

#include <fmt/format.h>
#include <openssl/evp.h>

namespace kartsaz::keys {

std::string pem_text(ByteView der, std::string_view label) {
    std::string base64((der.size() + 2) / 3 * 4 + 1, '\0');
    const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(base64.data()), der.data(),
                                     static_cast<int>(der.size()));
    base64.resize(static_cast<std::size_t>(size));
    std::string out = fmt::format("-----BEGIN {}-----\n", label);
    for (std::size_t at = 0; at < base64.size(); at += 64) out += base64.substr(at, 64) + "\n";
    return out + fmt::format("-----END {}-----\n", label);
}

}  // namespace kartsaz::keys
