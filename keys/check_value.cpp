// SPDX-License-Identifier: Apache-2.0
#include "keys/check_value.h"

#include "apdu/error.h"
#include "keys/crypto.h"

namespace kartsaz::keys {

std::string_view name(CheckMethod method) {
    switch (method) {
        case CheckMethod::globalplatform:
            return "gp";
        case CheckMethod::cmac:
            return "cmac";
        case CheckMethod::zeros:
            return "zeros";
    }
    throw Error{Errc::internal, "unknown check method"};
}

Bytes check_value(const SecretBytes& key, KeyType type, CheckMethod method) {
    constexpr std::size_t shown = 5;
    Bytes out;
    if (type == KeyType::des3) {
        out = des3_ecb_encrypt(key, Bytes(8, 0x00));
    } else if (method == CheckMethod::cmac) {
        out = aes_cmac(key, Bytes(16, 0x00));
    } else {
        out = aes_ecb_encrypt(key, Bytes(16, method == CheckMethod::zeros ? 0x00 : 0x01));
    }
    out.resize(shown);
    return out;
}

}  // namespace kartsaz::keys
