// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "keys/key_store.h"

/// Signing what goes on a card and proving such signatures, by OpenSSL's CMS and X.509.
namespace kartsaz::keys {

/// Signs LDS security objects. The private key stays inside. Source: ICAO Doc 9303-10, 4.6.2; RFC 5652.
class DocumentSigner {
public:
    /// @param pem  private key and certificate, PEM, in any order (blob "document-signer" of a key store)
    /// @throws Error{keys_failed}
    explicit DocumentSigner(const SecretBytes& pem);
    /// The same with a key that is held elsewhere. @throws Error{keys_failed} when key and certificate do not
    /// belong together
    explicit DocumentSigner(const Identity& identity);
    ~DocumentSigner();
    DocumentSigner(DocumentSigner&&) noexcept;

    const Bytes& certificate() const;  ///< DER
    /// CMS SignedData, version 3, of eContentType id-icao-mrtd-security-ldsSecurityObject, certificate
    /// included, signed attributes contentType and messageDigest. The length is the same for every content
    /// of one length: a signature whose DER form is not of the usual length is made again, so that plans
    /// can count bytes exactly.
    Bytes sign_lds_security_object(ByteView content) const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// What a CMS signature over an LDS security object says.
struct SignedObject {
    Bytes content_type;  ///< value bytes of the eContentType OID
    Bytes content;       ///< eContent
    Bytes certificate;   ///< the signer's certificate, DER; empty when none is inside
    std::string signer;  ///< its subject, one line
    bool signature_ok = false;
    std::string fault;  ///< why signature_ok is false, in words
};
/// @throws Error{input_invalid} when it is no CMS SignedData with exactly one signer.
SignedObject read_signed_object(ByteView cms);

/// A certificate in words. @throws Error{input_invalid}
struct CertificateFacts {
    std::string subject;
    std::string issuer;
    std::string serial;           ///< hexadecimal
    std::int64_t not_before = 0;  ///< seconds since 1970
    std::int64_t not_after = 0;
    bool ca = false;
    bool self_signed = false;  ///< its own name and key made its signature
    bool has_key_usage = false;
    bool key_usage_digital_signature = false;
    bool key_usage_content_commitment = false;
    bool key_usage_certificate_sign = false;
    bool key_usage_crl_sign = false;
    // Parts of the subject in UTF-8; empty where it has none, the first of several.
    std::string country, organization, common_name, given_name, surname, serial_number;
    std::string email;                         ///< of subjectAltName
    Bytes public_key;                          ///< SubjectPublicKeyInfo
    Bytes subject_key_identifier;              ///< empty: none
    Bytes authority_key_identifier;            ///< empty: none
    std::vector<std::string> policies;         ///< dotted
    std::vector<std::string> extended_usages;  ///< dotted
    std::vector<std::string> crl_urls;
};
CertificateFacts certificate_facts(ByteView der);

/// Country signers that are trusted, and their CRLs.
class TrustAnchors {
public:
    TrustAnchors();
    ~TrustAnchors();
    TrustAnchors(TrustAnchors&&) noexcept;
    /// PEM or DER, one or more. @throws Error{input_invalid}
    void add_certificate(ByteView encoded, const std::string& what);
    /// Of several CRLs of one issuer (and scope) only the newest counts: the one of the highest cRLNumber,
    /// then of the latest thisUpdate, that was issued when the question is asked for and bears a right
    /// signature; the order of adding says nothing. Who any of them says was revoked by then is revoked, also
    /// when a newer one says nothing of it: only a hold ends. RFC 5280, 3.3, 5.2.3, 5.3.1 and 6.3.
    void add_crl(ByteView encoded, const std::string& what);
    std::size_t size() const;

    enum class Verdict {
        ok,
        unknown_issuer,
        bad_signature,
        expired,
        not_yet_valid,
        revoked,
        crl_missing,
        crl_stale,
        not_allowed
    };
    struct Answer {
        Verdict verdict = Verdict::unknown_issuer;
        std::string text;  ///< in words, with OpenSSL's reason
    };
    /// A moment, or a whole day: what begins until `to` has begun, what ends from `from` on has not ended.
    /// Seconds since 1970.
    struct When {
        std::int64_t from = 0, to = 0;
        When(std::int64_t at) : from{at}, to{at} {}  // NOLINT: a moment is one
        When(std::int64_t first, std::int64_t last) : from{first}, to{last} {}
    };
    /// The path from `certificate` (DER) to an anchor at `at`. A CRL is asked for
    /// only when one of that issuer is here; `crl_missing` is for callers that demand one.
    Answer check(ByteView certificate, When at, bool demand_crl = false) const;
    /// The same of the certificate of a card's holder: its key usage is left to the caller, and what is
    /// trusted here need not be signed by itself. @param ask_crl  false: no CRL is asked, as for a day far
    /// from now
    Answer check_holder(ByteView certificate, When at, bool demand_crl = false, bool ask_crl = true) const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// The certificates (CSCA) that belong to the shipped development keys, PEM.
std::string development_csca_pem();
/// A CRL of that CSCA with nothing on it, valid until 2060, PEM.
std::string development_crl_pem();
/// The same of the CA that signs citizens' certificates; it is signed by itself.
std::string development_citizen_ca_pem();
std::string development_citizen_crl_pem();

}  // namespace kartsaz::keys
