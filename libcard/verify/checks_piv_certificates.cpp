// SPDX-License-Identifier: Apache-2.0
// The certificates of a PIV card's keys: form, path, validity, revocation, usage.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "apdu/error.h"
#include "keys/crypto.h"
#include "libcard/verify/checks_piv.h"
#include "libcard/verify/der.h"
#include "libcard/verify/observation.h"
#include "libcard/verify/piv_facts.h"
#include "libcard/verify/piv_paths.h"

namespace kartsaz::verify {
namespace {

constexpr const char* none_on_card = "no certificate that could be read";

void certificate_form(const Piv& card, Verdicts& verdicts) {
    for (const auto& one : card.certificates) {
        if (!one.details) continue;  // a fault of piv.objects.structure
        try {
            demand_der(*one.der, one.name, one.unpacked ? 0 : one.offset);
        } catch (const Error& error) {
            const auto at = one.unpacked ? std::nullopt : offset_in(error.what());
            verdicts.fault(one.object, at, "DER", "another form", error.what());
            continue;
        }
        for (const auto& oid : one.details->unreadable)
            verdicts.fault(
                one.object, one.at(oid), "an extension in its form, once", oid,
                fmt::format("{}: the extension {} cannot be read or is there twice", one.name, oid));
        if (one.details->unreadable.empty())
            verdicts.pass(fmt::format("{}, {} bytes", one.name, one.der->size()));
    }
    verdicts.skip(none_on_card);
}

template <void (*judge)(const Piv&, const PivCertificates&, Verdicts&), bool retired>
void of_certificates(const Piv& card, Verdicts& verdicts) {
    judge(card, piv_card_certificates(card, retired), verdicts);
}

struct SlotUsage {
    std::vector<std::size_t> bits;  ///< of the usages that it must have; those that sign have no other
    const char* text;
    bool signs = true;
};
/// A key agrees or deciphers by its kind.
SlotUsage slot_usage(const PivCertificate& one) {
    if (one.key == key_signature) return {{0, 1}, "digitalSignature and nonRepudiation, nothing else"};
    if (one.key != key_management) return {{0}, "digitalSignature, nothing else"};
    if (one.details->key_algorithm == "ec") return {{4}, "keyAgreement", false};
    return {{2}, "keyEncipherment", false};
}

bool usage_fits(const keys::CertificateDetails& facts, const SlotUsage& wanted) {
    const auto has = [&](std::size_t bit) { return facts.key_usage[bit]; };
    if (!std::ranges::all_of(wanted.bits, has)) return false;
    if (!wanted.signs) return !facts.key_usage[0];
    return std::ranges::count(facts.key_usage, true) == static_cast<std::ptrdiff_t>(wanted.bits.size());
}

void certificate_usage(const Piv& card, Verdicts& verdicts) {
    for (const auto* one : piv_card_certificates(card, false)) {
        const auto& facts = *one->details;
        const auto wanted = slot_usage(*one);
        const bool authority = facts.key_usage[5] || facts.key_usage[6] || facts.ca;
        if (usage_fits(facts, wanted) && !authority) {
            verdicts.pass(fmt::format("{}: {}", one->name, facts.key_usage_text()));
        } else {
            verdicts.fault(one->object, one->at(oid_key_usage), wanted.text, facts.key_usage_text(),
                           fmt::format("the key usage of {} is not that of its slot: {}", one->name,
                                       authority ? "it is that of a CA" : facts.key_usage_text()));
        }
    }
    verdicts.skip(none_on_card);
}

/// 9E answers readers with no PIN, so nothing else may be trusted to it.
void certificate_purpose(const Piv& card, Verdicts& verdicts) {
    const auto* one = card.certificate(key_card_authentication);
    for (const auto* other : piv_card_certificates(card, false)) {
        if (other->key != key_card_authentication &&
            other->details->has_extended_usage_of(usage_card_authentication))
            verdicts.fault(other->object, other->at(oid_extended_usage), "another purpose", "id-PIV-cardAuth",
                           fmt::format("{} is for card authentication, which is the slot 9E", other->name));
    }
    if (one == nullptr || !one->details) return verdicts.skip("no certificate of 9E");
    const auto& facts = *one->details;
    if (facts.has_extended_usage_of(usage_card_authentication) && facts.extended_usage_critical)
        return verdicts.pass(fmt::format("{}: id-PIV-cardAuth, critical", one->name));
    verdicts.fault(
        one->object, one->at(oid_extended_usage), "id-PIV-cardAuth, critical",
        facts.extended_usages.empty() ? "none" : fmt::format("{}", fmt::join(facts.extended_usages, ", ")),
        fmt::format("the extended key usage of {} is not id-PIV-cardAuth alone and critical", one->name));
}

/// Ways to make an identifier of a key. Source: RFC 5280, 4.2.1.2 (1) and (2); RFC 7093, 2.
bool identifies(ByteView identifier, const keys::CertificateDetails& facts) {
    using keys::HashAlgorithm;
    const auto begins = [&](HashAlgorithm algorithm, ByteView of) {
        const Bytes hash = keys::hash(algorithm, of);
        return identifier.size() >= 20 && identifier.size() <= hash.size() &&
               std::equal(identifier.begin(), identifier.end(), hash.begin());
    };
    for (const auto algorithm :
         {HashAlgorithm::sha1, HashAlgorithm::sha256, HashAlgorithm::sha384, HashAlgorithm::sha512}) {
        if (begins(algorithm, facts.key_bits) || begins(algorithm, facts.public_key)) return true;
    }
    Bytes brief = keys::hash(HashAlgorithm::sha1, facts.key_bits);
    brief.erase(brief.begin(), brief.end() - 8);
    brief[0] = static_cast<std::uint8_t>((brief[0] & 0x0FU) | 0x40U);
    return std::ranges::equal(identifier, brief);
}

void certificate_key_identifier(const Piv& card, Verdicts& verdicts) {
    for (const auto* one : piv_card_certificates(card, true)) {
        const auto& facts = *one->details;
        const auto& identifier = facts.subject_key_identifier;
        if (identifier.empty()) {
            verdicts.warn(one->object, {}, "a subject key identifier", "none",
                          fmt::format("{} has no subject key identifier", one->name));
        } else if (one->path.has(keys::PathFaultKind::bad_signature, 0) && !piv_key_proved(card, one->key)) {
            // a key put in place of another would be the card's; this one was changed
            verdicts.skip(
                fmt::format("{}: its signature is wrong, and the card did not prove its key", one->name));
        } else if (identifies(identifier, facts)) {
            verdicts.pass(fmt::format("{}: {}", one->name, to_hex(identifier)));
        } else {
            verdicts.fault(one->object, one->at(oid_subject_key),
                           to_hex(keys::hash(keys::HashAlgorithm::sha1, facts.key_bits)), to_hex(identifier),
                           fmt::format("the subject key identifier of {} is not the hash of its key: the key "
                                       "was put in place of another",
                                       one->name));
        }
    }
    verdicts.skip(none_on_card);
}

void certificate_outlives(const Piv& card, Verdicts& verdicts) {
    if (!card.expiry) return verdicts.skip("the CHUID tells no expiry");
    for (const auto* one : piv_card_certificates(card, false)) {
        const auto& facts = *one->details;
        if (record::from_unix(facts.not_after) <= *card.expiry) {
            verdicts.pass(fmt::format("{}: {}", one->name, day_of(facts.not_after)));
        } else {
            verdicts.fault(one->object, one->at(facts.not_after_at), card.expiry->gregorian() + " or before",
                           day_of(facts.not_after),
                           fmt::format("{} ends on {}, after the card does on {}", one->name,
                                       day_of(facts.not_after), card.expiry->gregorian()));
        }
    }
    verdicts.skip(none_on_card);
}

void certificate_same_key(const Piv& card, Verdicts& verdicts) {
    std::map<Bytes, const PivCertificate*> seen;
    for (const auto* one : piv_card_certificates(card, true)) {
        const auto [first, fresh] = seen.emplace(one->details->public_key, one);
        if (fresh) {
            verdicts.pass(one->name);
        } else {
            verdicts.fault(one->object, one->at(one->details->public_key_at), "a key of its own",
                           "the key of " + first->second->name,
                           fmt::format("{} and {} are for the same key", first->second->name, one->name));
        }
    }
    verdicts.skip(none_on_card);
}

/// Issuer and serial number name one certificate for ever, so they can never be two keys'.
void certificate_serial(const Piv& card, Verdicts& verdicts) {
    std::map<std::pair<Bytes, Bytes>, const PivCertificate*> seen;
    auto all = piv_card_certificates(card, true);
    for (const auto* one : piv_signer_certificates(card)) all.push_back(one);
    for (const auto* one : all) {
        const auto& facts = *one->details;
        const auto [first, fresh] = seen.emplace(std::pair{facts.issuer, facts.serial}, one);
        if (fresh || *first->second->der == *one->der) {
            verdicts.pass(fmt::format("{}: {}", one->name, to_hex(facts.serial)));
        } else {
            verdicts.fault(one->object, one->at(facts.serial_at), "a serial number of its own",
                           to_hex(facts.serial),
                           fmt::format("{} has issuer and serial number of {}, and is another certificate",
                                       one->name, first->second->name));
        }
    }
    verdicts.skip(none_on_card);
}

void certificate_interim(const Piv& card, Verdicts& verdicts) {
    for (const auto* one : piv_card_certificates(card, false)) {
        if (one->details->naci.value_or(false)) {
            verdicts.note(
                one->object,
                fmt::format("{} says that the background check was not complete (piv-interim)", one->name));
        } else {
            verdicts.pass(one->name);
        }
    }
    verdicts.skip(none_on_card);
}

}  // namespace

void add_piv_certificate_checks(std::vector<Check>& checks) {
    constexpr const char* rfc = "RFC 5280";
    const auto fatal = Severity::fatal;
    add_piv(
        checks,
        {{"piv.certificate.form", "Every certificate is in DER, its extensions readable", fatal, rfc, "4.1",
          piv_depth_form, certificate_form},
         {"piv.certificate.key-identifier",
          "The subject key identifier is the hash of the key (none: a warning)", fatal, rfc, "4.2.1.2",
          piv_depth_key_identifier, certificate_key_identifier},
         {"piv.certificate.path",
          "A trusted CA issued the certificates (retired keys: a note, but for a wrong signature)", fatal,
          rfc, "6.1", piv_depth_path, of_certificates<judge_path, true>},
         {"piv.certificate.issuer-validity", "Each CA above them is valid on the day", fatal, rfc, "6.1.3",
          piv_depth_path, of_certificates<judge_issuer_validity, false>},
         {"piv.certificate.validity", "The certificates are valid on the day", fatal, rfc, "4.1.2.5",
          piv_depth_validity, of_certificates<judge_validity, false>},
         {"piv.certificate.revocation",
          "Neither certificates nor CAs above them were revoked (revoked after the day: a warning; unknown: "
          "a note; out of date: a warning; both fatal with --demand-crl)",
          fatal, rfc, "6.3", piv_depth_revocation, of_certificates<judge_revocation, false>},
         {"piv.certificate.usage", "The key usage is that of the slot; keys that sign have no other", fatal,
          "FIPS 201-2", "4.2.2", piv_depth_usage, certificate_usage},
         {"piv.certificate.purpose",
          "The certificate of 9E, and no other, is for card authentication, critical", fatal, "FIPS 201-2",
          "4.2.2.2", piv_depth_usage, certificate_purpose},
         {"piv.certificate.strength",
          "Keys are RSA of 2048, 3072 or 4096 bits (exponent 65537 or more), P-256 or P-384; digests of "
          "certificates are SHA-256 or more",
          fatal, "SP 800-78-4", "3.1", piv_depth_usage, of_certificates<judge_strength, false>},
         {"piv.certificate.outlives", "No certificate ends after the card", fatal, "FIPS 201-2", "4.2.2",
          piv_depth_outlives, certificate_outlives},
         {"piv.certificate.same-key", "No two certificates are for one key", fatal, "FIPS 201-2", "4.2.2",
          piv_depth_agreement, certificate_same_key},
         {"piv.certificate.serial", "Issuer and serial number name one certificate", fatal, rfc, "4.1.2.2",
          piv_depth_agreement, certificate_serial},
         {"piv.certificate.interim", "The holder's background check was complete (a note)", Severity::note,
          "FIPS 201-1", "B", piv_depth_agreement, certificate_interim}});
}

}  // namespace kartsaz::verify
