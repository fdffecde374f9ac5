// SPDX-License-Identifier: Apache-2.0
#include "keys/country_signer.h"

#include <fmt/format.h>
#include <openssl/x509.h>

#include <algorithm>

#include "apdu/error.h"
#include "keys/certificate_request.h"
#include "keys/certificate_writer.h"
#include "keys/crl_of_ledger.h"
#include "keys/issuer.h"
#include "keys/local_ca.h"
#include "keys/x509_der.h"
#include "keys/x509_text.h"

namespace kartsaz::keys {
namespace {

CertificateParts parts_of(const AuthorityTemplate& content, ByteView public_key) {
    CertificateParts out;
    out.serial = random_serial();
    out.subject = encode_name(content.subject);
    out.not_before = content.not_before;
    out.not_after = content.not_after;
    out.public_key.assign(public_key.begin(), public_key.end());
    return out;
}

void add_key_period(ExtensionWriter& extensions, const AuthorityTemplate& content, std::int64_t not_after) {
    if (content.key_until == 0) return;
    if (content.key_until <= content.not_before || content.key_until > not_after) {
        throw Error{
            Errc::input_invalid,
            fmt::format("the private key would be used until {}, the certificate is valid from {} to {}",
                        utc_text(content.key_until), utc_text(content.not_before), utc_text(not_after))};
    }
    extensions.private_key_usage(content.not_before, content.key_until);
}

Bytes root(const SigningKey& key, const AuthorityTemplate& content, std::uint8_t path_length) {
    const std::string who = "root \"" + content.subject.common_name + "\"";
    auto parts = parts_of(content, key.public_key());
    parts.issuer = parts.subject;
    const auto identifier = key_identifier(key.public_key());
    ExtensionWriter extensions;
    extensions.key_usage({false, false, true, true}).basic_constraints(true, path_length);
    add_key_period(extensions, content, parts.not_after);
    extensions.subject_key_identifier(identifier).authority_key_identifier(identifier);
    extensions.crl_url(content.crl_url);
    parts.extensions = extensions.bytes();
    const auto form = signature_form(key.public_key(), who);
    return sign_certificate(certificate_body(parts, form), key, form, who);
}

/// What an issuer signs for a key below it. @param kind  the extensions that make it what it is
Bytes below(const Issuer& issuer, ByteView public_key, const AuthorityTemplate& content,
            const ExtensionWriter& kind, const std::string& who) {
    auto parts = parts_of(content, public_key);
    parts.issuer = issuer.name;
    parts.not_after = std::min(content.not_after, issuer.not_after);
    if (content.not_before < issuer.not_before || content.not_before >= issuer.not_after) {
        throw Error{Errc::keys_failed,
                    fmt::format("{}: its issuer \"{}\" is valid from {} to {}", who, issuer.subject,
                                utc_text(issuer.not_before), utc_text(issuer.not_after))};
    }
    (void)signature_form(public_key, who);  // refuses keys that are too short
    ExtensionWriter extensions = kind;
    add_key_period(extensions, content, parts.not_after);
    extensions.subject_key_identifier(key_identifier(public_key))
        .authority_key_identifier(issuer.key_identifier)
        .crl_url(content.crl_url)
        .document_types(content.document_types);
    parts.extensions = extensions.bytes();
    return sign_certificate(certificate_body(parts, issuer.form), *issuer.identity.key, issuer.form,
                            issuer.subject);
}

}  // namespace

Bytes make_root(const SigningKey& key, const AuthorityTemplate& content) {
    return root(key, content, 0);
}

Bytes make_upper_root(const SigningKey& key, const AuthorityTemplate& content) {
    return root(key, content, 1);
}

Bytes make_document_signer(const Identity& csca, ByteView public_key, const AuthorityTemplate& content) {
    const auto issuer = read_issuer(csca, "country signer");
    ExtensionWriter kind;
    kind.key_usage({true, false, false, false});
    return below(issuer, public_key, content, kind, "document signer");
}

Bytes make_content_signer(const Identity& csca, ByteView public_key, const AuthorityTemplate& content) {
    const auto issuer = read_issuer(csca, "country signer");
    ExtensionWriter kind;
    kind.key_usage({.digital_signature = true}).extended_usages({"2.16.840.1.101.3.6.7"}, true);
    return below(issuer, public_key, content, kind, "content signer");
}

Bytes make_citizen_ca(const Identity& root, ByteView public_key, const AuthorityTemplate& content) {
    const auto issuer = read_issuer(root, "root");
    const auto certificate = parse_certificate(root.certificate);
    const long length = X509_get_pathlen(certificate.get());
    if (length == 0) {
        throw Error{
            Errc::keys_failed,
            fmt::format("\"{}\" has path length 0 and can have no CA below it; a country signer never "
                        "can (ICAO Doc 9303-12)",
                        issuer.subject)};
    }
    ExtensionWriter kind;
    kind.key_usage({false, false, true, true}).basic_constraints(true, std::uint8_t{0});
    return below(issuer, public_key, content, kind, "citizens' CA");
}

void record_authority(CaLedger& ledger, const std::string& slot, ByteView certificate, std::int64_t now) {
    const auto parsed = parse_certificate(certificate);
    if (!parsed) throw Error{Errc::input_invalid, "what is to be recorded is not an X.509 certificate"};
    const auto facts = certificate_facts(certificate);
    LedgerEntry entry;
    entry.serial = facts.serial;
    entry.slot = slot;
    entry.key = authority_of(subject_public_key(parsed.get()));
    entry.subject = facts.subject;
    entry.not_before = facts.not_before;
    entry.not_after = facts.not_after;
    entry.issued = now;
    auto turn = ledger.turn();
    if (turn.by_serial(entry.serial) == nullptr) turn.issue(entry, certificate, {});
}

Bytes make_crl(const Identity& issuer, CaLedger& ledger, std::int64_t now, int days) {
    const auto read = read_issuer(issuer, "issuer of a CRL");
    return crl_of_ledger(read, ledger, now, days, read.subject);
}

}  // namespace kartsaz::keys
