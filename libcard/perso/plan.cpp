// SPDX-License-Identifier: Apache-2.0
#include "libcard/perso/plan.h"

#include <algorithm>

namespace kartsaz::perso {
namespace {

bool same(const Target& a, const Target& b) {
    if (a.application != b.application || a.aid != b.aid) return false;
    if (a.scp.has_value() != b.scp.has_value()) return false;
    return !a.scp || (a.scp->keyset == b.scp->keyset && a.scp->version == b.scp->version &&
                      a.scp->level == b.scp->level);
}

/// Largest n with protected_size(n) <= room.
template <typename Size>
std::size_t largest(std::size_t room, Size&& protected_size) {
    std::size_t low = 0;
    std::size_t high = room;
    while (low < high) {
        const std::size_t middle = (low + high + 1) / 2;
        if (protected_size(middle) <= room) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    return low;
}

}  // namespace

std::uint8_t Step::ins() const {
    if (const auto* secret = std::get_if<SecretCommand>(&action)) return secret->header.ins;
    if (const auto* late = std::get_if<LateCommands>(&action)) return late->expected.front().ins;
    return std::get<apdu::CommandApdu>(action).ins;
}

std::size_t Step::data_size() const {
    if (const auto* secret = std::get_if<SecretCommand>(&action)) return secret->data_size;
    if (const auto* late = std::get_if<LateCommands>(&action)) {
        std::size_t total = 0;
        for (const auto& command : late->expected) total += command.data.size();
        return total;
    }
    return std::get<apdu::CommandApdu>(action).data.size();
}

std::size_t Step::commands() const {
    const auto* late = std::get_if<LateCommands>(&action);
    return late == nullptr ? 1 : late->expected.size();
}

std::size_t Plan::target(const Target& wanted) {
    for (std::size_t i = 0; i < targets.size(); ++i) {
        if (same(targets[i], wanted)) return i;
    }
    targets.push_back(wanted);
    return targets.size() - 1;
}

void Plan::arrange() {
    std::stable_sort(steps.begin(), steps.end(),
                     [](const Step& a, const Step& b) { return a.phase < b.phase; });
}

apdu::BlockLimits plain_limits(const apdu::BlockLimits& outer, const std::optional<ScpUse>& scp,
                               const keys::ScpForm& form) {
    if (!scp) return outer;
    const auto usable = keys::scp_outer_limits(form, outer);
    const auto command = [&](std::size_t n) { return keys::scp_command_size(form, scp->level, n); };
    const auto response = [&](std::size_t n) { return keys::scp_response_size(form, scp->level, n); };
    return {largest(usable.command_data, command), largest(usable.response_data, response)};
}

}  // namespace kartsaz::perso
