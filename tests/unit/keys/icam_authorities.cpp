// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/keys/icam_authorities.h"

#include <catch2/catch.hpp>
#include <openssl/pem.h>

#include "keys/certificate_pool.h"
#include "keys/pkcs12.h"
#include "tests/support/vectors.h"

namespace kartsaz::test {

std::optional<std::filesystem::path> icam_folder() {
    const auto shared = shared_dir();
    if (!shared || !std::filesystem::is_directory(*shared / "data" / "icam" / "ICAM_CA_and_Signer")) {
        WARN("the ICAM cards are not there (KARTSAZ_SHARED); this test showed nothing");
        return std::nullopt;
    }
    return *shared / "data" / "icam";
}

Bytes icam_der(const std::filesystem::path& file) {
    keys::CertificatePool pool;
    pool.add(read_bytes(file), file.string(), keys::CertificatePool::Trust::all);
    return pool.anchors().at(0);
}

Made icam_signer(const std::string& name) {
    const auto folder = icam_folder().value() / "ICAM_CA_and_Signer";
    Made out;
    const auto der = icam_der(folder / (name + ".crt"));
    const auto* at = der.data();
    out.x509 = {d2i_X509(nullptr, &at, static_cast<long>(der.size())), X509_free};
    const auto opened = keys::read_pkcs12(folder / (name + ".p12"));
    out.key = opened.pem.reveal([](ByteView text) -> std::shared_ptr<EVP_PKEY> {
        const std::shared_ptr<BIO> pem{BIO_new_mem_buf(text.data(), static_cast<int>(text.size())),
                                       BIO_free_all};
        return {PEM_read_bio_PrivateKey(pem.get(), nullptr, nullptr, nullptr), EVP_PKEY_free};
    });
    return out;
}

}  // namespace kartsaz::test
