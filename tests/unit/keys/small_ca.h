// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <openssl/ocsp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "apdu/bytes.h"

/// Certificates, CRLs and OCSP responses as a test wants them, right or wrong, by OpenSSL itself.
namespace kartsaz::test {

constexpr std::int64_t in_2015 = 1420070400, in_2020 = 1577836800, in_2025 = 1735689600, in_2026 = 1767225600,
                       in_2027 = 1798761600, in_2030 = 1893456000, in_2040 = 2208988800;

using Extensions = std::vector<std::pair<std::string, std::string>>;  ///< as in openssl.cnf

struct Made {
    std::shared_ptr<EVP_PKEY> key;
    std::shared_ptr<X509> x509;
    Bytes der() const;
};

struct Wish {
    std::string name;              ///< CN
    const Made* issuer = nullptr;  ///< null: itself
    Extensions extensions{};
    std::int64_t from = in_2020, until = in_2040;
    std::shared_ptr<EVP_PKEY> key{};  ///< null: a new one on P-256
    const char* digest = "SHA256";
    bool broken_signature = false;
};
Made make(const Wish& wish);
/// With basicConstraints, keyUsage and key identifiers as they should be.
Made make_ca(const std::string& name, const Made* issuer = nullptr);
Made make_leaf(const std::string& name, const Made& issuer);
std::shared_ptr<EVP_PKEY> rsa_key(unsigned bits);

struct Listed {
    const Made* who;
    std::int64_t when;
    int reason = -1;  ///< RFC 5280, 5.3.1; -1: none
};
struct CrlWish {
    const Made* issuer;
    std::vector<Listed> revoked{};
    std::int64_t from = in_2025, until = in_2030;
    long number = 1;  ///< 0: none
    Extensions extensions{};
    const Made* signer = nullptr;  ///< null: the issuer
};
Bytes make_crl(const CrlWish& wish);

struct OcspWish {
    const Made* about;
    const Made* issuer;
    const Made* signer;
    int status = V_OCSP_CERTSTATUS_GOOD;
    std::int64_t revoked = 0;
    int reason = -1;
    std::int64_t from = in_2026 - 86400, until = in_2027;  ///< until 0: none
    std::int64_t produced = in_2026 - 86400;
    bool inside = true;   ///< the signer's certificate
    bool by_key = false;  ///< the responder's identifier
    const char* hash = "SHA1";
    bool broken_signature = false;
};
Bytes make_ocsp(const OcspWish& wish);

}  // namespace kartsaz::test
