// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "libcard/verify/check.h"
#include "libcard/verify/observation_piv.h"

/// What is asked of the path of any certificate: the card's own and those of its signers.
namespace kartsaz::verify {

using PivCertificates = std::vector<const PivCertificate*>;
/// Those of the card's keys that could be read. @param retired  with those of retired keys
PivCertificates piv_card_certificates(const Piv& card, bool retired);
PivCertificates piv_signer_certificates(const Piv& card);

/// An anchor vouches for the certificate: names, signatures, what CAs may do. Validity is asked apart.
void judge_path(const Piv& card, const PivCertificates& all, Verdicts& verdicts);
/// The certificate itself is valid on the day.
void judge_validity(const Piv& card, const PivCertificates& all, Verdicts& verdicts);
/// So is each CA above it.
void judge_issuer_validity(const Piv& card, const PivCertificates& all, Verdicts& verdicts);
/// Neither it nor a CA above it was revoked. Unknown is a note, out of date a warning; faults where a
/// revocation list is demanded. Revoked after the day of judgement: a warning.
void judge_revocation(const Piv& card, const PivCertificates& all, Verdicts& verdicts);
/// The keys are of PIV's kinds, and digests (also of the CAs above) are strong enough.
void judge_strength(const Piv& card, const PivCertificates& all, Verdicts& verdicts);

}  // namespace kartsaz::verify
