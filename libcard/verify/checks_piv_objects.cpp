// SPDX-License-Identifier: Apache-2.0
// Which objects a PIV card has, and that each can be decoded.
#include <fmt/format.h>

#include "libcard/app/piv/read.h"
#include "libcard/verify/checks_piv.h"

namespace kartsaz::verify {
namespace {

namespace pv = app::piv;

/// FIPS 201-1 left face and card authentication certificate to the issuer.
bool optional_once(std::uint16_t id) {
    return id == pv::id_face || id == pv::id_card_certificate;
}

/// CanoKey has no place for a security object, whoever personalizes it. It is known by its name, or by a
/// version together with a discovery object of its own that names a primary PIN where there is one only.
bool no_room_for(const Piv& card, std::uint16_t id) {
    static const Bytes own_policy = from_hex("4010");
    if (card.fact("source") != "card" || id != pv::id_security_object) return false;
    const bool own_discovery = card.discovery && card.discovery->policy == own_policy;
    return card.fact("kind") == "canokey" || (!card.fact("version").empty() && own_discovery);
}

void object_presence(const Piv& card, Verdicts& verdicts) {
    for (const auto& container : pv::containers()) {
        const std::string object = pv::file_name(container);
        if (card.content(container.id) != nullptr) {
            if (container.presence == pv::Presence::mandatory) verdicts.pass(container.name);
            continue;
        }
        const std::string why = card.refused(container);
        if (!why.empty()) {
            const std::string text = fmt::format("{} was not read: {}", container.name, why);
            if (container.read == pv::ReadAccess::always) {
                verdicts.fault(object, {}, "readable by everybody", why, text);
            } else {
                verdicts.note(object, text);
            }
        } else if (container.presence == pv::Presence::mandatory) {
            const std::string text =
                fmt::format("{} is not on the card, and every card must have it", container.name);
            if (no_room_for(card, container.id)) {
                verdicts.warn(object, {}, "present", "absent",
                              fmt::format("{} is not on the card: cards of this maker have no place for it",
                                          container.name));
            } else if (card.old() && optional_once(container.id)) {
                verdicts.note(object, fmt::format("{} is not on the card", container.name));
            } else {
                verdicts.fault(object, {}, "present", "absent", text);
            }
        }
    }
}

struct ObjectFault {
    std::uint16_t id;
    const std::string* text;
    std::optional<std::size_t> offset;
};

template <class T>
void add_object_fault(std::vector<ObjectFault>& out, std::uint16_t id, const Decoded<T>& decoded) {
    if (!decoded.fault.empty()) out.push_back({id, &decoded.fault, decoded.offset});
}

void object_structure(const Piv& card, Verdicts& verdicts) {
    std::vector<ObjectFault> faults;
    add_object_fault(faults, pv::id_chuid, card.chuid);
    add_object_fault(faults, pv::id_security_object, card.security);
    add_object_fault(faults, pv::id_face, card.face.decoded);
    add_object_fault(faults, pv::id_fingerprints, card.fingers.decoded);
    add_object_fault(faults, pv::id_ccc, card.ccc);
    add_object_fault(faults, pv::id_printed, card.printed);
    add_object_fault(faults, pv::id_discovery, card.discovery);
    add_object_fault(faults, pv::id_key_history, card.history);
    add_object_fault(faults, pv::id_bit_group, card.bit_group);
    for (const auto& one : card.certificates) {
        add_object_fault(faults, one.container->id, one.der);
        add_object_fault(faults, one.container->id, one.details);
    }
    const auto iris = card.content(pv::id_iris) == nullptr
                          ? Decoded<pv::Iris>{}
                          : attempt([&] { return pv::decode_iris(*card.content(pv::id_iris)); });
    add_object_fault(faults, pv::id_iris, iris);
    const auto messaging =
        card.content(pv::id_sm_signer) == nullptr ? Decoded<pv::CertificateObject>{} : attempt([&] {
            return pv::decode_certificate_object(*card.content(pv::id_sm_signer),
                                                 pv::container_of_id(pv::id_sm_signer)->name);
        });
    add_object_fault(faults, pv::id_sm_signer, messaging);
    for (const auto& fault : faults) {
        verdicts.fault(piv_file(fault.id), fault.offset, "the object of its tag", "something else",
                       *fault.text);
    }
    if (card.contents.empty()) return verdicts.skip("no objects");
    if (faults.empty()) verdicts.pass(fmt::format("{} objects", card.contents.size()));
}

void object_size(const Piv& card, Verdicts& verdicts) {
    for (const auto& [id, value] : card.contents) {
        const auto& container = *pv::container_of_id(id);
        if (value.size() <= container.size) continue;
        verdicts.note(pv::file_name(container), fmt::format("{} has {} bytes; a card needs room for {} only",
                                                            container.name, value.size(), container.size));
    }
    if (verdicts.findings().empty()) verdicts.pass("no object is larger than each card can hold");
}

}  // namespace

void add_piv_object_checks(std::vector<Check>& checks) {
    constexpr const char* part1 = "SP 800-73-4 part 1";
    add_piv(checks, {{"piv.objects.presence",
                      "Every mandatory object is there and has content (first generation: face and 9E may be "
                      "missing; CanoKey, "
                      "which has no place for it: the security object, a warning)",
                      Severity::fatal, part1, "table 1", piv_depth_presence, object_presence},
                     {"piv.objects.structure", "Every object is the one of its tag, decoded to its last byte",
                      Severity::fatal, part1, "appendix A", piv_depth_structure, object_structure},
                     {"piv.objects.size", "No object is larger than each card can hold (a note)",
                      Severity::note, part1, "table 7", piv_depth_form, object_size}});
}

}  // namespace kartsaz::verify
