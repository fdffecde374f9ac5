// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "apdu/bytes.h"
#include "apdu/tlv.h"
#include "keys/certificate_source.h"

/// The DER parts that requests, certificates and CRLs are written from. For the sources of keys/ only.
namespace kartsaz::keys {

namespace der {
inline constexpr std::uint32_t boolean = 0x01, integer = 0x02, bit_string = 0x03, octets = 0x04, null = 0x05,
                               oid = 0x06, enumerated = 0x0A, utf8 = 0x0C, printable = 0x13, ia5 = 0x16,
                               utc_time = 0x17, generalized_time = 0x18, sequence = 0x30, set = 0x31,
                               context0 = 0xA0, context3 = 0xA3;
}  // namespace der

/// The value bytes of a dotted OID. @throws Error{input_invalid}
Bytes encode_oid(std::string_view dotted);

/// BIT STRING of whole bytes.
Bytes encode_bits(ByteView bytes);

/// A Name in the order C, O, surname, givenName, CN, serialNumber, one attribute per RDN; countryName and
/// serialNumber are PrintableString, all else is UTF8String. Source: RFC 5280, 4.1.2.4 and A.1.
/// @throws Error{input_invalid} naming the part: no two letters for the country, no common name, not UTF-8,
///         control characters, longer than its upper bound, not printable
Bytes encode_name(const CertificateSubject& subject);

/// UTCTime up to 2049, GeneralizedTime after. Source: RFC 5280, 4.1.2.5. @throws Error{input_invalid}
Bytes encode_time(std::int64_t seconds);
/// The text of a GeneralizedTime: "20261121233200Z". @throws Error{input_invalid}
std::string generalized_time(std::int64_t seconds);

/// The parts of a SubjectPublicKeyInfo, seen in place. @throws Error{input_invalid}
struct PublicKeyParts {
    ByteView algorithm;   ///< value of the algorithm's OID
    ByteView parameters;  ///< whole TLV; empty when there is none
    ByteView key;         ///< the bits
};
PublicKeyParts parse_public_key(ByteView public_key);

}  // namespace kartsaz::keys
