// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "apdu/bytes.h"
#include "keys/openssl_handles.h"

struct asn1_string_st;
struct X509_name_st;

/// Reading certificates and showing their parts. For the sources of keys/ only.
namespace kartsaz::keys {

/// "CN=.., O=.., C=.." in UTF-8, control characters escaped.
std::string one_line(const X509_name_st* name);
/// Seconds since 1970; empty text times and the like count as 0.
std::int64_t seconds(const asn1_string_st* time);
/// "2026-11-21 23:32:00 UTC"
std::string utc_text(std::int64_t seconds);

/// A certificate of exactly these bytes, or null.
Owned<x509_st> parse_certificate(ByteView der);
Bytes to_der(x509_st* certificate);
/// SubjectPublicKeyInfo, as it stands in the certificate.
Bytes subject_public_key(const x509_st* certificate);

/// Every certificate or CRL of a PEM or DER text. @throws Error{input_invalid} naming `what`
std::vector<Owned<x509_st>> parse_certificates(ByteView encoded, const std::string& what);
std::vector<Owned<X509_crl_st>> parse_crls(ByteView encoded, const std::string& what);

}  // namespace kartsaz::keys
