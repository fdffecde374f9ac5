// SPDX-License-Identifier: Apache-2.0
#include "libcard/app/pkcs15/certificate_order.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "keys/renewal.h"

namespace kartsaz::app::pkcs15 {
namespace {

constexpr std::int64_t day = 86'400;
constexpr const char* client_authentication = "1.3.6.1.5.5.7.3.2";  // RFC 5280, 4.2.1.12

}  // namespace

keys::CertificateTemplate certificate_template(const perso::Order& order, const Options& options,
                                               const Slot& slot) {
    const auto& record = order.record;
    const auto& rules = options.certificate;
    keys::CertificateTemplate wanted;
    wanted.subject.country = rules.country;
    wanted.subject.organization = rules.organization;
    wanted.subject.given_name = record.name.given_fa;
    wanted.subject.surname = record.name.surname_fa;
    wanted.subject.common_name = record.name.given_fa + " " + record.name.surname_fa;
    if (rules.national_id) wanted.subject.serial_number = record.national_id;
    if (rules.email && record.email) wanted.subject.email = *record.email;
    wanted.content_commitment = slot.purpose == Purpose::signature;
    wanted.digital_signature = slot.purpose == Purpose::authentication;
    if (wanted.digital_signature) wanted.extended_usages = {client_authentication};
    wanted.policy = slot.policy;
    wanted.crl_url = rules.crl_url;
    wanted.not_before = order.now;
    const std::int64_t document_ends = record::to_unix(record.expiry_date) + day - 1;
    wanted.not_after = std::min(order.now + rules.validity_days * day - 1, document_ends);
    return wanted;
}

Judgement judge(const keys::CitizenCertificate& there, const keys::CertificateTemplate& wanted,
                const Options& options, std::int64_t latest) {
    if (keys::contradicts(there, wanted)) return Judgement::other;
    const std::int64_t now = wanted.not_before;
    const bool ends_soon = there.not_after <= now + options.certificate.renew_before_days * day;
    return ends_soon && keys::renewal_due(there.not_after, wanted, latest) ? Judgement::outdated
                                                                           : Judgement::good;
}

std::int64_t latest_end(const keys::CertificateSource* source) {
    const Bytes issuer = source == nullptr ? Bytes{} : source->issuer_certificate();
    const auto says = keys::read_citizen_certificate(issuer);
    return says ? says->not_after : std::numeric_limits<std::int64_t>::max();
}

std::string in_words(const keys::CertificateTemplate& wanted, const Slot& slot, const Options& options) {
    const auto& subject = wanted.subject;
    std::string text = fmt::format("{}; {}; C={}; CN={}", keys::name(slot.algorithm),
                                   wanted.content_commitment ? "contentCommitment" : "digitalSignature",
                                   subject.country, subject.common_name);
    const auto add = [&](const char* name, const std::string& value) {
        if (!value.empty()) text += fmt::format("; {}={}", name, value);
    };
    add("O", subject.organization);
    add("serialNumber", subject.serial_number);
    add("email", subject.email);
    add("policy", wanted.policy);
    add("CRL", wanted.crl_url);
    return text + fmt::format("; {} days", options.certificate.validity_days);
}

}  // namespace kartsaz::app::pkcs15
