// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>

#include "apdu/error.h"
#include "apdu/tlv.h"
#include "keys/crypto.h"
#include "keys/issuer.h"
#include "keys/openssl_handles.h"
#include "keys/x509_text.h"

// The structure is written here and not by CMS_sign(): OpenSSL 3.0 puts a signingTime into every signature
// (so no two would have a predictable content), and fetches and encodes everything anew each time. What is
// written is checked by OpenSSL's own CMS code in the tests and by `openssl cms -verify` in the interop
// tests.
namespace kartsaz::keys {
namespace {

using apdu::TlvWriter;

constexpr std::uint32_t tag_integer = 0x02, tag_octets = 0x04, tag_null = 0x05, tag_oid = 0x06,
                        tag_sequence = 0x30, tag_set = 0x31, tag_context0 = 0xA0;

const Bytes oid_signed_data = from_hex("2A864886F70D010702");
const Bytes oid_content_type = from_hex("2A864886F70D010903");
const Bytes oid_message_digest = from_hex("2A864886F70D010904");
const Bytes oid_lds_security_object = from_hex("678108010101");
const Bytes oid_sha256_with_rsa = from_hex("2A864886F70D01010B");

[[noreturn]] void refuse(const std::string& why) {
    throw Error{Errc::keys_failed, "document signer: " + why};
}

struct Algorithms {
    HashAlgorithm hash = HashAlgorithm::sha256;
    const char* md_name = "SHA2-256";
    Bytes hash_oid = from_hex("608648016503040201");
    Bytes signature_oid = from_hex("2A8648CE3D040302");
    bool null_parameters = false;  ///< RSA: NULL after the signature's OID (RFC 4055, 5)
    std::size_t signature_size = 0;
};

/// Bytes of a DER ECDSA signature in the most frequent form: two INTEGERs below the order, whose top bit
/// costs a leading 00. @param lead  the order over two to the power `order_bits`, for whole bytes
std::size_t usual_ecdsa_size(int order_bits, double lead) {
    const auto whole = static_cast<std::size_t>(order_bits) / 8;
    std::size_t both = 2 * (whole + 1);
    if (order_bits % 8 == 0) {
        // A share 1 - 1/(2 lead) of all numbers has the top bit set, lead being the order over 2^bits.
        const double longer = 1.0 - 0.5 / lead;
        both = 2 * whole + (longer > 2.0 / 3.0 ? 2 : longer > 1.0 / 3.0 ? 1 : 0);
    }
    const std::size_t content = both + 4;
    return content + (content < 128 ? 2 : 3);
}

Algorithms ec_algorithms(EVP_PKEY* key) {
    Algorithms out;
    BIGNUM* raw = nullptr;
    openssl_done(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_EC_ORDER, &raw), "order of a curve");
    const Owned<bignum_st> order{raw};
    const int bits = BN_num_bits(order.get());
    Bytes top(static_cast<std::size_t>(BN_num_bytes(order.get())));
    BN_bn2bin(order.get(), top.data());
    if (bits < 160) refuse("a curve of less than 160 bits");
    const double lead = (top.at(0) * 256.0 + top.at(1)) / 65536.0;
    out.signature_size = usual_ecdsa_size(bits, lead);
    if (bits > 384) {
        out.hash = HashAlgorithm::sha512;
        out.md_name = "SHA2-512";
        out.hash_oid = from_hex("608648016503040203");
        out.signature_oid = from_hex("2A8648CE3D040304");
    } else if (bits > 256) {
        out.hash = HashAlgorithm::sha384;
        out.md_name = "SHA2-384";
        out.hash_oid = from_hex("608648016503040202");
        out.signature_oid = from_hex("2A8648CE3D040303");
    }
    return out;
}

Algorithms algorithms_of(EVP_PKEY* key) {
    if (EVP_PKEY_is_a(key, "EC") == 1) return ec_algorithms(key);
    if (EVP_PKEY_is_a(key, "RSA") != 1) refuse("the private key is neither EC nor RSA");
    Algorithms out;
    out.signature_oid = oid_sha256_with_rsa;
    out.null_parameters = true;
    out.signature_size = static_cast<std::size_t>(EVP_PKEY_get_size(key));
    return out;
}

/// Never asks a terminal for the passphrase of an encrypted PEM key.
int no_passphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*user*/) {
    return -1;
}

Owned<evp_pkey_st> read_key(const SecretBytes& pem) {
    if (pem.empty()) refuse("no private key: there is no text");
    return pem.reveal([](ByteView text) {
        BIO* bio = openssl_made(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), "memory reader");
        Owned<evp_pkey_st> key{PEM_read_bio_PrivateKey(bio, nullptr, no_passphrase, nullptr)};
        BIO_free_all(bio);
        const auto reason = openssl_reason();
        if (!key) refuse("the PEM text has no private key that can be read (" + reason + ")");
        return key;
    });
}

Owned<x509_st> read_certificate(const SecretBytes& pem, EVP_PKEY* key) {
    auto all = pem.reveal([](ByteView text) {
        try {
            return parse_certificates(text, "document signer");
        } catch (const Error& e) {
            throw Error{Errc::keys_failed, e.what()};
        }
    });
    for (auto& certificate : all) {
        if (X509_check_private_key(certificate.get(), key) == 1) return std::move(certificate);
    }
    openssl_reason();
    refuse(fmt::format("none of the {} certificates belongs to the private key", all.size()));
}

