// SPDX-License-Identifier: Apache-2.0
// The PIV card beside the card as it was registered.
#include <fmt/format.h>

#include <memory>

#include "libcard/verify/checks_piv.h"

namespace kartsaz::verify {
namespace {

namespace pv = app::piv;

constexpr const char* no_registered = "no registered card was given";

/// The registered card's PIV application, decoded. Null: there is none.
std::unique_ptr<Piv> registered_piv(const Piv& card) {
    const auto& registered = card.context->registered;
    if (!registered || registered->application("piv") == nullptr) return nullptr;
    const Context other{.dump = *registered,
                        .trust = card.context->trust,
                        .at = card.context->at,
                        .since = card.context->since};
    auto out = std::make_unique<Piv>(other);
    out->context = nullptr;  // `other` ends here
    return out;
}

void against_identity(const Piv& card, Verdicts& verdicts) {
    const auto other = registered_piv(card);
    if (!other) return verdicts.skip(no_registered);
    if (!card.chuid || !other->chuid) return verdicts.skip("no two CHUIDs to compare");
    if (card.chuid->fascn == other->chuid->fascn && card.chuid->guid == other->chuid->guid)
        return verdicts.pass(uuid_text(card.chuid->guid));
    verdicts.fault(piv_file(pv::id_chuid), {},
                   fmt::format("{} {}", to_hex(other->chuid->fascn), uuid_text(other->chuid->guid)),
                   fmt::format("{} {}", to_hex(card.chuid->fascn), uuid_text(card.chuid->guid)),
                   "FASC-N and GUID are not those of the registered card");
}

/// Who copies a card cannot copy its keys.
void against_keys(const Piv& card, Verdicts& verdicts) {
    const auto other = registered_piv(card);
    if (!other) return verdicts.skip(no_registered);
    for (const auto& one : card.certificates) {
        const auto* before = other->certificate(one.key);
        if (before == nullptr || !one.details || !before->details) continue;
        if (one.details->public_key == before->details->public_key) {
            verdicts.pass(one.name);
        } else {
            verdicts.fault(one.object, one.at(one.details->public_key_at), "the key of the registered card",
                           "another",
                           fmt::format("{} is for another key than the registered card has", one.name));
        }
    }
    verdicts.skip("no two certificates to compare");
}

void against_serials(const Piv& card, Verdicts& verdicts) {
    const auto other = registered_piv(card);
    if (!other) return verdicts.skip(no_registered);
    for (const auto& one : card.certificates) {
        for (const auto& before : other->certificates) {
            if (!one.details || !before.details || one.details->serial != before.details->serial ||
                one.details->issuer != before.details->issuer)
                continue;
            if (one.details->public_key == before.details->public_key) {
                verdicts.pass(one.name);
            } else {
                verdicts.fault(
                    one.object, one.at(one.details->serial_at), "a serial number of its own",
                    to_hex(one.details->serial),
                    fmt::format("issuer and serial number of {} were seen before with another key: "
                                "the registered card's {}",
                                one.name, before.name));
            }
        }
    }
    verdicts.skip("no certificate with an issuer and serial number seen before");
}

}  // namespace

void add_piv_against_checks(std::vector<Check>& checks) {
    constexpr const char* page = "docs/checks.md";
    const auto fatal = Severity::fatal;
    add_piv(checks, {{"piv.against.identity", "FASC-N and GUID are those of the registered card", fatal, page,
                      "registered card", piv_depth_against, against_identity},
                     {"piv.against.keys", "The keys are those of the registered card", fatal, page,
                      "registered card", piv_depth_against, against_keys},
                     {"piv.against.serial",
                      "No issuer and serial number of the registered card stands for another key", fatal,
                      "RFC 5280", "4.1.2.2", piv_depth_against, against_serials}});
}

}  // namespace kartsaz::verify
