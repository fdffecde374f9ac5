// SPDX-License-Identifier: Apache-2.0
// The security object: the hashes of the other objects, and which it does not cover.
#include <fmt/format.h>

#include "libcard/app/piv/read.h"
#include "libcard/verify/checks_piv.h"

namespace kartsaz::verify {
namespace {

namespace pv = app::piv;
using HashKind = pv::HashFinding::Kind;

constexpr const char* no_hashes = "the security object could not be decoded";

std::string security_container(std::uint16_t id) {
    const auto* found = pv::container_of_id(id);
    return found != nullptr ? found->name : fmt::format("container {:04X}", id);
}

void security_hashes(const Piv& card, Verdicts& verdicts) {
    if (!card.hashes) return verdicts.skip(no_hashes);
    for (const auto& one : card.compared) {
        if (one.kind == HashKind::ok) {
            verdicts.pass(fmt::format("data group {}: {}", one.group, security_container(one.container)));
        } else if (one.kind == HashKind::mismatch) {
            verdicts.fault(piv_file(one.container), {}, to_hex(one.expected), to_hex(one.got),
                           fmt::format("{} is not what the security object covers (data group {})",
                                       security_container(one.container), one.group));
        }
    }
    verdicts.skip("the security object covers nothing that is on the card");
}

void security_map(const Piv& card, Verdicts& verdicts) {
    if (!card.hashes) return verdicts.skip(no_hashes);
    const std::string object = piv_file(pv::id_security_object);
    for (const auto& one : card.compared) {
        const auto* container = pv::container_of_id(one.container);
        if (one.kind == HashKind::no_hash) {
            verdicts.fault(object, one.map_offset, "a hash of each data group of the map", "none",
                           fmt::format("the map names data group {} for {}, and no hash of it is signed",
                                       one.group, security_container(one.container)));
        } else if (one.kind == HashKind::no_map) {
            verdicts.fault(
                object, {}, "a container for each hash", "none",
                fmt::format("a hash of data group {} is signed that the map does not name", one.group));
        } else if (one.kind == HashKind::absent && container == nullptr) {
            verdicts.fault(
                object, one.map_offset, "a container of PIV", fmt::format("{:04X}", one.container),
                fmt::format("the map names container {:04X}, which PIV does not have", one.container));
        } else {
            verdicts.pass(fmt::format("data group {}", one.group));
        }
    }
    verdicts.skip("an empty map");
}

/// Who takes an object off the card leaves its hash behind.
void security_complete(const Piv& card, Verdicts& verdicts) {
    if (!card.hashes) return verdicts.skip(no_hashes);
    for (const auto& one : card.compared) {
        const auto* container = pv::container_of_id(one.container);
        if (one.kind != HashKind::absent || container == nullptr) continue;
        // one that was not read, and one that must be there anyway, is another check's
        if (!card.refused(*container).empty()) {
            verdicts.skip(fmt::format("{} was not read", container->name));
        } else if (container->presence != pv::Presence::mandatory) {
            verdicts.fault(
                pv::file_name(*container), {}, "present", "absent",
                fmt::format("{} is not on the card, and the security object covers it (data group {})",
                            container->name, one.group));
        }
    }
    if (verdicts.findings().empty()) verdicts.pass("all that it covers is on the card");
}

void security_coverage(const Piv& card, Verdicts& verdicts) {
    if (!card.hashes) return verdicts.skip(no_hashes);
    std::vector<std::string> uncovered;
    for (const auto& one : card.compared) {
        if (one.kind != HashKind::uncovered) continue;
        const auto* container = pv::container_of_id(one.container);
        // certificates are signed by themselves, and PIV never covers them
        if (container != nullptr && container->key) continue;
        if (one.container == pv::id_printed) {
            verdicts.warn(piv_file(one.container), {}, "covered by the security object", "not covered",
                          "nothing signs the printed information: the security object does not cover it");
        } else {
            uncovered.push_back(security_container(one.container));
        }
    }
    if (!uncovered.empty())
        verdicts.note(piv_file(pv::id_security_object),
                      fmt::format("the security object does not cover: {}", fmt::join(uncovered, ", ")));
    if (verdicts.findings().empty()) verdicts.pass("all but certificates");
}

}  // namespace

void add_piv_security_checks(std::vector<Check>& checks) {
    constexpr const char* part1 = "SP 800-73-4 part 1";
    add_piv(checks,
            {{"piv.security.hash", "Each object is what the security object covers", Severity::fatal, part1,
              "3.1.7", piv_depth_hash, security_hashes},
             {"piv.security.map", "Map and signed hashes name the same data groups and containers of PIV",
              Severity::fatal, part1, "3.1.7", piv_depth_hash, security_map},
             {"piv.security.complete", "Each optional object that the security object covers is on the card",
              Severity::fatal, part1, "3.1.7", piv_depth_hash, security_complete},
             {"piv.security.coverage",
              "What the security object does not cover (a note; printed information: a warning)",
              Severity::warning, part1, "3.1.7", piv_depth_agreement, security_coverage}});
}

}  // namespace kartsaz::verify
