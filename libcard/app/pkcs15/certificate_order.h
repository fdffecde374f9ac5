// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "libcard/app/pkcs15/layout.h"

/// What a citizen's certificate must say, and whether the one on the card will do.
namespace kartsaz::app::pkcs15 {

/// Subject and usages from record and profile; valid from now, never beyond the document's expiry.
keys::CertificateTemplate certificate_template(const perso::Order& order, const Options& options,
                                               const Slot& slot);

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

/// In words for image and digest, without dates of the day: "certificate of ec-p256, contentCommitment, ...".
std::string in_words(const keys::CertificateTemplate& wanted, const Slot& slot, const Options& options);

}  // namespace kartsaz::app::pkcs15
