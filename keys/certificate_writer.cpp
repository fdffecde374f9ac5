// SPDX-License-Identifier: Apache-2.0
#include "keys/certificate_writer.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <limits>

#include "apdu/error.h"
#include "keys/certificate_request.h"
#include "keys/openssl_handles.h"
#include "keys/x509_der.h"
#include "keys/x509_text.h"

namespace kartsaz::keys {
namespace {

using apdu::TlvWriter;

const Bytes version_3 = from_hex("A003020102");
const Bytes version_2 = from_hex("020101");  // of a CRL

Bytes validity(std::int64_t from, std::int64_t until) {
    if (from >= until) throw Error{Errc::input_invalid, "a certificate would end before it begins"};
    return TlvWriter{}.put(der::sequence, concat({encode_time(from), encode_time(until)})).bytes();
}

Bytes assemble(ByteView body, const SignatureForm& form, ByteView signature) {
    return TlvWriter{}
        .put(der::sequence, concat({body, form.signature_algorithm, encode_bits(signature)}))
        .bytes();
}

[[noreturn]] void refuse(const std::string& who, const std::string& why) {
    throw Error{Errc::keys_failed, who + ": " + why};
}

Owned<evp_pkey_st> public_part(const SigningKey& key, const std::string& who) {
    const auto& der = key.public_key();
    const auto* at = der.data();
    Owned<evp_pkey_st> out{d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size()))};
    openssl_reason();
    if (!out) refuse(who, "its public key cannot be read");
    return out;
}

Bytes subject_of(X509* certificate) {
    const unsigned char* name = nullptr;
    std::size_t size = 0;
    openssl_done(X509_NAME_get0_der(X509_get_subject_name(certificate), &name, &size), "subject");
    return {name, name + size};
}

}  // namespace

Bytes certificate_body(const CertificateParts& parts, const SignatureForm& form) {
    TlvWriter body;
    body.raw(version_3).put(der::integer, parts.serial).raw(form.signature_algorithm).raw(parts.issuer);
    body.raw(validity(parts.not_before, parts.not_after)).raw(parts.subject).raw(parts.public_key);
    body.nest(der::context3, [&](TlvWriter& w) { w.put(der::sequence, parts.extensions); });
    return TlvWriter{}.put(der::sequence, body.bytes()).bytes();
}

Bytes crl_body(const CrlParts& parts, const SignatureForm& form) {
    auto revoked = parts.revoked;
    std::sort(revoked.begin(), revoked.end(), [](const RevokedEntry& a, const RevokedEntry& b) {
        return a.serial.size() != b.serial.size() ? a.serial.size() < b.serial.size() : a.serial < b.serial;
    });
    TlvWriter entries;
    for (const auto& entry : revoked) {
        entries.nest(der::sequence, [&](TlvWriter& w) {
            w.put(der::integer, entry.serial).raw(encode_time(entry.time));
            if (entry.reason == 0) return;  // to be left out: RFC 5280, 5.3.1
            w.put(der::sequence, ExtensionWriter{}.crl_reason(entry.reason).bytes());
        });
    }
    TlvWriter body;
    body.raw(version_2).raw(form.signature_algorithm).raw(parts.issuer);
    body.raw(encode_time(parts.this_update)).raw(encode_time(parts.next_update));
    if (!revoked.empty()) body.put(der::sequence, entries.bytes());
    body.nest(der::context0, [&](TlvWriter& w) { w.put(der::sequence, parts.extensions); });
    return TlvWriter{}.put(der::sequence, body.bytes()).bytes();
}

std::size_t signed_size(ByteView body, const SignatureForm& form) {
    return assemble(body, form, Bytes(form.signature_size)).size();
}

Bytes sign_certificate(ByteView body, const SigningKey& key, const SignatureForm& form,
                       const std::string& who) {
    auto out = assemble(body, form, sign_usual(key, form, body, who));
    const auto read = parse_certificate(out);
    if (!read) refuse(who, "the certificate that was made cannot be read by OpenSSL");
    if (X509_verify(read.get(), public_part(key, who).get()) != 1) {
        openssl_reason();
        refuse(who, "the signature that came from the " + key.place() + " is wrong");
    }
    return out;
}

Bytes sign_crl(ByteView body, const SigningKey& key, const SignatureForm& form, const std::string& who) {
    auto out = assemble(body, form, sign_usual(key, form, body, who));
    const auto* at = out.data();
    const Owned<X509_crl_st> read{d2i_X509_CRL(nullptr, &at, static_cast<long>(out.size()))};
    openssl_reason();
    if (!read) refuse(who, "the CRL that was made cannot be read by OpenSSL");
    if (X509_CRL_verify(read.get(), public_part(key, who).get()) != 1) {
        openssl_reason();
        refuse(who, "the signature that came from the " + key.place() + " is wrong");
    }
    return out;
}

Issuer read_issuer(const Identity& identity, const std::string& who) {
    const auto certificate = parse_certificate(identity.certificate);
    if (!identity.key || !certificate) {
        refuse(who, identity.key ? "its certificate cannot be read" : "there is no private key");
    }
    auto* x509 = certificate.get();
    Issuer out;
    out.identity = identity;
    out.subject = one_line(X509_get_subject_name(x509));
    if (subject_public_key(x509) != identity.key->public_key()) {
        refuse(who, fmt::format("the certificate \"{}\" does not belong to the private key ({})", out.subject,
                                identity.key->place()));
    }
    const auto usage = X509_get_key_usage(x509);
    if (X509_check_ca(x509) != 1 || usage == std::numeric_limits<std::uint32_t>::max() ||
        (usage & KU_KEY_CERT_SIGN) == 0 || (usage & KU_CRL_SIGN) == 0) {
        refuse(who, fmt::format("\"{}\" may not sign certificates and CRLs (basicConstraints, keyUsage)",
                                out.subject));
    }
    out.name = subject_of(x509);
    const auto* identifier = X509_get0_subject_key_id(x509);
    if (identifier != nullptr) {
        const auto* data = ASN1_STRING_get0_data(identifier);
        out.key_identifier.assign(data, data + ASN1_STRING_length(identifier));
    } else {
        out.key_identifier = key_identifier(identity.key->public_key());
    }
    out.not_before = seconds(X509_get0_notBefore(x509));
    out.not_after = seconds(X509_get0_notAfter(x509));
    out.form = signature_form(identity.key->public_key(), who);
    openssl_reason();
    return out;
}

Bytes random_serial() {
    auto out = random_bytes(16);
    out[0] = static_cast<std::uint8_t>((out[0] & 0x3FU) | 0x40U);
    return out;
}

}  // namespace kartsaz::keys
