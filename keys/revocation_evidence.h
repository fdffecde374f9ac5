// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "keys/pool_contents.h"
#include "keys/revocation.h"

/// What each source says of a certificate, before the sources are weighed against each other. For the sources
/// of keys/ only.
namespace kartsaz::keys {

/// What is asked: of which certificate, and by whose key it was signed.
struct RevocationQuestion {
    x509_st* about;
    x509_st* issuer;
    const CertificatePool::Contents& pool;
    TrustAnchors::When at;
};

RevocationAnswer ask_crls(const RevocationQuestion& question);

/// Empty when it answers for other certificates only and `told` is false.
std::optional<RevocationAnswer> ask_ocsp(ByteView response, const std::string& what,
                                         const RevocationQuestion& question, bool told);

/// Faults of a responder's certificate, given its issuer (null: not at hand) and when it signed.
struct ResponderQuestion {
    x509_st* responder;
    x509_st* issuer;
    std::optional<std::int64_t> produced;
    std::string what;
    const CertificatePool::Contents& pool;
    TrustAnchors::When at;
};
std::vector<RevocationFault> responder_faults(const ResponderQuestion& question);
bool has_no_check(const x509_st* certificate);

/// "keyCompromise"; RFC 5280, 5.3.1.
std::string reason_text(int reason);
/// A list or response without nextUpdate is in date for one day: newer ones are always to be had (RFC 6960,
/// 4.2.2.1).
bool out_of_date(std::int64_t this_update, std::optional<std::int64_t> next_update, TrustAnchors::When at);
/// LaterRevocation::text. `by`: list or response, with its file.
std::string later_text(const RevocationQuestion& question, std::int64_t since, const std::string& by);
std::string quoted_subject(const x509_st* certificate);

}  // namespace kartsaz::keys
