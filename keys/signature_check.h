// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "apdu/bytes.h"

/// Proving a CMS signature over an object of a card, each thing that can be wrong told apart.
namespace kartsaz::keys {

enum class SignatureFault {
    structure,     ///< no CMS SignedData of one signer, or the content is not where the object wants it, or
                   ///< versions or digest algorithms are not those of RFC 5652, 5.1 and 5.3
    content_type,  ///< signed as something else
    attributes,    ///< a signed attribute is missing, there twice or not of its form
    digest,        ///< the content is not what was signed
    certificate_missing,  ///< neither inside nor given: nothing more can be said of the signature
    signer,               ///< the certificate is not the one that the signer identifier names
    signature             ///< wrong under the key of the certificate
};
std::string_view name_of(SignatureFault fault);

struct SignatureFinding {
    SignatureFault fault = SignatureFault::structure;
    std::optional<std::size_t> offset;  ///< in the CMS, of what is wrong
    std::string text;
};

/// What the object demands of its signature.
struct SignatureDemand {
    std::string content_type;          ///< dotted OID
    std::optional<ByteView> detached;  ///< the content; empty: it stands inside
    ByteView certificate{};            ///< for signatures with none inside, DER; empty: there is no other
};

struct SignatureCheck {
    std::vector<SignatureFinding>
        faults;         ///< empty: all is right. The trust in the certificate is not asked.
    Bytes content;      ///< what stands inside; empty when detached
    Bytes certificate;  ///< that the signature was judged by, DER; empty: none
    bool certificate_inside = false;
    std::string signer;          ///< subject of that certificate, one line
    Bytes signer_subject;        ///< the same, DER
    std::string signer_serial;   ///< of the signer identifier, hexadecimal; empty when it is a key identifier
    std::string hash_algorithm;  ///< "sha256", in OpenSSL's words
    std::optional<std::int64_t> signing_time;
    std::vector<std::pair<std::string, Bytes>> attributes;  ///< dotted OID, whole DER of the first value

    bool ok() const { return faults.empty(); }
    bool has(SignatureFault fault) const;
    /// The attribute's value, or null.
    const Bytes* attribute(std::string_view oid) const;
};

/// Never throws for what `cms` holds: each fault is a finding, and what can be judged beside it is judged. A
/// signature by a key that two certificates share is right under both, so the signer identifier is
/// compared by itself. Source: RFC 5652, 5.3 to 5.6 and 11.
SignatureCheck check_signature(ByteView cms, const SignatureDemand& demand);

}  // namespace kartsaz::keys
