// SPDX-License-Identifier: Apache-2.0
#include "libcard/verify/piv_paths.h"

#include <fmt/format.h>

#include <algorithm>

#include "libcard/verify/observation.h"
#include "libcard/verify/piv_strength.h"

namespace kartsaz::verify {
namespace {

using Kind = keys::PathFaultKind;

bool of_time(Kind kind) {
    return kind == Kind::expired || kind == Kind::not_yet_valid;
}

constexpr const char* no_piv_certificates = "no certificate that could be read";

void tell_path_fault(const Piv& card, const PivCertificate& one, const keys::PathFault& fault,
                     Verdicts& verdicts) {
    std::string text = fmt::format("{}: {}", one.name, fault.text);
    const bool nobody = card.context->pool == nullptr;
    if (nobody && fault.kind == Kind::unknown_issuer)
        text += "; no trusted CA was given for PIV cards (--trust)";
    // of a key that is kept for old mail only what its certificate says must be genuine
    if (one.retired() && fault.kind != Kind::bad_signature) return verdicts.note(one.object, text);
    std::optional<std::size_t> offset;
    if (fault.kind == Kind::bad_signature && fault.element == 0) offset = one.at(one.details->signature_at);
    verdicts.fault(one.object, offset, fault.expected.empty() ? "a path to a trusted CA" : fault.expected,
                   fault.got.empty() ? std::string{name_of(fault.kind)} : fault.got,
                   fault.clause.empty() ? text : fmt::format("{} ({})", text, fault.clause));
}

std::string period(const keys::CertificateDetails& facts) {
    return fmt::format("{} to {}", day_of(facts.not_before), day_of(facts.not_after));
}

void tell_stale_or_unknown(const Piv& card, const PivCertificate& one, const keys::PathElement& element,
                           Verdicts& verdicts) {
    const bool stale = element.revocation.status == keys::RevocationStatus::stale;
    const std::string who = &element == &one.path.path.front() ? one.name : "a CA of " + one.name;
    const std::string why =
        element.revocation.text.empty() ? "nothing at hand tells" : element.revocation.text;
    const std::string text =
        fmt::format("whether {} was revoked is {}: {}", who, stale ? "out of date" : "not known", why);
    const std::string expected = "a revocation list or answer of its issuer for the day";
    if (card.context->demand_crl)
        return verdicts.fault(one.object, {}, expected, stale ? "stale" : "none", text);
    if (stale) return verdicts.warn(one.object, {}, expected, "stale", text);
    verdicts.note(one.object, text);
}

/// What is at hand and is not believed, where nothing better answers.
void tell_distrusted(const PivCertificate& one, const keys::RevocationAnswer& answer, Verdicts& verdicts) {
    for (const auto& fault : answer.faults) {
        const std::string_view kind = name_of(fault.kind);
        // that it is out of date is said once, by the status
        if (fault.kind <= keys::RevocationFaultKind::crl_extension &&
            fault.kind != keys::RevocationFaultKind::crl_stale)
            verdicts.warn(one.object, {}, "a revocation list of the issuer", std::string{kind},
                          fmt::format("{}: {}: {}", one.name, fault.what, fault.text));
    }
}

/// Who is at hand today knows more than who judged on the day.
void tell_revoked_later(const PivCertificate& one, Verdicts& verdicts) {
    for (const auto& element : one.path.path) {
        const auto& later = element.revocation.revoked_later;
        if (!later) continue;
        const std::string who = &element == &one.path.path.front()
                                    ? one.name
                                    : fmt::format("the CA \"{}\" of {}", element.subject, one.name);
        verdicts.warn(one.object, {}, "a certificate that was not revoked later either", day_of(later->since),
                      fmt::format("{} was revoked on {}, after the day of judgement: {}", who,
                                  day_of(later->since), later->text));
    }
}

void revocation_of(const Piv& card, const PivCertificate& one, Verdicts& verdicts) {
    const auto& path = one.path.path;
    if (const auto revoked = one.path.revoked_element()) {
        const auto& element = path.at(*revoked);
        const std::string who =
            *revoked == 0 ? one.name : fmt::format("the CA \"{}\" of {}", element.subject, one.name);
        return verdicts.fault(one.object, {}, "a certificate that is not revoked", "serial " + element.serial,
                              fmt::format("{} was revoked: {}", who, element.revocation.text));
    }
    tell_revoked_later(one, verdicts);
    if (!one.path.complete) return verdicts.skip(fmt::format("not asked of {}: no path", one.name));
    bool good = true;
    for (const auto& element : path) {
        if (element.anchor || element.revocation.status == keys::RevocationStatus::good) continue;
        good = false;
        tell_distrusted(one, element.revocation, verdicts);
        tell_stale_or_unknown(card, one, element, verdicts);
    }
    if (good) verdicts.pass(fmt::format("{}: {}", one.name, path.front().revocation.text));
}

}  // namespace

PivCertificates piv_card_certificates(const Piv& card, bool retired) {
    PivCertificates out;
    for (const auto& one : card.certificates) {
        if (one.details && (retired || !one.retired())) out.push_back(&one);
    }
    return out;
}

PivCertificates piv_signer_certificates(const Piv& card) {
    PivCertificates out;
    for (const auto& one : card.signers) {
        if (one.details) out.push_back(&one);
    }
    return out;
}

void judge_path(const Piv& card, const PivCertificates& all, Verdicts& verdicts) {
    for (const auto* one : all) {
        bool found = false;
        for (const auto& fault : one->path.faults) {
            if (of_time(fault.kind) || fault.kind == Kind::weak_key) continue;
            found = true;
            tell_path_fault(card, *one, fault, verdicts);
        }
        if (!found && one->path.complete)
            verdicts.pass(fmt::format("{}: {} certificates up to \"{}\"", one->name, one->path.path.size(),
                                      one->path.path.back().subject));
        if (!found && !one->path.complete)
            verdicts.fault(one->object, {}, "a path to a trusted CA", "none",
                           fmt::format("{}: no path to a trusted CA", one->name));
    }
    if (all.empty()) verdicts.skip(no_piv_certificates);
}

void judge_validity(const Piv& card, const PivCertificates& all, Verdicts& verdicts) {
    const auto when = card.context->when();
    for (const auto* one : all) {
        const auto& facts = *one->details;
        if (!facts.validity_readable) {
            verdicts.fault(one->object, one->at(facts.validity_at), "two times", "something else",
                           fmt::format("the validity of {} cannot be read", one->name));
        } else if (facts.not_after < when.from) {
            verdicts.fault(one->object, one->at(facts.not_after_at), period(facts), day_of(when.to),
                           fmt::format("{} expired on {}", one->name, day_of(facts.not_after)));
        } else if (when.to < facts.not_before) {
            verdicts.fault(one->object, one->at(facts.not_before_at), period(facts), day_of(when.to),
                           fmt::format("{} is valid from {} only", one->name, day_of(facts.not_before)));
        } else {
            verdicts.pass(fmt::format("{}: {}", one->name, period(facts)));
        }
    }
    if (all.empty()) verdicts.skip(no_piv_certificates);
}

void judge_issuer_validity(const Piv&, const PivCertificates& all, Verdicts& verdicts) {
    for (const auto* one : all) {
        bool found = false;
        for (const auto& fault : one->path.faults) {
            if (!of_time(fault.kind) || fault.element == 0) continue;
            found = true;
            verdicts.fault(one->object, {}, fault.expected, fault.got,
                           fmt::format("a CA above {}: {}", one->name, fault.text));
        }
        if (!found && one->path.path.size() > 1)
            verdicts.pass(fmt::format("{} CAs above {}", one->path.path.size() - 1, one->name));
    }
    verdicts.skip("no path");
}

void judge_revocation(const Piv& card, const PivCertificates& all, Verdicts& verdicts) {
    for (const auto* one : all) revocation_of(card, *one, verdicts);
    if (all.empty()) verdicts.skip(no_piv_certificates);
}

void judge_strength(const Piv&, const PivCertificates& all, Verdicts& verdicts) {
    for (const auto* one : all) {
        const auto kind = piv_key_kind(*one->details);
        if (!kind.allowed)
            verdicts.fault(one->object, one->at(one->details->public_key_at), std::string{allowed_piv_keys},
                           kind.text, fmt::format("the key of {} is {}", one->name, kind.text));
        bool found = !kind.allowed;
        for (const auto& fault : one->path.faults) {
            // of the certificate itself the key is told; what is left is the digest
            if (fault.kind != Kind::weak_key || (fault.element == 0 && !kind.allowed)) continue;
            found = true;
            verdicts.fault(one->object, {}, fault.expected, fault.got,
                           fmt::format("{}: {}", one->name, fault.text));
        }
        if (!found)
            verdicts.pass(fmt::format("{}: {}, {}", one->name, kind.text, one->details->signature_digest));
    }
    if (all.empty()) verdicts.skip(no_piv_certificates);
}

}  // namespace kartsaz::verify
