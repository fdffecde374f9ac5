// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "apdu/bytes.h"

/// Where citizens' certificates come from: our own CA (local_ca.h), an outside CA by CMP (cmp_source.h), or a
/// folder that an offline CA answers through (spool_source.h).
namespace kartsaz::keys {

/// Who a certificate is for. Persian text is UTF-8 and becomes UTF8String.
struct CertificateSubject {
    std::string country;        ///< two letters, upper case
    std::string common_name;    ///< full name as on the card; empty only where there is a serial number
    std::string given_name;     ///< empty: left out
    std::string surname;        ///< empty: left out
    std::string serial_number;  ///< the national ID, by policy; empty: left out
    std::string organization;   ///< empty: left out
    std::string email;          ///< goes to subjectAltName; empty: left out
};

/// What a certificate says besides the key. Profile-driven.
struct CertificateTemplate {
    CertificateSubject subject;
    bool content_commitment = false;  ///< keyUsage: e-signature (RFC 5280, 4.2.1.3, nonRepudiation)
    bool digital_signature = false;   ///< keyUsage: authentication
    bool key_encipherment = false;    ///< keyUsage: keys are decrypted with it (RSA)
    bool key_agreement = false;       ///< keyUsage: keys are agreed on with it (ECDH)
    std::vector<std::string> extended_usages{};  ///< dotted OIDs
    bool extended_usages_critical = false;       ///< whoever does not know them may not use the certificate
    Bytes fascn{};        ///< subjectAltName, otherName pivFASC-N (FIPS 201-2, 4.2.2); empty: left out
    std::string uri{};    ///< subjectAltName, as "urn:uuid:.."; empty: left out
    std::string policy;   ///< dotted OID of certificatePolicies; empty: left out
    std::string crl_url;  ///< CRL distribution point; empty: left out
    std::int64_t not_before = 0;  ///< seconds since 1970
    std::int64_t not_after = 0;
};

struct CertificateOrder {
    std::string chip;  ///< as the journal names it
    std::string slot;  ///< "signature", "authentication"
    CertificateTemplate content;
    Bytes request;  ///< PKCS#10, DER, signed by the card; its key is the one that is certified
};

class CertificateSource {
public:
    CertificateSource() = default;
    CertificateSource(const CertificateSource&) = delete;
    CertificateSource& operator=(const CertificateSource&) = delete;
    virtual ~CertificateSource() = default;

    /// The certificate, DER. Asking again for the same key gives the same certificate as long as it is valid,
    /// says the same and ends no later than what is asked for; there are never two for one key at one time. A
    /// certificate of this chip's slot for another key is revoked (superseded). What was issued is on disk
    /// before this returns.
    /// @throws Error{card_refused} when the request is not signed by its key; Error{keys_failed},
    ///         Error{store_failed}; Error{interrupted} when the CA has not answered yet (the same call goes
    ///         on)
    virtual Bytes certificate(const CertificateOrder& order) = 0;

    /// Its size in bytes before it is asked for; empty when only the CA knows.
    /// @param public_key  SubjectPublicKeyInfo of the same algorithm and size
    virtual std::optional<std::size_t> certificate_size(const CertificateTemplate& content,
                                                        ByteView public_key) const = 0;

    /// The CA's own certificate, DER; empty when it is not known before the first answer.
    virtual Bytes issuer_certificate() const = 0;

    /// False when it is known here that a certificate (DER) was revoked or is to be: a card that has it needs
    /// another one, as when a change of it was torn after the CA had superseded it. True for any other.
    virtual bool stands(ByteView /*certificate*/) { return true; }

    /// True when it is known here that this CA certified the key (SubjectPublicKeyInfo) once, or was asked
    /// to, whatever became of it: the card proved then that it holds the key.
    virtual bool knows(ByteView /*public_key*/) { return false; }

    /// What came for a request that nobody asks about any more, DER; empty: nothing, or nothing comes
    /// unasked.
    /// @param key_identifier  of the key that was to be certified
    virtual Bytes late_answer(ByteView /*key_identifier*/) { return {}; }

    /// Says that a certificate (DER) will not be used. @param reason of RFC 5280, 5.3.1: 1 keyCompromise,
    /// 4 superseded, 5 cessationOfOperation
    virtual void revoke(ByteView certificate, int reason) = 0;
};

}  // namespace kartsaz::keys
