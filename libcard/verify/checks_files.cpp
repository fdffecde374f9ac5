// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "apdu/error.h"
#include "apdu/tlv.h"
#include "libcard/verify/checks.h"
#include "libcard/verify/observation.h"
#include "libcard/verify/reference.h"

namespace kartsaz::verify {
namespace {

namespace emrtd = app::emrtd;

/// The file's object without what stands behind it; the whole file when the object is longer or unreadable.
ByteView object_of(const app::DumpFile& file) {
    const ByteView content{file.content};
    try {
        const auto total = apdu::tlv_total_length(content, file.name);
        return total && *total < content.size() ? content.first(*total) : content;
    } catch (const Error&) {
        return content;
    }
}

void hash_differs(const Observation& seen, Verdicts& verdicts, const emrtd::EfDef& def, ByteView content,
                  keys::HashAlgorithm algorithm, const Bytes& expected, const Bytes& got) {
    const std::string name{def.name};
    std::optional<Place> place;
    if (seen.sod_signed()) place = find_place(seen, def.dg, content, algorithm, expected);
    if (!place) {
        verdicts.fault(name, {}, to_hex(expected), to_hex(got),
                       fmt::format("{} is not what EF.SOD signs: its hash differs", name));
        return;
    }
    const std::string where =
        place->differing == 1
            ? fmt::format("1 byte differs, at offset {}", place->offset)
            : fmt::format("{} bytes differ, the first at offset {}", place->differing, place->offset);
    verdicts.fault(name, place->offset, place->expected, place->got,
                   fmt::format("{} is not what EF.SOD signs: {} (witness: {})", name, where, place->witness));
}

void dg_hash(const Observation& seen, Verdicts& verdicts, unsigned dg) {
    const emrtd::EfDef* def = emrtd::file_of_dg(dg);
    if (def == nullptr) return verdicts.skip("no such data group");
    const app::DumpFile* file = seen.file(def->name);
    if (!seen.sod) return verdicts.skip("EF.SOD gives no hashes");
    if (!seen.sod_covers(dg) && file == nullptr) return verdicts.skip("not on this card");
    if (!seen.sod_covers(dg)) return verdicts.skip("EF.SOD has no hash of it");
    if (file == nullptr) {
        const std::string why = seen.refused(def->name);
        return verdicts.skip(fmt::format("not readable: {}", why.empty() ? "absent" : why));
    }
    const auto algorithm = seen.sod->lds.algorithm;
    const Bytes& expected = *seen.sod->lds.find(dg);
    const ByteView object = object_of(*file);
    const Bytes got = keys::hash(algorithm, object);
    // A wrong hash may come from a wrong length, so the place is looked for in all that was read.
    if (got != expected) return hash_differs(seen, verdicts, *def, file->content, algorithm, expected, got);
    verdicts.pass(fmt::format("{} bytes, {}...", object.size(), to_hex(got).substr(0, 16)));
}

void covered(const Observation& seen, Verdicts& verdicts) {
    if (!seen.sod) return verdicts.skip("EF.SOD gives no hashes");
    for (const auto& def : emrtd::files()) {
        if (def.dg == 0) continue;
        const std::string name{def.name};
        const bool here = seen.file(name) != nullptr;
        const std::string why = seen.refused(name);
        if (here && !seen.sod_covers(def.dg)) {
            verdicts.fault(name, {}, "a hash in EF.SOD", "none",
                           fmt::format("{} is on the card, but EF.SOD does not sign it", name));
        }
        if (here || !seen.sod_covers(def.dg)) continue;
        if (seen.guarded(def.dg)) {
            verdicts.note(name, fmt::format("{} is signed but was not readable here: {}", name, why));
            continue;
        }
        verdicts.fault(name, {}, "on the card", why.empty() ? "absent" : why,
                       fmt::format("EF.SOD signs {}, which could not be read", name));
    }
    for (const auto& [dg, hash] : seen.sod->lds.groups) {
        if (emrtd::file_of_dg(dg) != nullptr) continue;
        verdicts.fault("EF.SOD", {}, "data groups 1 to 16", fmt::format("{}", dg),
                       fmt::format("EF.SOD has a hash of data group {}, which does not exist", dg));
    }
    if (verdicts.findings().empty()) {
        verdicts.pass(fmt::format("{} data groups, each signed and there", seen.sod->lds.groups.size()));
    }
}

void one_length(const app::DumpFile& file, Verdicts& verdicts, unsigned& whole) {
    try {
        const auto total = apdu::tlv_total_length(file.content, file.name);
        if (!total || *total > file.content.size()) {
            verdicts.fault(file.name, file.content.size(), fmt::format("{} bytes", total.value_or(2)),
                           fmt::format("{} bytes", file.content.size()),
                           fmt::format("{} ends before its object does", file.name));
        } else if (*total < file.content.size()) {
            verdicts.fault(file.name, *total, fmt::format("{} bytes", *total),
                           fmt::format("{} bytes", file.content.size()),
                           fmt::format("{} has bytes after its object", file.name));
        } else {
            ++whole;
        }
    } catch (const Error& error) {
        verdicts.fault(file.name, offset_in(error.what()), "one object", "something else", error.what());
    }
}

void length(const Observation& seen, Verdicts& verdicts) {
    if (seen.emrtd == nullptr) return verdicts.skip("no such application");
    unsigned whole = 0;
    for (const auto& file : seen.emrtd->files) {
        if (emrtd::find_file(file.name) != nullptr && !file.content.empty())
            one_length(file, verdicts, whole);
    }
    if (verdicts.findings().empty() && whole > 0)
        verdicts.pass(fmt::format("{} files end where their objects end", whole));
}

}  // namespace

void add_file_checks(std::vector<Check>& checks) {
    const auto fatal = Severity::fatal;
    for (const auto& def : emrtd::files()) {
        if (def.dg == 0) continue;
        const unsigned dg = def.dg;
        checks.push_back(
            {fmt::format("emrtd.dg.hash.{}", dg), fmt::format("{} is what EF.SOD signs", def.name), fatal,
             "ICAO Doc 9303-11", "5.1", "emrtd", depth_hash,
             [dg](const Observation& seen, Verdicts& verdicts) { dg_hash(seen, verdicts, dg); }});
    }
    checks.push_back({"emrtd.dg.covered", "EF.SOD signs every data group, and all that it signs is there",
                      fatal, "ICAO Doc 9303-10", "4.6.2.3", "emrtd", depth_file, covered});
    checks.push_back({"emrtd.file.length", "Each file ends where its object ends", fatal, "ICAO Doc 9303-10",
                      "4.2", "emrtd", depth_file, length});
}

}  // namespace kartsaz::verify
