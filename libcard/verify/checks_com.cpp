// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "apdu/error.h"
#include "apdu/tlv.h"
#include "libcard/verify/checks.h"
#include "libcard/verify/observation.h"

namespace kartsaz::verify {
namespace {

namespace emrtd = app::emrtd;

/// Where the value of the object `tag` stands in EF.COM.
std::optional<std::size_t> com_offset(const Observation& seen, std::uint32_t tag) {
    const app::DumpFile* file = seen.file("EF.COM");
    if (file == nullptr) return std::nullopt;
    try {
        apdu::TlvReader outer{file->content, "EF.COM"};
        apdu::TlvReader in = outer.enter(outer.next(0x60));
        while (!in.done()) {
            const apdu::Tlv one = in.next();
            if (one.tag == tag) return one.value_offset;
        }
    } catch (const Error&) {
        return std::nullopt;  // com.structure tells it
    }
    return std::nullopt;
}

std::optional<std::size_t> tag_offset(const Observation& seen, std::uint32_t tag) {
    const auto list = com_offset(seen, 0x5C);
    if (!list || !seen.com) return std::nullopt;
    const auto& tags = seen.com->tags;
    const auto at = std::find(tags.begin(), tags.end(), tag);
    if (at == tags.end()) return std::nullopt;
    return *list + static_cast<std::size_t>(at - tags.begin());  // data group tags are one byte each
}

std::string tag_name(std::uint32_t tag) {
    const emrtd::EfDef* def = emrtd::file_of_tag(tag);
    return def != nullptr && def->dg != 0 ? std::string{def->name} : fmt::format("tag {:02X}", tag);
}

void com_structure(const Observation& seen, Verdicts& verdicts) {
    const app::DumpFile* file = seen.file("EF.COM");
    if (file == nullptr) {
        const std::string why = seen.refused("EF.COM");
        verdicts.fault("EF.COM", {}, "present", why.empty() ? "absent" : why, "EF.COM could not be read");
        return;
    }
    if (!seen.com) {
        verdicts.fault("EF.COM", seen.com.offset, "an EF.COM", "something else", seen.com.fault);
        return;
    }
    // EF.COM is signed by nobody: only its one canonical form leaves no byte unwatched.
    const Bytes canonical = emrtd::encode_com(*seen.com);
    if (const auto at = first_difference(file->content, canonical)) {
        verdicts.fault("EF.COM", at, byte_at(canonical, *at), byte_at(file->content, *at),
                       fmt::format("EF.COM is not in its canonical form from offset {}", *at));
    }
    std::set<std::uint32_t> before;
    for (const std::uint32_t tag : seen.com->tags) {
        const emrtd::EfDef* def = emrtd::file_of_tag(tag);
        if (def == nullptr || def->dg == 0) {
            verdicts.fault("EF.COM", tag_offset(seen, tag), "a data group tag", fmt::format("{:02X}", tag),
                           fmt::format("the tag list names {:02X}, which is no data group", tag));
        }
        if (!before.insert(tag).second) {
            verdicts.fault("EF.COM", tag_offset(seen, tag), "each tag once", fmt::format("{:02X} twice", tag),
                           fmt::format("the tag list names {} twice", tag_name(tag)));
        }
    }
    if (verdicts.findings().empty()) {
        verdicts.pass(fmt::format("LDS {}, Unicode {}, {} data groups", seen.com->lds_version,
                                  seen.com->unicode_version, seen.com->tags.size()));
    }
}

/// A file that is listed: is it there? One that EF.SOD signs too is missing; one that only EF.COM names is
/// EF.COM's fault.
void listed_file(const Observation& seen, Verdicts& verdicts, std::uint32_t tag) {
    const emrtd::EfDef* def = emrtd::file_of_tag(tag);
    if (def == nullptr || def->dg == 0) return;  // com.structure tells it
    const std::string name{def->name};
    if (seen.file(name) != nullptr) return;
    const std::string why = seen.refused(name);
    if (seen.sod_covers(def->dg)) {
        if (seen.guarded(def->dg)) return;  // its access rules, not its absence: dg3.access
        verdicts.fault(name, {}, "on the card", why.empty() ? "absent" : why,
                       fmt::format("EF.COM lists {}, which could not be read", name));
        return;
    }
    verdicts.fault("EF.COM", tag_offset(seen, tag), "only files that are on the card", name,
                   fmt::format("EF.COM lists {}, which is not on the card", name));
}

void lists_files(const Observation& seen, Verdicts& verdicts) {
    if (!seen.com) return verdicts.skip("EF.COM could not be decoded");
    for (const std::uint32_t tag : seen.com->tags) listed_file(seen, verdicts, tag);
    for (const auto& def : emrtd::files()) {
        if (def.dg == 0 || seen.file(def.name) == nullptr) continue;
        const auto& tags = seen.com->tags;
        if (std::find(tags.begin(), tags.end(), def.tag) != tags.end()) continue;
        const std::string name{def.name};
        const bool signed_too = seen.sod_covers(def.dg);
        verdicts.fault(signed_too ? "EF.COM" : name, signed_too ? com_offset(seen, 0x5C) : std::nullopt,
                       fmt::format("{} in the tag list", name), "not listed",
                       fmt::format("{} is on the card, but EF.COM does not list it", name));
    }
    if (verdicts.findings().empty()) {
        std::string names;
        for (const std::uint32_t tag : seen.com->tags) names += (names.empty() ? "" : ", ") + tag_name(tag);
        verdicts.pass(names);
    }
}

void sod_agree(const Observation& seen, Verdicts& verdicts) {
    if (!seen.com || !seen.sod) return verdicts.skip("EF.COM or EF.SOD could not be decoded");
    const auto& tags = seen.com->tags;
    for (const std::uint32_t tag : tags) {
        const emrtd::EfDef* def = emrtd::file_of_tag(tag);
        if (def == nullptr || def->dg == 0 || seen.sod_covers(def->dg)) continue;
        verdicts.fault("EF.COM", tag_offset(seen, tag), "the data groups that EF.SOD signs", tag_name(tag),
                       fmt::format("EF.COM lists {}, of which EF.SOD has no hash", tag_name(tag)));
    }
    for (const auto& [dg, hash] : seen.sod->lds.groups) {
        const emrtd::EfDef* def = emrtd::file_of_dg(dg);
        if (def == nullptr || std::find(tags.begin(), tags.end(), def->tag) != tags.end()) continue;
        verdicts.fault("EF.COM", com_offset(seen, 0x5C), fmt::format("{} in the tag list", def->name),
                       "not listed",
                       fmt::format("EF.SOD has a hash of {}, which EF.COM does not list", def->name));
    }
    if (verdicts.findings().empty()) verdicts.pass(fmt::format("the same {} data groups", tags.size()));
}

void compare_version(const Observation& seen, Verdicts& verdicts, std::uint32_t tag, const std::string& what,
                     const std::string& com, const std::string& signed_version) {
    if (com == signed_version) return;
    const auto base = com_offset(seen, tag);
    const auto at = first_difference(to_bytes(com), to_bytes(signed_version));
    verdicts.fault("EF.COM", base ? std::optional{*base + at.value_or(0)} : std::nullopt, signed_version,
                   plain_text(com),
                   fmt::format("the {} version of EF.COM is not the one that EF.SOD signs", what));
}

void lds_version(const Observation& seen, Verdicts& verdicts) {
    if (!seen.com || !seen.sod) return verdicts.skip("EF.COM or EF.SOD could not be decoded");
    const auto& com = *seen.com;
    const auto& lds = seen.sod->lds;
    if (lds.version == 0) {
        // Nothing signs the versions, so only the one that this form of EF.SOD goes with is taken.
        compare_version(seen, verdicts, 0x5F01, "LDS", com.lds_version, "0107");
        compare_version(seen, verdicts, 0x5F36, "Unicode", com.unicode_version, "040000");
    } else {
        compare_version(seen, verdicts, 0x5F01, "LDS", com.lds_version, lds.lds_version);
        compare_version(seen, verdicts, 0x5F36, "Unicode", com.unicode_version, lds.unicode_version);
    }
    if (verdicts.findings().empty()) {
        verdicts.pass(fmt::format("LDS {}, Unicode {}, in both", com.lds_version, com.unicode_version));
    }
}

}  // namespace

void add_com_checks(std::vector<Check>& checks) {
    const auto fatal = Severity::fatal;
    checks.push_back({"emrtd.com.structure", "EF.COM is whole and in its one canonical form", fatal,
                      "ICAO Doc 9303-10", "4.6.1", "emrtd", depth_com_form, com_structure});
    checks.push_back({"emrtd.com.lists-files", "EF.COM lists exactly the files that are there", fatal,
                      "ICAO Doc 9303-10", "4.6.1", "emrtd", depth_com_content, lists_files});
    checks.push_back({"emrtd.com.sod-agree", "EF.COM lists exactly the data groups that EF.SOD signs", fatal,
                      "ICAO Doc 9303-10", "4.6.1, 4.6.2.3", "emrtd", depth_com_content, sod_agree});
    checks.push_back({"emrtd.sod.lds-version", "The versions of EF.COM are those that EF.SOD signs", fatal,
                      "ICAO Doc 9303-10", "4.6.2.3", "emrtd", depth_com_content, lds_version});
}

}  // namespace kartsaz::verify
