// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "libcard/verify/checks.h"
#include "libcard/verify/observation.h"

namespace kartsaz::verify {
namespace {

void compare_file(const app::DumpFile& ours, const app::DumpFile& registered, Verdicts& verdicts,
                  unsigned& equal) {
    const bool readable = !ours.content.empty();
    if (!readable || registered.content.empty()) {
        if (readable == registered.content.empty()) {
            verdicts.note(ours.name, fmt::format("{} was readable only {}", ours.name,
                                                 readable ? "now" : "when registered"));
        }
        return;
    }
    const auto at = first_difference(ours.content, registered.content);
    if (!at) {
        ++equal;
        return;
    }
    verdicts.fault(ours.name, at, byte_at(registered.content, *at), byte_at(ours.content, *at),
                   fmt::format("{} differs from the registered card from offset {} ({} bytes, registered {})",
                               ours.name, *at, ours.content.size(), registered.content.size()));
}

void compare_application(const app::DumpApplication& ours, const app::DumpApplication& registered,
                         Verdicts& verdicts, unsigned& equal) {
    for (const auto& file : registered.files) {
        const app::DumpFile* other = ours.file(file.name);
        if (other != nullptr) {
            compare_file(*other, file, verdicts, equal);
        } else if (!file.content.empty()) {
            verdicts.fault(file.name, {}, "on the card", "absent",
                           fmt::format("{} of the registered card is missing", file.name));
        }
    }
    for (const auto& file : ours.files) {
        if (file.content.empty() || registered.file(file.name) != nullptr) continue;
        verdicts.fault(file.name, {}, "absent", "on the card",
                       fmt::format("{} is not on the registered card", file.name));
    }
}

void files(const Observation& seen, Verdicts& verdicts) {
    const auto& registered = seen.context.registered;
    if (!registered) return verdicts.skip("no registered card was given");
    unsigned equal = 0;
    for (const auto& application : registered->applications) {
        // one that is not there is the fault of card.parts
        const auto* ours = seen.context.dump.application(application.name);
        if (ours != nullptr) compare_application(*ours, application, verdicts, equal);
    }
    if (verdicts.findings().empty()) verdicts.pass(fmt::format("{} files equal, byte for byte", equal));
}

void chip(const Observation& seen, Verdicts& verdicts) {
    const auto& registered = seen.context.registered;
    if (!registered) return verdicts.skip("no registered card was given");
    const std::string& ours = seen.context.dump.chip;
    if (ours.empty() || registered->chip.empty()) return verdicts.skip("a chip identity is not known");
    if (ours == registered->chip) return verdicts.pass(ours);
    verdicts.fault("chip", {}, registered->chip, ours, "this is another chip than the registered one");
}

}  // namespace

void add_against_checks(std::vector<Check>& checks) {
    checks.push_back({"card.against.files", "Each file is, byte for byte, that of the registered card",
                      Severity::fatal, "docs/checks.md", "registered card", "card", depth_comparison, files});
    checks.push_back({"card.against.chip", "The chip is the registered one", Severity::fatal,
                      "docs/checks.md", "registered card", "card", depth_comparison, chip});
}

}  // namespace kartsaz::verify
