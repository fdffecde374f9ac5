// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "apdu/bytes.h"

namespace kartsaz::keys {

/// Where a part of a certificate stands, in its DER.
struct DerRange {
    std::size_t offset = 0, size = 0;
};

/// The parts of a certificate that rule sets for cards ask for, beside those of CertificateFacts.
/// OIDs are dotted.
struct CertificateDetails {
    Bytes serial;                                ///< value of the INTEGER, as it stands
    Bytes issuer;                                ///< Name, DER
    Bytes subject;                               ///< Name, DER
    std::int64_t not_before = 0, not_after = 0;  ///< seconds since 1970
    bool validity_readable = true;               ///< both times are of a right form
    Bytes public_key;                            ///< whole SubjectPublicKeyInfo
    Bytes key_bits;  ///< the value of subjectPublicKey without its count of unused bits: what a SKI hashes
    std::string key_algorithm;        ///< "rsa", "ec", else the OID
    std::string curve;                ///< OID; empty when not "ec"
    std::size_t key_size = 0;         ///< bits; 0: not readable
    std::string signature_algorithm;  ///< in OpenSSL's words: "RSA-SHA256", "ecdsa-with-SHA384"
    std::string signature_digest;     ///< "sha256"; empty when the algorithm has none of its own

    /// What is in subjectAltName, in the order it stands there.
    struct OtherName {
        std::string oid;
        Bytes value;  ///< whole DER of the value inside [0]
        Bytes text;   ///< the value's own bytes: the 25 octets of a FASC-N, UTF-8 of a UPN
    };
    std::vector<OtherName> other_names;
    std::vector<std::string> uris, emails, dns_names;
    std::vector<Bytes> fasc_ns() const;  ///< otherName 2.16.840.1.101.3.6.6
    /// "urn:uuid:" URIs as 16 bytes; one that is malformed is left out. RFC 4122, 3.
    std::vector<Bytes> uuids() const;

    bool has_key_usage = false, key_usage_critical = false;
    /// Bit 0 of RFC 5280, 4.2.1.3 first: digitalSignature, nonRepudiation, keyEncipherment, dataEncipherment,
    /// keyAgreement, keyCertSign, cRLSign, encipherOnly, decipherOnly
    bool key_usage[9] = {};
    std::string key_usage_text() const;  ///< "digitalSignature, nonRepudiation"; "none"
    bool has_extended_usage = false, extended_usage_critical = false;
    std::vector<std::string> extended_usages;
    bool has_extended_usage_of(std::string_view oid) const;

    bool has_basic_constraints = false, ca = false;
    std::optional<std::int64_t> path_length;
    std::vector<std::string> policies;
    std::vector<std::string> ocsp_urls, issuer_urls,
        crl_urls;  ///< of authorityInfoAccess and cRLDistributionPoints
    Bytes subject_key_identifier, authority_key_identifier;  ///< empty: none
    bool no_check = false;                                   ///< id-pkix-ocsp-nocheck
    std::optional<bool> naci;  ///< piv-interim 2.16.840.1.101.3.6.9.1: true: background check not complete
    bool naci_readable = true;
    /// Extensions that are there twice or cannot be decoded, by OID.
    std::vector<std::string> unreadable;

    DerRange serial_at, validity_at, not_before_at, not_after_at, subject_at, public_key_at, signature_at;
    std::vector<std::pair<std::string, DerRange>>
        extensions;  ///< OID; range of the value inside the OCTET STRING
    /// Offset of that extension's value, when it is there.
    std::optional<std::size_t> offset_of(std::string_view oid) const;
};

/// @throws Error{input_invalid} when these bytes are not one certificate
CertificateDetails certificate_details(ByteView der);

}  // namespace kartsaz::keys
