// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "keys/certificate_pool.h"
#include "keys/issuer.h"

/// Whether a certificate was revoked, by CRLs and OCSP responses that are at hand; nothing is fetched.
namespace kartsaz::keys {

enum class RevocationStatus {
    good,     ///< a list or response that is in date covers it, and nothing at hand revokes it
    revoked,  ///< by `at`, or on hold
    stale,    ///< all that covers it is out of date
    unknown   ///< nothing at hand that is authentic covers it
};
std::string_view name_of(RevocationStatus status);

/// Why a CRL or OCSP response of this issuer is not believed, or not in full.
enum class RevocationFaultKind {
    crl_bad_signature,         ///< the issuer's key did not sign it
    crl_not_allowed,           ///< the issuer's key usage has no cRLSign
    crl_not_yet_issued,        ///< thisUpdate is after `at`
    crl_stale,                 ///< nextUpdate is before `at`
    crl_extension,             ///< a critical extension that is not understood, or one that cannot be read
    ocsp_structure,            ///< not "successful", or its parts cannot be read
    ocsp_wrong_certificate,    ///< answers for other certificates only
    ocsp_bad_signature,        ///< the responder's key did not sign it
    ocsp_unknown_responder,    ///< the responder's certificate is neither inside nor at hand
    ocsp_not_authorized,       ///< the responder is neither the issuer nor issued by it
    ocsp_no_responder_usage,   ///< the responder's certificate lacks the usage OCSPSigning (or
                               ///< digitalSignature)
    ocsp_responder_signature,  ///< the issuer's signature of the responder's certificate is wrong
    ocsp_responder_expired,    ///< at `at`, or when it signed (producedAt)
    ocsp_responder_not_yet_valid,
    ocsp_responder_revoked,          ///< and its certificate has no id-pkix-ocsp-nocheck
    ocsp_responder_revoked_nocheck,  ///< with it: trusted all the same, RFC 6960, 4.2.2.2.1; to be warned of
    ocsp_responder_revoked_later,    ///< after `at`, as what was issued since tells: to be warned of
    ocsp_responder_unchecked,        ///< no id-pkix-ocsp-nocheck, and its own revocation is unknown or stale
    ocsp_not_yet_issued,             ///< thisUpdate or producedAt is after `at`
    ocsp_stale,                      ///< nextUpdate is before `at`
    ocsp_status_unknown              ///< the responder does not know this certificate
};
std::string_view name_of(RevocationFaultKind kind);

struct RevocationFault {
    RevocationFaultKind kind;
    std::string what;  ///< the file
    std::string text;  ///< in words, with names and dates
};

/// A revocation that was not yet one at `at`, and that only what was issued after `at` tells of.
struct LaterRevocation {
    std::int64_t since = 0;  ///< revocationDate, after `at`
    std::string text;        ///< in words, with name, date and file
};

struct RevocationAnswer {
    RevocationStatus status = RevocationStatus::unknown;
    std::string source;                 ///< "CRL", "OCSP": what the status is taken from; empty: nothing
    std::string what;                   ///< the file of it
    std::string text;                   ///< in words
    std::string reason;                 ///< when revoked: "keyCompromise", RFC 5280, 5.3.1; empty: none given
    std::optional<std::int64_t> since;  ///< when revoked: revocationDate
    std::optional<std::int64_t> this_update, next_update;  ///< of `what`
    std::vector<RevocationFault> faults;           ///< of all that was at hand, also beside a good answer
    std::optional<LaterRevocation> revoked_later;  ///< beside any status but "revoked"

    bool has(RevocationFaultKind kind) const;
};

/// CRLs count that the issuer's key signed and that it may sign (cRLSign). The newest decides what is in
/// date. Who is on a list issued by `at` is revoked whatever the revocationDate (RFC 5280, 6.3.3); on a list
/// issued after `at`, when the revocationDate is not after `at`, else `revoked_later` tells it. Revocation is
/// for good (3.3), except certificateHold and removeFromCRL, for which the newest list counts. OCSP responses
/// of the issuer or of a responder that it issued and authorized (RFC 6960, 4.2.2.2) count beside them, by
/// thisUpdate in the same way: whoever says "revoked" is right. Status "revoked" of a responder that was not
/// proved unrevoked is believed, "good" is not.
/// @param certificate, issuer  DER. `issuer` must be the certificate whose key signed `certificate`
/// @throws Error{input_invalid} when one of the two is no certificate
RevocationAnswer revocation(ByteView certificate, ByteView issuer, const CertificatePool& pool,
                            TrustAnchors::When at);

/// One OCSP response (DER) for one certificate, by itself. CRLs of the pool are asked about its responder.
/// Never throws for what `response` holds. @throws Error{input_invalid} as revocation()
RevocationAnswer check_ocsp(ByteView response, const std::string& what, ByteView certificate, ByteView issuer,
                            const CertificatePool& pool, TrustAnchors::When at);

/// An OCSP responder's certificate by itself.
struct ResponderAnswer {
    std::string subject;
    std::string issuer;             ///< subject of the certificate that issued it; empty: not at hand
    bool no_check = false;          ///< carries id-pkix-ocsp-nocheck
    RevocationAnswer revocation{};  ///< its own, whether or not no_check excuses from asking
    std::vector<RevocationFault> faults;
    bool ok() const { return faults.empty(); }
    bool has(RevocationFaultKind kind) const;
};
/// A responder with id-pkix-ocsp-nocheck that a CRL revokes all the same has the fault
/// ocsp_responder_revoked_nocheck, and is trusted. RFC 6960, 4.2.2.2.1.
/// @throws Error{input_invalid} when it is no certificate
ResponderAnswer check_responder(ByteView certificate, const std::string& what, const CertificatePool& pool,
                                TrustAnchors::When at);

}  // namespace kartsaz::keys
