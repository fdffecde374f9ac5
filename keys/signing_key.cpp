// SPDX-License-Identifier: Apache-2.0
#include "keys/signing_key.h"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "apdu/error.h"
#include "keys/deterministic_ecdsa.h"
#include "keys/digest_name.h"
#include "keys/key_store.h"
#include "keys/x509_text.h"

namespace kartsaz::keys {
namespace {

/// Never asks a terminal for the passphrase of an encrypted PEM key.
int no_passphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*user*/) {
    return -1;
}

class PemKey final : public SigningKey {
public:
    explicit PemKey(const SecretBytes& pem) {
        if (pem.empty()) throw Error{Errc::keys_failed, "no private key: there is no text"};
        pem.reveal([&](ByteView text) {
            BIO* bio =
                openssl_made(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), "memory reader");
            key_.reset(PEM_read_bio_PrivateKey(bio, nullptr, no_passphrase, nullptr));
            BIO_free_all(bio);
        });
        const auto reason = openssl_reason();
        if (!key_) {
            throw Error{Errc::keys_failed,
                        "the PEM text has no private key that can be read (" + reason + ")"};
        }
        unsigned char* der = nullptr;
        const int size = i2d_PUBKEY(key_.get(), &der);
        if (size <= 0) openssl_failed("public key");
        public_key_.assign(der, der + size);
        OPENSSL_free(der);
    }
    const Bytes& public_key() const override { return public_key_; }
    std::string place() const override { return "key file"; }
    Bytes sign_digest(HashAlgorithm algorithm, ByteView digest) const override {
        const Owned<evp_pkey_ctx_st> context{
            openssl_made(EVP_PKEY_CTX_new_from_pkey(nullptr, key_.get(), nullptr), "signature context")};
        openssl_done(EVP_PKEY_sign_init(context.get()), "signature set-up");
        openssl_done(EVP_PKEY_CTX_ctrl_str(context.get(), "digest", openssl_digest_name(algorithm)),
                     "signature set-up");
        Bytes out(static_cast<std::size_t>(EVP_PKEY_get_size(key_.get())));
        std::size_t size = out.size();
        openssl_done(EVP_PKEY_sign(context.get(), out.data(), &size, digest.data(), digest.size()), "sign");
        out.resize(size);
        return out;
    }
    Bytes sign_digest_again(HashAlgorithm algorithm, ByteView digest, unsigned attempt) const override {
        if (EVP_PKEY_is_a(key_.get(), "EC") != 1) return sign_digest(algorithm, digest);
        return sign_ecdsa_deterministic(key_.get(), algorithm, digest, attempt);
    }

private:
    Owned<evp_pkey_st> key_;
    Bytes public_key_;
};

}  // namespace

Bytes SigningKey::sign_digest_again(HashAlgorithm algorithm, ByteView digest, unsigned /*attempt*/) const {
    return sign_digest(algorithm, digest);
}

std::shared_ptr<const SigningKey> signing_key_from_pem(const SecretBytes& pem) {
    return std::make_shared<PemKey>(pem);
}

Identity identity_from_pem(const SecretBytes& pem, const std::string& what) {
    Identity out;
    try {
        out.key = signing_key_from_pem(pem);
    } catch (const Error& error) {
        throw Error{Errc::keys_failed, what + ": " + error.what()};
    }
    const auto all = pem.reveal([&](ByteView text) {
        try {
            return parse_certificates(text, what);
        } catch (const Error& error) {
            throw Error{Errc::keys_failed, error.what()};
        }
    });
    for (const auto& certificate : all) {
        if (subject_public_key(certificate.get()) == out.key->public_key())
            out.certificate = to_der(certificate.get());
    }
    if (out.certificate.empty()) {
        openssl_reason();
        throw Error{
            Errc::keys_failed,
            fmt::format("{}: none of the {} certificates belongs to the private key", what, all.size())};
    }
    return out;
}

Identity KeyStore::identity(std::string_view name) const {
    return identity_from_pem(blob(name), std::string{name});
}

bool KeyStore::has_identity(std::string_view name) const {
    try {
        (void)identity(name);
        return true;
    } catch (const Error& error) {
        if (error.code() != Errc::keys_failed) throw;
        return false;
    }
}

}  // namespace kartsaz::keys
