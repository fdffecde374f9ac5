// SPDX-License-Identifier: Apache-2.0
// Which generation and kind of PIV card it is, and what its objects say of whom they belong to.
#include <fmt/format.h>

#include <algorithm>

#include "libcard/verify/observation_piv.h"
#include "libcard/verify/piv_facts.h"

namespace kartsaz::verify {
namespace {

namespace pv = app::piv;

/// Of the two certificates that every card has.
struct IdentityMarks {
    unsigned readable = 0, with_fascn = 0, with_uuid = 0, with_rfc4122 = 0;
};

IdentityMarks marks_of(const Piv& card) {
    IdentityMarks out;
    for (const std::uint8_t key : {key_piv_authentication, key_card_authentication}) {
        const auto* one = card.certificate(key);
        if (one == nullptr || !one->details) continue;
        ++out.readable;
        const auto uuids = one->details->uuids();
        if (!one->details->fasc_ns().empty()) ++out.with_fascn;
        if (!uuids.empty()) ++out.with_uuid;
        if (std::ranges::any_of(uuids, is_rfc4122)) ++out.with_rfc4122;
    }
    return out;
}

bool signed_as(const Piv& card, std::string_view usage) {
    return std::ranges::any_of(card.signers, [&](const PivCertificate& one) {
        return one.details && one.details->has_extended_usage_of(usage);
    });
}

/// The CHUID differs from all others that agree, or from all certificates while these agree: one object that
/// was changed or copied explains more than several.
std::optional<Bytes> against_chuid(const PivIdentity& identity) {
    std::map<Bytes, std::set<std::string>> all, certificates;
    for (const auto& claim : identity.claims) {
        if (claim.aside) continue;
        all[claim.value].insert(claim.object);
        if (claim.certificate) certificates[claim.value].insert(claim.object);
    }
    for (const auto* camps : {&certificates, &all}) {
        if (camps->size() != 1) continue;
        const auto& [value, objects] = *camps->begin();
        if (value != identity.chuid && objects.size() >= 2) return value;
    }
    if (all.contains(identity.chuid)) return std::nullopt;
    const auto most = std::ranges::max_element(all, {}, [](const auto& camp) { return camp.second.size(); });
    if (most == all.end() || most->second.size() < 3) return std::nullopt;
    return most->first;
}

void settle(PivIdentity& identity) {
    identity.reference = identity.chuid;
    if (identity.chuid.empty()) return;
    if (auto other = against_chuid(identity)) {
        identity.chuid_odd = true;
        identity.reference = std::move(*other);
    }
}

constexpr std::size_t header_fascn = 59;

}  // namespace

bool is_rfc4122(const Bytes& uuid) {
    if (uuid.size() != 16) return false;
    const unsigned version = uuid[6] >> 4U;
    return (uuid[8] & 0xC0U) == 0x80 && version >= 1 && version <= 5;
}

void Piv::decide_rules() {
    const auto marks = marks_of(*this);
    generation_told = marks.readable > 0;
    const bool nines = fascn && fascn->agency == "9999";
    const bool signer_i = signed_as(*this, usage_content_signing_i);
    const bool only_uuids = marks.readable > 0 && marks.with_fascn == 0 && marks.with_uuid > 0;
    const bool kind_i = signer_i || nines || (signers.empty() && only_uuids);
    std::vector<std::string> why;
    if (nines) why.emplace_back("the FASC-N has agency code 9999");
    if (signer_i) why.emplace_back("the content signer is one for PIV-I");
    if (kind_i) {
        if (only_uuids) why.emplace_back("its certificates carry UUIDs and no FASC-N");
        if (marks.with_fascn > 0) rules_doubt.emplace_back("certificates carry a FASC-N, as PIV-I does not");
        const bool old_uuid =
            chuid && !is_rfc4122(chuid->guid) && marks.with_uuid > 0 && marks.with_rfc4122 == 0;
        if (!signers.empty() && !signer_i && signed_as(*this, usage_content_signing))
            rules_doubt.emplace_back("its content signer is one for PIV, not for PIV-I");
        rules = old_uuid ? PivRules::piv_i_old : PivRules::piv_i;
        if (old_uuid) why.emplace_back("its UUIDs are not of RFC 4122");
    } else {
        const bool no_uuid = marks.readable > 0 && marks.with_uuid == 0;
        rules = no_uuid ? PivRules::piv_old : PivRules::piv;
        why.emplace_back(no_uuid ? "certificates 9A and 9E carry no UUID of the card"
                                 : "certificates 9A and 9E carry the UUID of the card");
        if (marks.readable == 0) why = {"no certificate of 9A or 9E says otherwise"};
    }
    rules_why = fmt::format("{}", fmt::join(why, ", "));
}

void Piv::collect_identities() {
    if (chuid) {
        fascns.chuid = chuid->fascn;
        uuids.chuid = chuid->guid;
    }
    for (const auto& one : certificates) {
        if (!one.details || one.retired()) continue;
        const auto at = one.at(oid_subject_alt_name);
        const bool aside =
            (old() || !generation_told) && (one.key == key_signature || one.key == key_management);
        for (const auto& value : one.details->fasc_ns())
            fascns.claims.push_back({one.object, one.name, value, at, true, false});
        for (const auto& value : one.details->uuids())
            uuids.claims.push_back({one.object, one.name, value, at, true, aside});
    }
    for (const auto* one : biometrics()) {
        if (!one->decoded) continue;
        const auto& object = *one->decoded;
        fascns.claims.push_back({one->object, "the header of " + one->object, object.header.fascn,
                                 object.header_offset + header_fascn, false, false});
        if (!one->signature) continue;
        const std::string name = "the signature of " + one->object;
        if (one->signature->fascn)
            fascns.claims.push_back(
                {one->object, name, *one->signature->fascn, object.signature_offset, false, false});
        if (one->signature->uuid)
            uuids.claims.push_back(
                {one->object, name, *one->signature->uuid, object.signature_offset, false, false});
    }
    settle(fascns);
    settle(uuids);
}

}  // namespace kartsaz::verify
