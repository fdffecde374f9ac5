// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <openssl/x509.h>

#include "apdu/error.h"
#include "apdu/tlv.h"
#include "keys/crypto.h"
#include "keys/issuer.h"
#include "keys/signature_form.h"
#include "keys/signing_key.h"
#include "keys/x509_text.h"

// The structure is written here and not by CMS_sign(): OpenSSL 3.0 puts a signingTime into every signature
// (so no two would have a predictable content), and fetches and encodes everything anew each time. What is
// written is checked by OpenSSL's own CMS code in the tests and by `openssl cms -verify` in the interop
// tests.
namespace kartsaz::keys {
namespace {

using apdu::TlvWriter;

constexpr std::uint32_t tag_integer = 0x02, tag_octets = 0x04, tag_oid = 0x06, tag_sequence = 0x30,
                        tag_set = 0x31, tag_context0 = 0xA0;

const Bytes oid_signed_data = from_hex("2A864886F70D010702");
const Bytes oid_content_type = from_hex("2A864886F70D010903");
const Bytes oid_message_digest = from_hex("2A864886F70D010904");
const Bytes oid_lds_security_object = from_hex("678108010101");

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
    Identity identity;
    Bytes issuer_and_serial;
    SignatureForm form;
};

DocumentSigner::DocumentSigner(const SecretBytes& pem)
    : DocumentSigner{identity_from_pem(pem, "document signer")} {}

DocumentSigner::DocumentSigner(const Identity& identity) : impl_{std::make_unique<Impl>()} {
    const auto certificate = parse_certificate(identity.certificate);
    if (!identity.key || !certificate) {
        throw Error{Errc::keys_failed, identity.key ? "document signer: its certificate cannot be read"
                                                    : "document signer: there is no private key"};
    }
    if (subject_public_key(certificate.get()) != identity.key->public_key()) {
        throw Error{Errc::keys_failed,
                    fmt::format("document signer: the certificate \"{}\" does not belong "
                                "to the private key ({})",
                                one_line(X509_get_subject_name(certificate.get())), identity.key->place())};
    }
    impl_->identity = identity;
    impl_->issuer_and_serial = issuer_and_serial(certificate.get());
    impl_->form = signature_form(identity.key->public_key(), "document signer");
}

DocumentSigner::~DocumentSigner() = default;
DocumentSigner::DocumentSigner(DocumentSigner&&) noexcept = default;

const Bytes& DocumentSigner::certificate() const {
    return impl_->identity.certificate;
}

Bytes DocumentSigner::sign_lds_security_object(ByteView content) const {
    const auto& form = impl_->form;
    TlvWriter attributes;  // already in the order that DER asks for in a SET OF
    attributes.nest(tag_sequence, [](TlvWriter& attribute) {
        attribute.put(tag_oid, oid_content_type).nest(tag_set, [](TlvWriter& values) {
            values.put(tag_oid, oid_lds_security_object);
        });
    });
    attributes.nest(tag_sequence, [&](TlvWriter& attribute) {
        attribute.put(tag_oid, oid_message_digest).nest(tag_set, [&](TlvWriter& values) {
            values.put(tag_octets, hash(form.hash, content));
        });
    });
    // Signed as a SET OF, stored under the implicit tag [0]. Source: RFC 5652, 5.4.
    const auto as_set = TlvWriter{}.put(tag_set, attributes.bytes()).bytes();
    const auto signature = sign_usual(*impl_->identity.key, form, as_set, "document signer");

    const auto signer_info = [&](TlvWriter& w) {
        w.put(tag_integer, Bytes{1}).raw(impl_->issuer_and_serial).raw(form.hash_algorithm);
        w.put(tag_context0, attributes.bytes());
        w.raw(form.signature_algorithm);
        w.put(tag_octets, signature);
    };
    const auto signed_data = [&](TlvWriter& w) {
        w.put(tag_integer, Bytes{3}).put(tag_set, form.hash_algorithm);
        w.nest(tag_sequence, [&](TlvWriter& encapsulated) {
            encapsulated.put(tag_oid, oid_lds_security_object).nest(tag_context0, [&](TlvWriter& inner) {
                inner.put(tag_octets, content);
            });
        });
        w.put(tag_context0, impl_->identity.certificate);
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
