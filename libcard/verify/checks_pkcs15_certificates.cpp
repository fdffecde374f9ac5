// SPDX-License-Identifier: Apache-2.0
// The certificates of the signature application: form, path, validity, revocation, usage.
#include <fmt/format.h>

#include <map>

#include "apdu/error.h"
#include "libcard/verify/checks_pkcs15.h"
#include "libcard/verify/der.h"
#include "libcard/verify/observation.h"

namespace kartsaz::verify {
namespace {

namespace p15 = app::pkcs15;
using Answer = keys::TrustAnchors::Verdict;

constexpr const char* none_of_keys = "no certificate of a key on the card";

/// Calls `one` for each certificate that belongs to a key of the card and could be read.
template <class One>
void each(const Signature& card, Verdicts& verdicts, One&& one) {
    bool any = false;
    for (const auto& certificate : card.certificates) {
        if (certificate.key == nullptr || !certificate.says || !certificate.chain) continue;
        any = true;
        one(certificate);
    }
    if (!any) verdicts.skip(none_of_keys);
}

void certificate_structure(const Signature& card, Verdicts& verdicts) {
    if (card.certificates.empty()) return verdicts.skip("no certificates");
    for (const auto& one : card.certificates) {
        if (one.content.empty()) {
            verdicts.fault(one.file, {}, "a certificate", one.refused,
                           fmt::format("{} could not be read", one.name));
            continue;
        }
        if (!one.facts || !one.says) {
            verdicts.fault(one.file, one.facts.offset, "an X.509 certificate", "something else",
                           one.facts.fault.empty() ? fmt::format("{} is no X.509 certificate", one.name)
                                                   : one.facts.fault);
            continue;
        }
        try {
            demand_der(one.content, one.file, 0);
            verdicts.pass(fmt::format("{}, {} bytes", one.name, one.content.size()));
        } catch (const Error& error) {
            verdicts.fault(one.file, offset_in(error.what()), "DER", "another form", error.what());
        }
    }
}

void chain(const Signature& card, Verdicts& verdicts) {
    each(card, verdicts, [&](const ListedCertificate& one) {
        switch (one.chain->verdict) {
            case Answer::unknown_issuer:
                verdicts.fault(one.file, {}, "a certificate of a trusted CA", plain_text(one.facts->issuer),
                               fmt::format("no trusted CA issued {}: {}", one.name, one.chain->text));
                return;
            case Answer::bad_signature:
                verdicts.fault(one.file, {}, "a certificate signed by its CA", "a wrong signature",
                               fmt::format("{} is not what its CA signed: {}", one.name, one.chain->text));
                return;
            case Answer::not_allowed:
                verdicts.fault(one.file, {}, "a path of allowed certificates", "not allowed",
                               one.chain->text);
                return;
            case Answer::ok:
                return verdicts.pass(fmt::format("{}: {}", one.name, one.chain->text));
            case Answer::expired:
            case Answer::not_yet_valid:
            case Answer::revoked:
            case Answer::crl_missing:
            case Answer::crl_stale:
                return verdicts.skip(fmt::format("a path was found, but: {}", one.chain->text));
        }
    });
}

void validity(const Observation& seen, Verdicts& verdicts) {
    const auto when = seen.context.when();
    each(seen.signature, verdicts, [&](const ListedCertificate& one) {
        const auto& facts = *one.facts;
        const std::string range = fmt::format("{} to {}", day_of(facts.not_before), day_of(facts.not_after));
        if (facts.not_after < when.from) {
            verdicts.fault(one.file, {}, range, day_of(when.to), fmt::format("{} has expired", one.name));
        } else if (when.to < facts.not_before) {
            verdicts.fault(one.file, {}, range, day_of(when.to),
                           fmt::format("{} is not yet valid", one.name));
        } else if (facts.not_before >= facts.not_after) {
            verdicts.fault(one.file, {}, "an end after the begin", range,
                           fmt::format("{} is valid on no day", one.name));
        } else if (one.chain->verdict == Answer::expired || one.chain->verdict == Answer::not_yet_valid) {
            verdicts.fault(one.file, {}, "a CA valid on the day", day_of(when.to),
                           fmt::format("the CA of {}: {}", one.name, one.chain->text));
        } else {
            verdicts.pass(fmt::format("{}: {}", one.name, range));
        }
    });
}

void within_issuer(const Observation& seen, Verdicts& verdicts) {
    const auto& trust =
        seen.context.holder_trust != nullptr ? *seen.context.holder_trust : seen.context.trust;
    each(seen.signature, verdicts, [&](const ListedCertificate& one) {
        if (one.chain->verdict != Answer::ok)
            return verdicts.skip(fmt::format("not asked of {}: {}", one.name, one.chain->text));
        const std::int64_t last_second = one.facts->not_after - 1;
        const auto last = trust.check_holder(one.content, last_second, false, false);
        if (last.verdict == Answer::expired) {
            verdicts.fault(one.file, {}, "a certificate that ends before its CA does",
                           day_of(one.facts->not_after),
                           fmt::format("{} outlives its CA: {}", one.name, last.text));
        } else {
            verdicts.pass(fmt::format("{} ends {}", one.name, day_of(one.facts->not_after)));
        }
    });
}

void revocation(const Observation& seen, Verdicts& verdicts) {
    each(seen.signature, verdicts, [&](const ListedCertificate& one) {
        switch (one.chain->verdict) {
            case Answer::revoked:
                verdicts.fault(one.file, {}, "a certificate that is not revoked",
                               fmt::format("serial {}", one.facts->serial),
                               fmt::format("{} is revoked", one.name));
                return;
            case Answer::crl_stale:
                verdicts.fault(one.file, {}, "a CRL valid on the day", day_of(seen.context.at),
                               fmt::format("the CRL at hand cannot answer for {} on this day: {}", one.name,
                                           one.chain->text));
                return;
            case Answer::crl_missing:
                verdicts.fault(one.file, {}, "a CRL of the issuer", "none",
                               fmt::format("a CRL was demanded for {}, and there is none", one.name));
                return;
            case Answer::ok:
                if (!one.crl_at_hand)
                    return verdicts.skip("no CRL of its CA is at hand, and none was demanded");
                return verdicts.pass(fmt::format("{} is not on the CRL of its CA", one.name));
            case Answer::unknown_issuer:
            case Answer::bad_signature:
            case Answer::expired:
            case Answer::not_yet_valid:
            case Answer::not_allowed:
                return verdicts.skip(fmt::format("not asked: {}", one.chain->text));
        }
    });
}

/// A key for signatures that bind its holder needs contentCommitment, one that only answers challenges
/// digitalSignature. Source: RFC 5280, 4.2.1.3.
void usage(const Signature& card, Verdicts& verdicts) {
    each(card, verdicts, [&](const ListedCertificate& one) {
        const std::uint32_t usage = one.key->object.usage;
        const bool binds = (usage & p15::usage_non_repudiation) != 0;
        const bool answers = !binds && (usage & p15::usage_sign) != 0;
        const std::string got = one.says->content_commitment
                                    ? (one.says->digital_signature ? "both" : "contentCommitment")
                                    : (one.says->digital_signature ? "digitalSignature" : "neither");
        if (binds && !one.says->content_commitment) {
            departs(card, verdicts, one.file, "contentCommitment", got,
                    fmt::format("{} is for signatures that bind, which {} does not allow", one.key->name,
                                one.name));
        } else if (answers && !one.says->digital_signature) {
            departs(card, verdicts, one.file, "digitalSignature", got,
                    fmt::format("{} answers challenges, which {} does not allow", one.key->name, one.name));
        } else {
            verdicts.pass(fmt::format("{}: {}", one.name, got));
        }
    });
}

void no_authority(const Signature& card, Verdicts& verdicts) {
    each(card, verdicts, [&](const ListedCertificate& one) {
        if (one.facts->ca) {
            departs(card, verdicts, one.file, "an end certificate", "a CA",
                    fmt::format("{} is that of a CA: its holder could issue certificates", one.name));
        } else {
            verdicts.pass(fmt::format("{} is no CA's", one.name));
        }
    });
}

void one_key_one_certificate(const Signature& card, Verdicts& verdicts) {
    std::map<Bytes, std::string> seen;
    for (const auto& one : card.certificates) {
        if (!one.says) continue;
        const auto [first, fresh] = seen.emplace(one.says->public_key, one.name);
        if (fresh) {
            verdicts.pass(one.name);
        } else {
            departs(card, verdicts, one.file, "a key of its own", "the key of " + first->second,
                    fmt::format("{} and {} are for the same key", first->second, one.name));
        }
    }
    verdicts.skip("no certificates");
}

}  // namespace

void add_pkcs15_certificate_checks(std::vector<Check>& checks) {
    using Run = std::function<void(const Observation&, Verdicts&)>;
    const auto add = [&](const char* id, const char* title, Severity severity, const char* clause, int depth,
                         Run run) {
        checks.push_back({id, title, severity, "RFC 5280", clause, "pkcs15", depth, std::move(run)});
    };
    const auto fatal = Severity::fatal;
    add("pkcs15.certificate.structure", "Every certificate is X.509 in DER", fatal, "4.1", depth_form,
        on_signature(certificate_structure));
    add("pkcs15.certificate.chain", "A trusted CA issued the certificates of the card's keys", fatal, "6.1",
        depth_signature_chain, on_signature(chain));
    add("pkcs15.certificate.validity", "Certificate and CA are valid on the day", fatal, "4.1.2.5",
        depth_validity, validity);
    add("pkcs15.certificate.within-issuer", "A certificate ends before its CA's does", Severity::warning,
        "4.1.2.5", depth_validity, within_issuer);
    add("pkcs15.certificate.revocation", "No certificate is revoked", fatal, "6.3", depth_validity,
        revocation);
    add("pkcs15.certificate.usage",
        "The certificate allows what its key is for (another maker's card: a note)", fatal, "4.2.1.3",
        depth_access, on_signature(usage));
    add("pkcs15.certificate.no-authority", "A holder's certificate is no CA's (another maker's card: a note)",
        fatal, "4.2.1.9", depth_access, on_signature(no_authority));
    add("pkcs15.certificate.one-for-a-key",
        "No two certificates are for one key (another maker's card: a note)", fatal, "4.2.1.2",
        depth_agreement, on_signature(one_key_one_certificate));
}

}  // namespace kartsaz::verify
