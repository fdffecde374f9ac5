// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "apdu/bytes.h"

struct evp_pkey_st;
struct x509_st;

/// Country and document signers made on the spot, good and bad, by OpenSSL.
namespace kartsaz::test {

struct CertificateWish {
    std::string common_name = "Test Document Signer";
    std::int64_t not_before = 0;
    std::int64_t not_after = 0;
    bool ca = false;
    std::string key_usage = "critical,digitalSignature";
    long serial = 4711;
};

/// A key pair (P-256) and its certificate.
class Identity {
public:
    /// @param issuer  empty: signed by itself
    Identity(const CertificateWish& wish, const Identity* issuer);
    std::string pem() const;              ///< private key and certificate
    std::string certificate_pem() const;  ///< certificate alone
    /// A CRL of this issuer with these serial numbers, PEM.
    std::string crl(const std::vector<long>& serials, std::int64_t this_update,
                    std::int64_t next_update) const;

private:
    std::shared_ptr<evp_pkey_st> key_;
    std::shared_ptr<x509_st> certificate_;
};

}  // namespace kartsaz::test
