// SPDX-License-Identifier: Apache-2.0
#include "keys/pkcs12.h"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/provider.h>

#include <array>
#include <memory>

#include "apdu/error.h"
#include "keys/file_io.h"
#include "keys/openssl_handles.h"
#include "keys/x509_text.h"

namespace kartsaz::keys {
namespace {

struct ContextFree {
    void operator()(OSSL_LIB_CTX* context) const noexcept { OSSL_LIB_CTX_free(context); }
};
/// A context drops its own hold on a provider only, so each one loaded is unloaded, too.
struct ProviderUnload {
    void operator()(OSSL_PROVIDER* provider) const noexcept { OSSL_PROVIDER_unload(provider); }
};
using Provider = std::unique_ptr<OSSL_PROVIDER, ProviderUnload>;

/// OpenSSL with the old ciphers, apart from the one that the rest of the program uses.
class OldCiphers {
public:
    OldCiphers() {
        openssl_made(context_.get(), "library context");
        default_.reset(
            openssl_made(OSSL_PROVIDER_load(context_.get(), "default"), "OpenSSL's default provider"));
        legacy_.reset(OSSL_PROVIDER_load(context_.get(), "legacy"));
        openssl_reason();
    }

    OSSL_LIB_CTX* context() const noexcept { return context_.get(); }
    bool legacy() const noexcept { return legacy_ != nullptr; }

private:
    // OpenSSL cleans up at exit what is begun here, so it is begun before this is made and ends after it;
    // the providers go before their context
    bool begun_ = OPENSSL_init_crypto(0, nullptr) == 1;
    std::unique_ptr<OSSL_LIB_CTX, ContextFree> context_{begun_ ? OSSL_LIB_CTX_new() : nullptr};
    Provider default_, legacy_;
};

const OldCiphers& old_ciphers() {
    static const OldCiphers one;
    return one;
}

struct Pkcs12Free {
    void operator()(PKCS12* object) const noexcept { PKCS12_free(object); }
};
struct BioFree {
    void operator()(BIO* bio) const noexcept { BIO_free_all(bio); }
};

std::unique_ptr<PKCS12, Pkcs12Free> parse(ByteView file, const std::string& what) {
    PKCS12* made = openssl_made(PKCS12_init_ex(NID_pkcs7_data, old_ciphers().context(), nullptr), "PKCS#12");
    const auto* at = file.data();
    // frees what it was given when it fails
    std::unique_ptr<PKCS12, Pkcs12Free> out{d2i_PKCS12(&made, &at, static_cast<long>(file.size()))};
    if (!out) {
        openssl_reason();
        throw Error{Errc::input_invalid,
                    fmt::format("{}: offset {}: not a PKCS#12 file (RFC 7292, 4), or a part is missing", what,
                                at - file.data())};
    }
    if (at != file.data() + file.size()) {
        throw Error{Errc::input_invalid, fmt::format("{}: offset {}: {} bytes follow the PKCS#12 structure",
                                                     what, at - file.data(), file.data() + file.size() - at)};
    }
    return out;
}

[[noreturn]] void not_opened(const std::string& what) {
    const auto reason = openssl_reason();
    if (!old_ciphers().legacy()) {
        throw Error{Errc::keys_failed,
                    fmt::format("{}: cannot be opened, and OpenSSL's legacy provider, which old files in "
                                "RC2-40 need, is not on this machine (legacy.so of the Debian package "
                                "libssl3; OPENSSL_MODULES names its folder)",
                                what)};
    }
    throw Error{Errc::input_invalid,
                fmt::format("{}: cannot be opened with an empty password ({})", what, reason)};
}

/// PKCS#8 text, in memory that is wiped.
SecretBytes pem_of(evp_pkey_st* key) {
    // OpenSSL's secure BIO wipes what it held
    const std::unique_ptr<BIO, BioFree> out{openssl_made(BIO_new(BIO_s_secmem()), "memory writer")};
    openssl_done(PEM_write_bio_PKCS8PrivateKey(out.get(), key, nullptr, nullptr, 0, nullptr, nullptr),
                 "private key as PEM");
    char* text = nullptr;
    const auto size = BIO_get_mem_data(out.get(), &text);
    return SecretBytes{ByteView{reinterpret_cast<const std::uint8_t*>(text), static_cast<std::size_t>(size)}};
}

Bytes public_of(evp_pkey_st* key) {
    unsigned char* der = nullptr;
    const int size = i2d_PUBKEY(key, &der);
    if (size <= 0) openssl_failed("public key");
    Bytes out(der, der + size);
    OPENSSL_free(der);
    return out;
}

SecretBytes number(evp_pkey_st* key, const char* name, std::size_t size) {
    BIGNUM* read = nullptr;
    if (EVP_PKEY_get_bn_param(key, name, &read) != 1) {
        openssl_reason();
        throw Error{Errc::keys_failed, fmt::format("the private key has no {}", name)};
    }
    const Owned<bignum_st> value{read};
    Botan::secure_vector<std::uint8_t> out(size);
    if (BN_bn2binpad(value.get(), out.data(), static_cast<int>(size)) < 0) {
        openssl_reason();
        throw Error{Errc::keys_failed, fmt::format("{} of the private key is too long", name)};
    }
    return SecretBytes{std::move(out)};
}

}  // namespace

Pkcs12 open_pkcs12(ByteView file, const std::string& what) {
    const auto parsed = parse(file, what);
    EVP_PKEY* key = nullptr;
    X509* certificate = nullptr;
    const bool opened = PKCS12_parse(parsed.get(), "", &key, &certificate, nullptr) == 1;
    const Owned<evp_pkey_st> own_key{key};
    const Owned<x509_st> own_certificate{certificate};
    if (!opened) not_opened(what);
    openssl_reason();
    if (!own_key) throw Error{Errc::input_invalid, what + ": holds no private key"};
    return {pem_of(own_key.get()), public_of(own_key.get()),
            own_certificate ? to_der(own_certificate.get()) : Bytes{}};
}

Pkcs12 read_pkcs12(const std::filesystem::path& file) {
    constexpr std::size_t most = 65'535;  // some RSA 4096 keys with their whole chain
    // its password is empty, so encryption hides nothing
    return read_secret_file(file, most, Others::may_read).reveal([&](ByteView bytes) {
        return open_pkcs12(bytes, file.string());
    });
}

std::vector<SecretBytes> private_numbers(const SecretBytes& pem) {
    Owned<evp_pkey_st> key;
    pem.reveal([&](ByteView text) {
        const std::unique_ptr<BIO, BioFree> in{
            openssl_made(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), "memory reader")};
        const auto no_passphrase = [](char*, int, int, void*) { return -1; };
        key.reset(PEM_read_bio_PrivateKey(in.get(), nullptr, no_passphrase, nullptr));
    });
    openssl_reason();
    if (!key) throw Error{Errc::keys_failed, "the private key cannot be read"};
    const auto bits = static_cast<std::size_t>(EVP_PKEY_get_bits(key.get()));
    std::vector<SecretBytes> out;
    if (EVP_PKEY_is_a(key.get(), "RSA") == 1) {
        constexpr std::array names{OSSL_PKEY_PARAM_RSA_FACTOR1, OSSL_PKEY_PARAM_RSA_FACTOR2,
                                   OSSL_PKEY_PARAM_RSA_EXPONENT1, OSSL_PKEY_PARAM_RSA_EXPONENT2,
                                   OSSL_PKEY_PARAM_RSA_COEFFICIENT1};
        for (const char* name : names) out.push_back(number(key.get(), name, (bits + 15) / 16));
    } else if (EVP_PKEY_is_a(key.get(), "EC") == 1) {
        out.push_back(number(key.get(), OSSL_PKEY_PARAM_PRIV_KEY, (bits + 7) / 8));
    } else {
        throw Error{Errc::keys_failed, "the private key is neither RSA nor EC"};
    }
    return out;
}

}  // namespace kartsaz::keys
