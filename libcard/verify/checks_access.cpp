// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "apdu/error.h"
#include "libcard/verify/checks.h"
#include "libcard/verify/observation.h"

namespace kartsaz::verify {
namespace {

/// The value part of 0.4.0.127.0.7.2.2.4, id-PACE, under which all PACE protocols stand.
constexpr std::string_view id_pace = "04007F0007020204";

void plain_read(const Observation& seen, Verdicts& verdicts) {
    const struct {
        const char* fact;
        const char* object;
    } tries[] = {{"plain-read.sw", "EF.COM"}, {"plain-read-dg1.sw", "EF.DG1"}};
    for (const auto& one : tries) {
        const std::string sw = seen.fact(one.fact);
        if (sw.empty()) {
            verdicts.skip(fmt::format("reading {} without access was not tried", one.object));
        } else if (sw == "9000" || sw.starts_with("61") || sw.starts_with("62")) {
            verdicts.fault(one.object, {}, "6982 (security status not satisfied)", sw,
                           fmt::format("{} can be read with neither BAC nor PACE", one.object));
        } else {
            verdicts.pass(fmt::format("{}: {}", one.object, sw));
        }
    }
}

void protocol(const Observation& seen, Verdicts& verdicts, const char* fact, const char* absent,
              const char* title) {
    const std::string answer = seen.fact(fact);
    if (answer.empty()) return verdicts.skip("not tried");
    if (answer == absent) return verdicts.skip(answer);
    if (answer == "ok") return verdicts.pass("opened the chip");
    verdicts.fault("chip", {}, "ok", answer, fmt::format("{} did not open the chip: {}", title, answer));
}

/// EF.CardAccess is signed by nobody; its PACEInfos stand in EF.DG14 too. Source: 9303-11, 9.2.11.
void card_access(const Observation& seen, Verdicts& verdicts) {
    const std::string hex = seen.fact("card-access");
    if (hex.size() <= 4) return verdicts.skip(hex.empty() ? "not read" : fmt::format("not there: {}", hex));
    if (!seen.dg14) return verdicts.skip("no EF.DG14 to compare with");
    std::vector<app::emrtd::SecurityInfo> infos;
    try {
        infos = app::emrtd::decode_security_infos(from_hex(hex), "EF.CardAccess");
    } catch (const Error& error) {
        verdicts.fault("EF.CardAccess", offset_in(error.what()), "security infos", "something else",
                       error.what());
        return;
    }
    unsigned proved = 0;
    for (const auto& info : infos) {
        if (!to_hex(info.oid).starts_with(id_pace)) continue;
        bool found = false;
        for (const auto& copy : *seen.dg14) found = found || copy.der == info.der;
        if (!found) {
            verdicts.fault("EF.CardAccess", {}, "the same PACEInfo in EF.DG14", "none",
                           "EF.CardAccess offers a PACE that EF.DG14 does not sign");
        }
        proved += found ? 1U : 0U;
    }
    if (verdicts.findings().empty())
        verdicts.pass(fmt::format("{} PACEInfo, each signed in EF.DG14", proved));
}

void locked(const Observation& seen, Verdicts& verdicts) {
    const std::string sw = seen.fact("write.sw");
    if (sw.empty()) return verdicts.skip("writing was not tried");
    if (seen.locked()) return verdicts.pass(fmt::format("a write was refused: {}", sw));
    verdicts.fault("chip", {}, "6985 or 6982", sw,
                   sw == "9000" ? "the chip is not locked: it takes a write"
                                : "the chip does not refuse a write as locked");
}

}  // namespace

void add_access_checks(std::vector<Check>& checks) {
    const auto fatal = Severity::fatal;
    checks.push_back({"emrtd.access.plain-read", "Nothing is readable without BAC or PACE", fatal,
                      "ICAO Doc 9303-11", "4.2", "emrtd", depth_access, plain_read});
    checks.push_back(
        {"emrtd.access.pace", "PACE opens the chip", fatal, "ICAO Doc 9303-11", "4.4", "emrtd", depth_access,
         [](const Observation& o, Verdicts& v) { protocol(o, v, "pace", "not offered", "PACE"); }});
    checks.push_back({"emrtd.access.bac", "BAC opens the chip", fatal, "ICAO Doc 9303-11", "4.3", "emrtd",
                      depth_access,
                      [](const Observation& o, Verdicts& v) { protocol(o, v, "bac", "not tried", "BAC"); }});
    checks.push_back({"emrtd.access.card-access", "EF.CardAccess offers what EF.DG14 signs", fatal,
                      "ICAO Doc 9303-11", "9.2.11", "emrtd", depth_agreement, card_access});
    checks.push_back({"emrtd.locked", "The chip refuses to be written", fatal, "docs/cards", "emrtd", "emrtd",
                      depth_access, locked});
}

}  // namespace kartsaz::verify
