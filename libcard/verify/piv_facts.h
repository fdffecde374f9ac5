// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "apdu/bytes.h"

/// Numbers of the PIV standards that several checks ask for.
namespace kartsaz::verify {

// Key references. Source: SP 800-73-4 part 1, table 4b.
constexpr std::uint8_t key_piv_authentication = 0x9A, key_signature = 0x9C, key_management = 0x9D,
                       key_card_authentication = 0x9E;

// Source: FIPS 201-2, appendix B; FPKI certificate profiles.
constexpr std::string_view usage_content_signing = "2.16.840.1.101.3.6.7";    // id-PIV-content-signing
constexpr std::string_view usage_content_signing_i = "2.16.840.1.101.3.8.7";  // id-fpki-pivi-content-signing
constexpr std::string_view usage_card_authentication = "2.16.840.1.101.3.6.8";  // id-PIV-cardAuth
// Source: RFC 5280, 4.2.1.
constexpr std::string_view oid_subject_alt_name = "2.5.29.17", oid_key_usage = "2.5.29.15",
                           oid_extended_usage = "2.5.29.37", oid_subject_key = "2.5.29.14";
constexpr std::string_view usage_any = "2.5.29.37.0";  // anyExtendedKeyUsage

/// Of the variant of RFC 4122 and one of its versions.
bool is_rfc4122(const Bytes& uuid);

}  // namespace kartsaz::verify
