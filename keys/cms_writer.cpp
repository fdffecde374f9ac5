// SPDX-License-Identifier: Apache-2.0
#include "keys/cms_writer.h"

#include <fmt/format.h>
#include <openssl/x509.h>

#include <algorithm>

#include "apdu/error.h"
#include "apdu/tlv.h"
#include "keys/crypto.h"
#include "keys/x509_der.h"
#include "keys/x509_text.h"

namespace kartsaz::keys {
namespace {

using apdu::TlvWriter;

const Bytes oid_signed_data = from_hex("2A864886F70D010702");
const Bytes oid_content_type = from_hex("2A864886F70D010903");
const Bytes oid_message_digest = from_hex("2A864886F70D010904");

Bytes attribute(ByteView oid, ByteView value) {
    return TlvWriter{}
        .nest(der::sequence, [&](TlvWriter& w) { w.put(der::oid, oid).put(der::set, value); })
        .bytes();
}

/// The attributes in the order that DER asks for in a SET OF. Source: ISO/IEC 8825-1, 11.6.
Bytes attributes_of(const CmsForm& form, const SignatureForm& signature) {
    std::vector<Bytes> all;
    all.push_back(
        attribute(oid_content_type, TlvWriter{}.put(der::oid, ByteView{form.content_type}).bytes()));
    all.push_back(
        attribute(oid_message_digest,
                  TlvWriter{}.put(der::octets, ByteView{hash(signature.hash, form.content)}).bytes()));
    for (const auto& more : form.attributes) all.push_back(attribute(more.oid, more.value));
    std::sort(all.begin(), all.end());
    Bytes out;
    for (const auto& one : all) append(out, one);
    return out;
}

Bytes name_of(const X509_NAME* name) {
    const unsigned char* der = nullptr;
    std::size_t size = 0;
    openssl_done(X509_NAME_get0_der(name, &der, &size), "name in a certificate");
    return {der, der + size};
}

Bytes issuer_and_serial(X509* certificate) {
    unsigned char* number = nullptr;
    const int size = i2d_ASN1_INTEGER(X509_get0_serialNumber(certificate), &number);
    if (size <= 0) openssl_failed("serial number");
    const Bytes serial(number, number + size);
    OPENSSL_free(number);
    const auto issuer = name_of(X509_get_issuer_name(certificate));
    return TlvWriter{}.put(der::sequence, concat({issuer, serial})).bytes();
}

}  // namespace

CmsSigner cms_signer(const Identity& identity, const std::string& who) {
    const auto certificate = parse_certificate(identity.certificate);
    if (!identity.key || !certificate) {
        throw Error{Errc::keys_failed,
                    who + (identity.key ? ": its certificate cannot be read" : ": there is no private key")};
    }
    if (subject_public_key(certificate.get()) != identity.key->public_key()) {
        throw Error{Errc::keys_failed,
                    fmt::format("{}: the certificate \"{}\" does not belong to the private key ({})", who,
                                one_line(X509_get_subject_name(certificate.get())), identity.key->place())};
    }
    return {identity, issuer_and_serial(certificate.get()), name_of(X509_get_subject_name(certificate.get())),
            signature_form(identity.key->public_key(), who)};
}

Bytes write_signed_data(const CmsForm& form, const CmsSigner& signer,
                        const std::function<Bytes(ByteView)>& sign) {
    const auto& signature = signer.form;
    const auto attributes = attributes_of(form, signature);
    // Signed as a SET OF, stored under the implicit tag [0]. Source: RFC 5652, 5.4.
    const auto signed_bytes = sign(TlvWriter{}.put(der::set, attributes).bytes());

    const auto signer_info = [&](TlvWriter& w) {
        w.put(der::integer, Bytes{1}).raw(signer.identifier).raw(signature.hash_algorithm);
        w.put(der::context0, attributes);
        w.raw(signature.signature_algorithm);
        w.put(der::octets, signed_bytes);
    };
    const auto signed_data = [&](TlvWriter& w) {
        w.put(der::integer, Bytes{3}).put(der::set, signature.hash_algorithm);
        w.nest(der::sequence, [&](TlvWriter& encapsulated) {
            encapsulated.put(der::oid, form.content_type);
            if (form.detached) return;
            encapsulated.nest(der::context0, [&](TlvWriter& inner) { inner.put(der::octets, form.content); });
        });
        if (!form.certificate.empty()) w.put(der::context0, form.certificate);
        w.nest(der::set, [&](TlvWriter& signers) { signers.nest(der::sequence, signer_info); });
    };
    return TlvWriter{}
        .nest(der::sequence,
              [&](TlvWriter& w) {
                  w.put(der::oid, oid_signed_data).nest(der::context0, [&](TlvWriter& explicit_) {
                      explicit_.nest(der::sequence, signed_data);
                  });
              })
        .bytes();
}

}  // namespace kartsaz::keys
