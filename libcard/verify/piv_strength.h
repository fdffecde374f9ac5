// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "keys/certificate_details.h"
#include "keys/crypto.h"

/// Which keys and digests PIV allows. Source: SP 800-78-4, 3.1 and 3.2.
namespace kartsaz::verify {

constexpr std::string_view allowed_piv_keys =
    "RSA of 2048, 3072 or 4096 bits with an exponent of 65537 or more, P-256 or P-384";
constexpr std::string_view allowed_piv_digests = "SHA-256, SHA-384 or SHA-512";

struct PivKeyKind {
    std::string text;  ///< "RSA 2048 bits, exponent 65537", "P-256", "the curve 1.3.132.0.10"
    bool allowed = false;
};
PivKeyKind piv_key_kind(const keys::CertificateDetails& certificate);

/// @param digest  in OpenSSL's words: "sha256"
bool piv_digest_allowed(std::string_view digest);
/// "sha256"
std::string_view digest_name(keys::HashAlgorithm algorithm);

}  // namespace kartsaz::verify
