// SPDX-License-Identifier: Apache-2.0
// Whether all objects of a PIV card belong to one card.
#include <fmt/format.h>

#include <algorithm>

#include "libcard/verify/checks_piv.h"
#include "libcard/verify/piv_facts.h"

namespace kartsaz::verify {
namespace {

namespace pv = app::piv;

constexpr const char* no_chuid_to_compare = "the CHUID says nothing to compare with";

std::string shown(const Bytes& value, bool uuid) {
    return uuid ? uuid_text(value) : to_hex(value);
}

void chuid_agrees(const Piv& card, Verdicts& verdicts, const PivIdentity& identity, std::uint32_t tag,
                  const char* what) {
    if (identity.chuid.empty()) return verdicts.skip(no_chuid_to_compare);
    if (identity.claims.empty()) return verdicts.skip(fmt::format("no other object carries a {}", what));
    const bool uuid = tag == 0x34;
    if (!identity.chuid_odd) return verdicts.pass(shown(identity.chuid, uuid));
    std::vector<std::string> others;
    for (const auto& claim : identity.claims) {
        if (claim.value == identity.reference && std::ranges::find(others, claim.object) == others.end())
            others.push_back(claim.object);
    }
    const auto at = card.chuid->offsets.find(tag);
    verdicts.fault(
        piv_file(pv::id_chuid), at == card.chuid->offsets.end() ? std::nullopt : std::optional{at->second},
        shown(identity.reference, uuid), shown(identity.chuid, uuid),
        fmt::format("the CHUID is another card's: its {} is not that of {}", what, fmt::join(others, ", ")));
}

void chuid_fascn_agrees(const Piv& card, Verdicts& verdicts) {
    chuid_agrees(card, verdicts, card.fascns, 0x30, "FASC-N");
}

void chuid_uuid_agrees(const Piv& card, Verdicts& verdicts) {
    chuid_agrees(card, verdicts, card.uuids, 0x34, "UUID");
}

/// Claims of certificates, or of face and fingerprints, that are not those of the card.
void claims_agree(const PivIdentity& identity, Verdicts& verdicts, bool certificates, const char* what) {
    if (identity.reference.empty()) return verdicts.skip(no_chuid_to_compare);
    const bool uuid = std::string_view{what} == "UUID";
    for (const auto& claim : identity.claims) {
        if (claim.certificate != certificates) continue;
        if (claim.value == identity.reference) {
            verdicts.pass(claim.name);
        } else if (claim.aside) {
            verdicts.note(claim.object,
                          fmt::format("the {} of {} is {} and not the card's, as in cards of the first "
                                      "generation",
                                      what, claim.name, shown(claim.value, uuid)));
        } else {
            verdicts.fault(claim.object, claim.offset, shown(identity.reference, uuid),
                           shown(claim.value, uuid),
                           fmt::format("the {} of {} is another card's", what, claim.name));
        }
    }
}

/// 9A and 9E must carry it.
void certificates_carry(const Piv& card, const PivIdentity& identity, Verdicts& verdicts, const char* what) {
    for (const std::uint8_t key : {key_piv_authentication, key_card_authentication}) {
        const auto* one = card.certificate(key);
        if (one == nullptr || !one->details) continue;
        const bool carries = std::ranges::any_of(
            identity.claims, [&](const auto& claim) { return claim.object == one->object; });
        if (carries) continue;
        verdicts.fault(one->object, one->at(oid_subject_alt_name), fmt::format("a {}", what), "none",
                       fmt::format("{} carries no {} of the card", one->name, what));
    }
}

void certificate_fascn(const Piv& card, Verdicts& verdicts) {
    claims_agree(card.fascns, verdicts, true, "FASC-N");
    if (!card.interoperable()) certificates_carry(card, card.fascns, verdicts, "FASC-N");
    verdicts.skip("no certificate carries a FASC-N");
}

void certificate_uuid(const Piv& card, Verdicts& verdicts) {
    claims_agree(card.uuids, verdicts, true, "UUID");
    if (card.rules != PivRules::piv_old) certificates_carry(card, card.uuids, verdicts, "UUID");
    verdicts.skip("no certificate carries a UUID");
}

void biometric_fascn(const Piv& card, Verdicts& verdicts) {
    claims_agree(card.fascns, verdicts, false, "FASC-N");
    for (const auto* one : card.biometrics()) {
        if (one->signature && !one->signature->fascn)
            verdicts.warn(one->object, {}, "the signed attribute pivFASC-N", "none",
                          fmt::format("the signature of {} carries no FASC-N", one->object));
    }
    verdicts.skip("neither face nor fingerprints");
}

void biometric_uuid(const Piv& card, Verdicts& verdicts) {
    claims_agree(card.uuids, verdicts, false, "UUID");
    for (const auto* one : card.biometrics()) {
        if (one->signature && !one->signature->uuid)
            verdicts.note(one->object,
                          fmt::format("the signature of {} carries no UUID of the card", one->object));
    }
    verdicts.skip("neither face nor fingerprints");
}

}  // namespace

void add_piv_identity_checks(std::vector<Check>& checks) {
    const auto fatal = Severity::fatal;
    add_piv(checks,
            {{"piv.chuid.fascn.agrees", "The CHUID is not the one object whose FASC-N differs", fatal,
              "FIPS 201-2", "4.2.1", piv_depth_chuid_identity, chuid_fascn_agrees},
             {"piv.chuid.uuid.agrees", "The CHUID is not the one object whose UUID differs", fatal,
              "SP 800-73-4 part 1", "3.4.1", piv_depth_chuid_identity, chuid_uuid_agrees},
             {"piv.certificate.fascn",
              "The certificates carry the card's FASC-N, wherever it stands in their names (9A and 9E must; "
              "PIV-I: none)",
              fatal, "FIPS 201-2", "4.2.2", piv_depth_identity, certificate_fascn},
             {"piv.certificate.uuid",
              "The certificates carry the card's UUID, wherever it stands in their names (9A and 9E must; "
              "first generation: 9C and 9D may differ, a note)",
              fatal, "FIPS 201-2", "4.2.2", piv_depth_identity, certificate_uuid},
             {"piv.biometric.fascn",
              "Face and fingerprints carry the card's FASC-N in header and signature (none: a warning)",
              fatal, "SP 800-76-2", "9", piv_depth_identity, biometric_fascn},
             {"piv.biometric.uuid",
              "The signatures of face and fingerprints carry the card's UUID (none: a note)", fatal,
              "FIPS 201-2", "4.2.3.2", piv_depth_identity, biometric_uuid}});
}

}  // namespace kartsaz::verify
