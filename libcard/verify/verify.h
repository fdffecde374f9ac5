// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "keys/certificate_pool.h"
#include "keys/issuer.h"
#include "libcard/app/dump.h"
#include "libcard/record/record.h"
#include "libcard/verify/check.h"
#include "libcard/verify/findings.h"

/// Verification: an observation of a card is judged by checks. Knows nothing of how cards were written.
namespace kartsaz::verify {

/// A key pair that the signature application must have.
struct DemandedKey {
    std::string name;    ///< of the profile: "signature"
    std::string label;   ///< of its object; empty: any
    std::string digest;  ///< SHA-256 of its SubjectPublicKeyInfo, hexadecimal; empty: any
    std::string who;     ///< "the receipt"
};

struct Context {
    const app::CardDump& dump;
    const keys::TrustAnchors& trust;  ///< country signers
    std::int64_t at = 0;              ///< seconds since 1970; of a whole day: its last one
    /// The first second of the day, when a whole day is judged: what ends on it is still valid. Empty: `at`.
    std::optional<std::int64_t> since{};
    const record::Record* expected = nullptr;   ///< --expect
    std::optional<std::string> receipt_chip{};  ///< chip identity of the receipt, when one is given
    std::optional<app::CardDump> registered{};  ///< --against
    /// Applications that the card must have, finished, and who says so: "pkcs15" -> "the receipt". Beside
    /// those of `registered`.
    std::map<std::string, std::string> demanded{};
    std::vector<DemandedKey> demanded_keys{};
    bool development_trust = false;
    bool demand_crl = false;
    bool preview = true;  ///< make the JPEG preview of a JPEG 2000 photo
    /// Bytes hashed at most per file while looking for the one byte whose change breaks its hash.
    std::size_t search_budget = std::size_t{64} << 20U;
    /// CAs of holders' certificates; null: `trust`. They are another set, so that nobody's own certificate
    /// can pass for a document signer's.
    const keys::TrustAnchors* holder_trust = nullptr;
    /// Anchors, CA certificates, CRLs and OCSP responses for PIV cards; null: nobody is trusted.
    const keys::CertificatePool* pool = nullptr;
    keys::TrustAnchors::When when() const { return {since.value_or(at), at}; }
};

/// Runs the rule set that fits the dump. Pure: no card, no clock.
Report judge(const Context& context);

/// A folder of trusted certificates and CRLs (.pem .cer .crt .der .crl). @throws Error{input_invalid} naming
/// the file
keys::TrustAnchors load_trust(const std::string& folder);
/// CAs of holders' certificates: what stands in `folder` itself and in its folder "holders", which
/// load_trust() does not look into. @throws Error{input_invalid} naming the file
keys::TrustAnchors load_holder_trust(const std::string& folder);
/// The shipped development CSCA.
keys::TrustAnchors development_trust();
/// The shipped development CA of citizens' certificates.
keys::TrustAnchors development_holder_trust();
/// Both, for PIV cards.
keys::CertificatePool development_pool();

}  // namespace kartsaz::verify
