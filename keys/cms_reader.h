// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "keys/crypto.h"
#include "keys/openssl_handles.h"

struct asn1_object_st;
struct asn1_string_st;
struct CMS_SignerInfo_st;

/// The parts of a CMS SignedData, by OpenSSL. For the sources of keys/ only.
namespace kartsaz::keys {

/// Throws Error{input_invalid}: "CMS: rule".
[[noreturn]] void refuse_cms(const std::string& rule);

/// The value bytes of an OID, and its name or dotted form.
Bytes value_of(const asn1_object_st* oid);
std::string words_of(const asn1_object_st* oid);
ByteView view_of(const asn1_string_st* text);
std::optional<HashAlgorithm> hash_of(const asn1_object_st* oid);

/// @throws Error{input_invalid} when the bytes are anything but one SignedData
Owned<CMS_ContentInfo_st> parse_signed_data(ByteView cms);
/// @throws Error{input_invalid} when there is not exactly one
CMS_SignerInfo_st* only_signer(CMS_ContentInfo_st* cms);
/// The included certificate that the signer identifier (issuer and serial, or key identifier) names, or null.
Owned<x509_st> signer_certificate(CMS_ContentInfo_st* cms, CMS_SignerInfo_st* signer);
/// Empty when the signature over the signed attributes is right under the key of this certificate.
std::string signature_fault(CMS_SignerInfo_st* signer, x509_st* certificate);
/// The first included certificate, whomever it names, or null.
Owned<x509_st> first_certificate(CMS_ContentInfo_st* cms);

}  // namespace kartsaz::keys
