// SPDX-License-Identifier: Apache-2.0
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <memory>

#include "apdu/error.h"
#include "keys/country_signer.h"
#include "keys/openssl_handles.h"
#include "keys/pem.h"

namespace kartsaz::keys {
namespace {

struct BioFree {
    void operator()(BIO* bio) const noexcept { BIO_free_all(bio); }
};

EVP_PKEY* generate(KeyAlgorithm algorithm) {
    switch (algorithm) {
        case KeyAlgorithm::ec_p256:
            return EVP_EC_gen("P-256");
        case KeyAlgorithm::ec_p384:
            return EVP_EC_gen("P-384");
        case KeyAlgorithm::rsa_2048:
            return EVP_RSA_gen(2048);
        case KeyAlgorithm::rsa_3072:
            return EVP_RSA_gen(3072);
        case KeyAlgorithm::rsa_4096:
            return EVP_RSA_gen(4096);
    }
    throw Error{Errc::internal, "unknown key algorithm"};
}

}  // namespace

SecretBytes new_private_key(KeyAlgorithm algorithm) {
    const Owned<evp_pkey_st> key{openssl_made(generate(algorithm), "make a key pair")};
    // BIO_s_secmem() and BIO_s_mem() both wipe what they held when they are freed
    const std::unique_ptr<BIO, BioFree> text{openssl_made(BIO_new(BIO_s_secmem()), "memory writer")};
    openssl_done(PEM_write_bio_PKCS8PrivateKey(text.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr),
                 "write a private key");
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(text.get(), &bytes);
    return SecretBytes{
        ByteView{reinterpret_cast<const std::uint8_t*>(bytes), static_cast<std::size_t>(size)}};
}

SecretBytes identity_text(const SecretBytes& private_key, ByteView certificate) {
    const auto pem = pem_text(certificate, "CERTIFICATE");
    return private_key.reveal([&](ByteView key) {
        Botan::secure_vector<std::uint8_t> out;
        out.reserve(key.size() + pem.size());
        out.insert(out.end(), key.begin(), key.end());
        out.insert(out.end(), pem.begin(), pem.end());
        return SecretBytes{std::move(out)};
    });
}

}  // namespace kartsaz::keys
