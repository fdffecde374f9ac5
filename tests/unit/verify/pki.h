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
    std::string algorithm = "ec-p256";  ///< of the key pair: "ec-p384", "rsa-2048", ...
    Bytes public_key{};                 ///< certify this SubjectPublicKeyInfo instead of a new key
    std::string serial_number{};        ///< of the subject; empty: none
};

/// A key pair and its certificate.
class Identity {
public:
    /// @param issuer  empty: signed by itself
    Identity(const CertificateWish& wish, const Identity* issuer);
    std::string pem() const;              ///< private key and certificate
    std::string certificate_pem() const;  ///< certificate alone
    Bytes certificate() const;            ///< DER
    Bytes public_key() const;             ///< SubjectPublicKeyInfo
    /// ECDSA or RSASSA-PKCS1-v1_5. @param digest  "SHA256"
    Bytes sign(ByteView message, const char* digest = "SHA256") const;
    /// A CRL of this issuer with these serial numbers, PEM. @param number  cRLNumber; less than 0: none
    std::string crl(const std::vector<long>& serials, std::int64_t this_update, std::int64_t next_update,
                    long number = -1) const;

private:
    std::shared_ptr<evp_pkey_st> key_;
    std::shared_ptr<x509_st> certificate_;
};

}  // namespace kartsaz::test
