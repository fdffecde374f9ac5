// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "keys/certificate_details.h"
#include "keys/certificate_pool.h"
#include "keys/issuer.h"
#include "keys/revocation.h"

/// Certification paths, by OpenSSL, from what is at hand. Source: RFC 5280, 6; RFC 4158 for finding them.
namespace kartsaz::keys {

enum class PathFaultKind {
    structure,       ///< no certificate, or an extension that cannot be read
    unknown_issuer,  ///< nothing at hand has the issuer's name (element: the one whose issuer is missing)
    not_trusted,     ///< the path ends in a self-signed certificate that is no anchor
    bad_signature,   ///< the issuer's key did not sign this element
    not_yet_valid,
    expired,
    not_a_ca,         ///< this element issued another one: basicConstraints missing or cA false
    path_length,      ///< pathLenConstraint of this element is exceeded below it
    key_usage,        ///< this element issued another one without keyCertSign
    name_constraint,  ///< this element's names are outside of what a CA above it allows
    policy,           ///< no policy that is valid on the whole path, and one element demands one
    key_identifier,   ///< authorityKeyIdentifier of this element does not name the issuer's certificate
    unhandled_critical_extension,
    weak_key,  ///< RSA below 2048 bits, a curve below 256 bits, MD5 or SHA-1 signature
    other      ///< as `text` says
};
std::string_view name_of(PathFaultKind kind);

struct PathFault {
    PathFaultKind kind;
    std::size_t element = 0;  ///< 0: the certificate itself, 1: its issuer, ..
    std::string text;         ///< in words, with the name of the element
    std::string expected, got;
    std::string clause;  ///< "RFC 5280, 6.1.3 (a)(2)"
};

struct PathElement {
    Bytes certificate;  ///< DER
    std::string subject;
    std::string serial;  ///< hexadecimal
    std::string what;    ///< the file it is from; empty for the certificate itself
    bool anchor = false;
    RevocationAnswer revocation{};  ///< of an anchor, of an element whose issuer is not known, and where it
                                    ///< was not asked: unknown, without text
};

struct PathAnswer {
    std::vector<PathElement> path;  ///< the certificate first; as far as it goes; empty when it is none
    std::vector<PathFault> faults;  ///< all of the path, those of the certificate itself first
    bool complete = false;          ///< it ends at an anchor
    std::size_t paths = 0;          ///< how many were found

    /// Without faults. Revocation is not asked here.
    bool ok() const { return complete && faults.empty(); }
    bool has(PathFaultKind kind) const;
    bool has(PathFaultKind kind, std::size_t element) const;
    /// The first fault of the certificate itself, and the first one of what is above it; null: none.
    const PathFault* own_fault() const;
    const PathFault* fault_above() const;
    /// The element nearest to the anchor that was revoked; empty: none.
    std::optional<std::size_t> revoked_element() const;
};

struct PathOptions {
    bool revocation = true;  ///< ask for each element but the anchor
    /// Some policy must be valid on the whole path, even where no CA demands one (RFC 5280, 6.1.1 (e))
    bool explicit_policy = false;
    bool weak_keys = true;  ///< tell of weak keys and digests below the anchor
};

/// The path from `certificate` (DER) to an anchor of `pool` at `at`. All issuers that are at hand are tried
/// (cross certificates, several certificates of one name and key); of the paths found, the one counts that
/// has the fewest faults and revoked CAs, then the fewest elements of unknown revocation, then the shortest.
/// Faults do not hide each other. The anchor's own validity counts; it is never asked for revocation.
/// Never throws for what `certificate` holds.
PathAnswer check_path(ByteView certificate, const CertificatePool& pool, TrustAnchors::When at,
                      const PathOptions& options = {});

}  // namespace kartsaz::keys
