// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "apdu/bytes.h"

struct AUTHORITY_KEYID_st;
struct BASIC_CONSTRAINTS_st;
struct GENERAL_NAME_st;
struct ISSUING_DIST_POINT_st;
struct asn1_object_st;
struct asn1_string_st;
struct stack_st_ACCESS_DESCRIPTION;
struct stack_st_ASN1_OBJECT;
struct stack_st_DIST_POINT;
struct stack_st_GENERAL_NAME;
struct stack_st_POLICYINFO;
struct x509_st;

/// Extensions of certificates, decoded by OpenSSL. For the sources of keys/ only.
namespace kartsaz::keys {

struct ExtensionFree {
    void operator()(stack_st_GENERAL_NAME* names) const noexcept;
    void operator()(stack_st_POLICYINFO* policies) const noexcept;
    void operator()(stack_st_ASN1_OBJECT* usages) const noexcept;
    void operator()(stack_st_DIST_POINT* points) const noexcept;
    void operator()(stack_st_ACCESS_DESCRIPTION* access) const noexcept;
    void operator()(AUTHORITY_KEYID_st* identifier) const noexcept;
    void operator()(BASIC_CONSTRAINTS_st* constraints) const noexcept;
    void operator()(asn1_string_st* bits) const noexcept;
    void operator()(ISSUING_DIST_POINT_st* point) const noexcept;
};
template <typename Extension>
using OwnedExtension = std::unique_ptr<Extension, ExtensionFree>;

/// X509_get_ext_d2i(): null when there is none, it is there twice, or cannot be decoded.
void* decode_extension(const x509_st* certificate, int nid);
template <typename Extension>
OwnedExtension<Extension> extension(const x509_st* certificate, int nid) {
    return OwnedExtension<Extension>{static_cast<Extension*>(decode_extension(certificate, nid))};
}

/// "1.3.6.1.5.5.7.48.1"; empty when it is too long to be one of use.
std::string dotted(const asn1_object_st* object);
Bytes bytes_of(const asn1_string_st* text);  ///< empty for null
/// A general name of this type that is an IA5String; else empty.
std::string ia5(const GENERAL_NAME_st* name, int type);
/// The URIs of all full names of the points.
std::vector<std::string> urls_of(const stack_st_DIST_POINT* points);

}  // namespace kartsaz::keys
