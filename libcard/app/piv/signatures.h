// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "keys/content_signer.h"
#include "keys/signature_check.h"
#include "libcard/app/piv/cbeff.h"
#include "libcard/app/piv/chuid.h"
#include "libcard/app/piv/security_object.h"

/// The signed objects: made by the content signer of an issuer, and proved. The same input gives the same
/// bytes. Times are the order's, seconds since 1970. Source: FIPS 201-2, 4.2.1 and 4.2.3; SP 800-76-2, 9.2;
/// SP 800-73-4 part 1, 3.1.2 and 3.1.7.
namespace kartsaz::app::piv {

constexpr std::string_view oid_chuid_content = "2.16.840.1.101.3.6.1";      // id-PIV-CHUIDSecurityObject
constexpr std::string_view oid_biometric_content = "2.16.840.1.101.3.6.2";  // id-PIV-biometricObject
constexpr std::string_view oid_signer_name = "2.16.840.1.101.3.6.5";        // pivSigner-DN
constexpr std::string_view oid_fascn = "2.16.840.1.101.3.6.6";              // pivFASC-N
constexpr std::string_view oid_entry_uuid = "1.3.6.1.1.16.4";               // entryUUID, RFC 4530
constexpr std::string_view oid_content_identifier = "1.2.840.113549.1.9.16.2.7";
constexpr std::string_view oid_lds_content = "1.3.27.1.1.1";  // LDSSecurityObject, as PIV writes it

/// The CHUID's value with its signature; what `chuid` has under 3E is replaced. The signer's certificate goes
/// inside: it is that of the other signed objects, too. @throws Error{input_invalid}, Error{keys_failed}
/// @param content_identifier  goes into the signature (RFC 2634, 2.7); empty: nothing does
Bytes sign_chuid(Chuid chuid, const keys::ContentSigner& signer, std::int64_t at,
                 const Bytes& content_identifier = {});
/// A biometric container with its signature; lengths in the header are counted here. The FASC-N of the header
/// goes into the signature, and so does the card's UUID where it is given. No certificate inside.
/// @param name  begins error texts, as Container::name
Bytes sign_biometric(const CbeffHeader& header, ByteView block, const std::optional<Bytes>& uuid,
                     std::string_view name, const keys::ContentSigner& signer, std::int64_t at);

struct Covered {
    std::uint16_t container = 0;
    ByteView value{};
};
/// The security object's value: data groups numbered 1, 2, .. in the order given, SHA-256. No certificate
/// inside.
Bytes sign_security_object(const std::vector<Covered>& containers, const keys::ContentSigner& signer,
                           std::int64_t at);

/// @param value  the CHUID as it was read. Offsets of findings count from the start of the value.
keys::SignatureCheck check_chuid_signature(ByteView value);

struct BiometricSignature {
    keys::SignatureCheck signature;
    std::optional<Bytes> fascn;  ///< of the signed attributes; empty: not there, or not of its form
    std::optional<Bytes> uuid;
};
/// @param certificate  that of the CHUID, for signatures with none inside; empty: there is none
BiometricSignature check_biometric_signature(const BiometricObject& object, ByteView certificate);
/// The signed content is SignatureCheck::content, for decode_lds_hashes().
keys::SignatureCheck check_security_object_signature(const SecurityObject& object, ByteView certificate);

/// Is the signed attribute pivSigner-DN the subject of the certificate? Empty: the attribute is not there, or
/// there is no certificate.
std::optional<bool> signer_name_matches(const keys::SignatureCheck& check);

}  // namespace kartsaz::app::piv
