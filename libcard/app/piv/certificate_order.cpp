// SPDX-License-Identifier: Apache-2.0
#include "libcard/app/piv/certificate_order.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "apdu/error.h"
#include "keys/renewal.h"
#include "libcard/app/piv/key_commands.h"
#include "libcard/app/piv/objects.h"

namespace kartsaz::app::piv {
namespace {

constexpr std::int64_t seconds_a_day = 86'400;
constexpr std::uint8_t ref_signature = 0x9C, ref_management = 0x9D;

void set_usage(keys::CertificateTemplate& wanted, const Slot& slot) {
    if (slot.reference != ref_management) {
        wanted.digital_signature = true;
        wanted.content_commitment = slot.reference == ref_signature;
    } else if (is_rsa(slot.algorithm)) {
        wanted.key_encipherment = true;
    } else {
        wanted.key_agreement = true;
    }
    wanted.extended_usages = slot.extended_usages;
    wanted.extended_usages_critical = !slot.names_holder();
}

}  // namespace

keys::CertificateTemplate certificate_template(const perso::Order& order, const Options& options,
                                               const Contents& contents, const Slot& slot) {
    const auto& record = order.record;
    const auto& rules = options.certificate;
    keys::CertificateTemplate wanted;
    wanted.subject.country = rules.country;
    wanted.subject.organization = rules.organization;
    if (slot.names_holder()) {
        wanted.subject.given_name = record.name.given_fa;
        wanted.subject.surname = record.name.surname_fa;
        wanted.subject.common_name = record.name.given_fa + " " + record.name.surname_fa;
        if (rules.national_id) wanted.subject.serial_number = record.national_id;
        const bool signs = slot.reference == ref_signature || slot.reference == ref_management;
        if (rules.email && record.email && signs) wanted.subject.email = *record.email;
    } else {
        wanted.subject.serial_number = to_hex(contents.guid);
    }
    set_usage(wanted, slot);
    wanted.fascn = contents.fascn;
    wanted.uri = contents.uuid;
    wanted.policy = slot.policy;
    wanted.crl_url = rules.crl_url;
    wanted.not_before = order.now;
    const std::int64_t document_ends = record::to_unix(record.expiry_date) + seconds_a_day - 1;
    wanted.not_after = std::min(order.now + rules.validity_days * seconds_a_day - 1, document_ends);
    return wanted;
}

Judgement judge(const keys::CitizenCertificate& there, const keys::CertificateTemplate& wanted,
                const Options& options, std::int64_t latest) {
    const std::int64_t document_ends = wanted.not_after;
    if (keys::contradicts(there, wanted)) return Judgement::other;
    const std::int64_t now = wanted.not_before;
    // a card that ends sooner now takes its certificates with it
    if (document_ends < now + options.certificate.validity_days * seconds_a_day - 1 &&
        there.not_after > document_ends) {
        return Judgement::other;
    }
    const bool ends_soon = there.not_after <= now + options.certificate.renew_before_days * seconds_a_day;
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
    std::string text = fmt::format("{}; C={}", keys::name(slot.algorithm), subject.country);
    const auto add = [&](const char* name, const std::string& value) {
        if (!value.empty()) text += fmt::format("; {}={}", name, value);
    };
    if (wanted.digital_signature) text += "; digitalSignature";
    if (wanted.content_commitment) text += "; contentCommitment";
    if (wanted.key_encipherment) text += "; keyEncipherment";
    if (wanted.key_agreement) text += "; keyAgreement";
    add("CN", subject.common_name);
    add("O", subject.organization);
    add("serialNumber", subject.serial_number);
    add("email", subject.email);
    add("FASC-N", to_hex(wanted.fascn));
    add("URI", wanted.uri);
    for (const auto& usage : wanted.extended_usages) add("usage", usage);
    add("policy", wanted.policy);
    add("CRL", wanted.crl_url);
    return text + fmt::format("; {} days", options.certificate.validity_days);
}

std::optional<SeenCertificate> certificate_of_slot(const Slot& slot, const State& own) {
    const Bytes* value = own.object(slot.container);
    if (value == nullptr || value->empty()) return std::nullopt;
    const auto& name = container_of_id(slot.container)->name;
    try {
        SeenCertificate out;
        out.der = certificate_of(decode_certificate_object(*value, name), name);
        const auto says = keys::read_citizen_certificate(out.der);
        if (!says) return std::nullopt;
        out.says = *says;
        return out;
    } catch (const Error& error) {
        if (error.code() != Errc::input_invalid) throw;
        return std::nullopt;
    }
}

}  // namespace kartsaz::app::piv
