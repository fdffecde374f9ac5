// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "keys/citizen_certificate.h"
#include "libcard/app/piv/application.h"

/// What the certificates of a PIV card must say, what is there, and whether it will do.
namespace kartsaz::app::piv {

/// Subject and usages by slot, FIPS 201-2, 4.2.2: 9A and 9C name the holder, 9E the card alone; 9A and 9E
/// carry FASC-N and UUID; valid from now, never beyond the document's expiry.
keys::CertificateTemplate certificate_template(const perso::Order& order, const Options& options,
                                               const Contents& contents, const Slot& slot);

enum class Judgement {
    good,
    outdated,  ///< it ends soon or has ended, and a new one would last longer
    other      ///< it says something else than what is ordered now
};
/// @param latest  no certificate can be valid longer: the end of the issuer's own
Judgement judge(const keys::CitizenCertificate& there, const keys::CertificateTemplate& wanted,
                const Options& options, std::int64_t latest);
/// That end; far away where the issuer is not known before its first answer.
std::int64_t latest_end(const keys::CertificateSource* source);

/// In words for image and digest, without dates of the day.
std::string in_words(const keys::CertificateTemplate& wanted, const Slot& slot, const Options& options);

/// A whole certificate on the card.
struct SeenCertificate {
    Bytes der;
    keys::CitizenCertificate says;
};
/// Of the slot; empty where there is none that can be read.
std::optional<SeenCertificate> certificate_of_slot(const Slot& slot, const State& own);

}  // namespace kartsaz::app::piv
