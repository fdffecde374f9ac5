// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <openssl/objects.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>
#include <vector>

#include "apdu/bytes.h"

/// Extensions of certificates, decoded by OpenSSL. For the sources of keys/ only.
namespace kartsaz::keys {

struct ExtensionFree {
    void operator()(GENERAL_NAMES* names) const noexcept { GENERAL_NAMES_free(names); }
    void operator()(CERTIFICATEPOLICIES* policies) const noexcept { CERTIFICATEPOLICIES_free(policies); }
    void operator()(EXTENDED_KEY_USAGE* usages) const noexcept { EXTENDED_KEY_USAGE_free(usages); }
    void operator()(CRL_DIST_POINTS* points) const noexcept { CRL_DIST_POINTS_free(points); }
    void operator()(AUTHORITY_INFO_ACCESS* access) const noexcept { AUTHORITY_INFO_ACCESS_free(access); }
    void operator()(AUTHORITY_KEYID* identifier) const noexcept { AUTHORITY_KEYID_free(identifier); }
    void operator()(BASIC_CONSTRAINTS* constraints) const noexcept { BASIC_CONSTRAINTS_free(constraints); }
    void operator()(ASN1_BIT_STRING* bits) const noexcept { ASN1_BIT_STRING_free(bits); }
    void operator()(ISSUING_DIST_POINT* point) const noexcept { ISSUING_DIST_POINT_free(point); }
};
template <typename Extension>
using OwnedExtension = std::unique_ptr<Extension, ExtensionFree>;

/// An extension decoded; null when there is none, it is there twice, or cannot be decoded.
template <typename Extension>
OwnedExtension<Extension> extension(const X509* certificate, int nid) {
    return OwnedExtension<Extension>{
        static_cast<Extension*>(X509_get_ext_d2i(certificate, nid, nullptr, nullptr))};
}

/// "1.3.6.1.5.5.7.48.1"; empty when it is too long to be one of use.
std::string dotted(const ASN1_OBJECT* object);
Bytes bytes_of(const ASN1_STRING* text);  ///< empty for null
/// A general name of this type that is an IA5String; else empty.
std::string ia5(const GENERAL_NAME* name, int type);
/// The URIs of all full names of the points.
std::vector<std::string> urls_of(const CRL_DIST_POINTS* points);

}  // namespace kartsaz::keys
