// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/piv/key_file.h"

#include <openssl/evp.h>
#include <openssl/pkcs12.h>

#include <memory>

#include "tests/support/vectors.h"

namespace kartsaz::test {

Bytes key_file(const char* password) {
    const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key{EVP_EC_gen("P-256"), EVP_PKEY_free};
    const std::unique_ptr<PKCS12, void (*)(PKCS12*)> file{
        PKCS12_create(password, "key", key.get(), nullptr, nullptr, NID_pbe_WithSHA1And3_Key_TripleDES_CBC,
                      NID_pbe_WithSHA1And3_Key_TripleDES_CBC, 10, 10, 0),
        PKCS12_free};
    unsigned char* der = nullptr;
    const int size = i2d_PKCS12(file.get(), &der);
    Bytes out(der, der + size);
    OPENSSL_free(der);
    return out;
}

std::filesystem::path new_object_folder() {
    static int count = 0;
    const auto out = scratch_dir() / ("objects-" + std::to_string(++count));
    std::filesystem::create_directories(out);
    return out;
}

}  // namespace kartsaz::test
