// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <vector>

#include "keys/certificate_pool.h"
#include "keys/crl_shelf.h"
#include "keys/openssl_handles.h"

struct X509_name_st;

/// What a pool holds, as OpenSSL's objects. Only the sources of this folder include it.
namespace kartsaz::keys {

struct CertificatePool::Contents {
    struct Certificate {
        Owned<x509_st> x509;
        Bytes der;
        std::string what;
        bool anchor = false;
    };
    struct Response {
        Bytes der;
        std::string what;
    };
    std::vector<Certificate> certificates;
    CrlShelf crls;
    std::vector<Response> responses;
    std::set<Bytes> seen;  ///< SHA-256 of CRLs and responses
    Counts counts;
    std::vector<std::string> notes;

    /// Those with this subject, anchors first.
    std::vector<const Certificate*> named(const X509_name_st* subject) const;
    /// The one of these bytes; null: none.
    const Certificate* find(ByteView der) const;
    Certificate* find(ByteView der);
};

/// The key of `issuer` signed it.
bool signed_by(x509_st* certificate, x509_st* issuer);

}  // namespace kartsaz::keys
