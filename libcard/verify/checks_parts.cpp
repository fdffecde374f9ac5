// SPDX-License-Identifier: Apache-2.0
// Which applications are on the card, and which must be.
#include <fmt/format.h>

#include <algorithm>

#include "libcard/verify/checks.h"
#include "libcard/verify/observation.h"

namespace kartsaz::verify {
namespace {

struct Part {
    const char* kind;
    const char* name;
};
constexpr Part parts[] = {
    {"emrtd", "passport application"}, {"pkcs15", "signature application"}, {"piv", "PIV application"}};

const app::DumpApplication* with_files(const app::CardDump& dump, const char* kind) {
    const auto* application = dump.application(kind);
    return application != nullptr && !application->files.empty() ? application : nullptr;
}

bool is_blank(const app::CardDump& dump, const char* kind) {
    return std::find(dump.blank.begin(), dump.blank.end(), kind) != dump.blank.end();
}

void known_kind(const Observation& seen, Verdicts& verdicts) {
    std::string kinds, blank;
    for (const auto& part : parts) {
        if (with_files(seen.context.dump, part.kind) != nullptr)
            kinds += (kinds.empty() ? "" : ", ") + std::string{part.kind};
        if (is_blank(seen.context.dump, part.kind))
            blank += (blank.empty() ? "" : ", ") + std::string{part.name};
    }
    if (!kinds.empty()) return verdicts.pass(kinds);
    if (!blank.empty()) {
        verdicts.fault("chip", {}, "a personalized card", "blank",
                       fmt::format("nothing on this card is personalized; blank: {}", blank));
        return;
    }
    verdicts.fault("chip", {}, "an application that can be judged", "none",
                   "nothing on this card could be judged: it has no application with a rule set");
}

/// Who demands the part; empty when nobody does.
std::string demanded_by(const Context& context, const char* kind) {
    const auto found = context.demanded.find(kind);
    if (found != context.demanded.end()) return found->second;
    const bool registered = context.registered && with_files(*context.registered, kind) != nullptr;
    return registered ? "the registered card" : "";
}

void all_there(const Observation& seen, Verdicts& verdicts) {
    for (const auto& part : parts) {
        const std::string who = demanded_by(seen.context, part.kind);
        if (with_files(seen.context.dump, part.kind) != nullptr) {
            if (!who.empty()) verdicts.pass(fmt::format("{}, demanded by {}", part.name, who));
            continue;
        }
        const bool blank = is_blank(seen.context.dump, part.kind);
        if (!who.empty()) {
            verdicts.fault(part.name, {}, "personalized", blank ? "blank" : "absent",
                           fmt::format("the {} is {}, and {} demands it", part.name,
                                       blank ? "blank, not personalized" : "not on the card", who));
        } else if (blank) {
            verdicts.note(part.name, fmt::format("the {} is blank, not personalized", part.name));
        }
    }
    verdicts.skip("neither receipt nor profile nor registered card says what must be there");
}

}  // namespace

void add_part_checks(std::vector<Check>& checks) {
    checks.push_back({"card.kind", "The card has an application that can be judged", Severity::fatal,
                      "docs/checks.md", "rule sets", "card", depth_kind, known_kind});
    checks.push_back({"card.parts",
                      "Every application that receipt, profile or registered card demands is personalized (a "
                      "blank one that nobody demands: a note)",
                      Severity::fatal, "docs/checks.md", "rule sets", "card", depth_kind, all_there});
}

}  // namespace kartsaz::verify