Bytes issuer_and_serial(X509* certificate) {
    const unsigned char* name = nullptr;
    std::size_t size = 0;
    openssl_done(X509_NAME_get0_der(X509_get_issuer_name(certificate), &name, &size), "issuer name");
    unsigned char* number = nullptr;
    const int number_size = i2d_ASN1_INTEGER(X509_get_serialNumber(certificate), &number);
    if (number_size <= 0) openssl_failed("serial number");
    const Bytes serial(number, number + number_size);
    OPENSSL_free(number);
    return TlvWriter{}.put(tag_sequence, concat({ByteView{name, size}, serial})).bytes();
}

}  // namespace

struct DocumentSigner::Impl {
    Owned<evp_pkey_st> key;
    Bytes certificate;
    Bytes issuer_and_serial;
    Algorithms algorithms;
    Bytes hash_algorithm;  ///< AlgorithmIdentifier
    Bytes sign(ByteView digest) const;
};

/// Signs again until the signature has the usual length; a run of 1000 others does not happen.
Bytes DocumentSigner::Impl::sign(ByteView digest) const {
    const Owned<evp_pkey_ctx_st> context{
        openssl_made(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr), "signature context")};
    openssl_done(EVP_PKEY_sign_init(context.get()), "signature set-up");
    openssl_done(EVP_PKEY_CTX_ctrl_str(context.get(), "digest", algorithms.md_name), "signature set-up");
    Bytes out(static_cast<std::size_t>(EVP_PKEY_get_size(key.get())));
    for (int i = 0; i < 1000; ++i) {
        std::size_t size = out.size();
        openssl_done(EVP_PKEY_sign(context.get(), out.data(), &size, digest.data(), digest.size()), "sign");
        if (size != algorithms.signature_size) continue;
        out.resize(size);
        return out;
    }
    throw Error{Errc::internal, "document signer: no signature of the usual length"};
}

DocumentSigner::DocumentSigner(const SecretBytes& pem) : impl_{std::make_unique<Impl>()} {
    impl_->key = read_key(pem);
    const auto certificate = read_certificate(pem, impl_->key.get());
    impl_->certificate = to_der(certificate.get());
    impl_->issuer_and_serial = issuer_and_serial(certificate.get());
    impl_->algorithms = algorithms_of(impl_->key.get());
    impl_->hash_algorithm =
        TlvWriter{}
            .nest(tag_sequence, [&](TlvWriter& w) { w.put(tag_oid, impl_->algorithms.hash_oid); })
            .bytes();
}

DocumentSigner::~DocumentSigner() = default;
DocumentSigner::DocumentSigner(DocumentSigner&&) noexcept = default;

const Bytes& DocumentSigner::certificate() const {
    return impl_->certificate;
}

Bytes DocumentSigner::sign_lds_security_object(ByteView content) const {
    const auto& algorithms = impl_->algorithms;
    TlvWriter attributes;  // already in the order that DER asks for in a SET OF
    attributes.nest(tag_sequence, [](TlvWriter& attribute) {
        attribute.put(tag_oid, oid_content_type).nest(tag_set, [](TlvWriter& values) {
            values.put(tag_oid, oid_lds_security_object);
        });
    });
    attributes.nest(tag_sequence, [&](TlvWriter& attribute) {
        attribute.put(tag_oid, oid_message_digest).nest(tag_set, [&](TlvWriter& values) {
            values.put(tag_octets, hash(algorithms.hash, content));
        });
    });
    // Signed as a SET OF, stored under the implicit tag [0]. Source: RFC 5652, 5.4.
    const auto as_set = TlvWriter{}.put(tag_set, attributes.bytes()).bytes();
    const auto signature = impl_->sign(hash(algorithms.hash, as_set));

    const auto signer_info = [&](TlvWriter& w) {
        w.put(tag_integer, Bytes{1}).raw(impl_->issuer_and_serial).raw(impl_->hash_algorithm);
        w.put(tag_context0, attributes.bytes());
        w.nest(tag_sequence, [&](TlvWriter& algorithm) {
            algorithm.put(tag_oid, algorithms.signature_oid);
            if (algorithms.null_parameters) algorithm.put(tag_null, Bytes{});
        });
        w.put(tag_octets, signature);
    };
    const auto signed_data = [&](TlvWriter& w) {
        w.put(tag_integer, Bytes{3}).put(tag_set, impl_->hash_algorithm);
        w.nest(tag_sequence, [&](TlvWriter& encapsulated) {
            encapsulated.put(tag_oid, oid_lds_security_object).nest(tag_context0, [&](TlvWriter& inner) {
                inner.put(tag_octets, content);
            });
        });
        w.put(tag_context0, impl_->certificate);
        w.nest(tag_set, [&](TlvWriter& signers) { signers.nest(tag_sequence, signer_info); });
    };
    return TlvWriter{}
        .nest(tag_sequence,
              [&](TlvWriter& w) {
                  w.put(tag_oid, oid_signed_data).nest(tag_context0, [&](TlvWriter& explicit_) {
                      explicit_.nest(tag_sequence, signed_data);
                  });
              })
        .bytes();
}

}  // namespace kartsaz::keys
