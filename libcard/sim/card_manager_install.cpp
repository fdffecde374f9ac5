// SPDX-License-Identifier: Apache-2.0
// The card manager's registry, and making instances of the applications whose packages are loaded.
#include <algorithm>

#include "libcard/sim/card_manager.h"
#include "libcard/sim/passport.h"
#include "libcard/sim/piv.h"
#include "libcard/sim/signature.h"

namespace kartsaz::sim {
namespace {

/// A loaded package with its one module.
struct Package {
    Bytes aid, module;
    Instance CardState::*instance;
};

/// The module's AID is its package's and one byte.
Package package(ByteView module, Instance CardState::*instance) {
    const auto aid = module.first(module.size() - 1);
    return {Bytes(aid.begin(), aid.end()), Bytes(module.begin(), module.end()), instance};
}

std::vector<Package> packages(const Kind& kind) {
    std::vector<Package> out;
    if (kind.passport) out.push_back(package(Passport::aid(), &CardState::passport_instance));
    if (kind.signature.present) out.push_back(package(Signature::aid(), &CardState::signature_instance));
    if (kind.piv.present) out.push_back(package(Piv::aid(), &CardState::piv_instance));
    return out;
}

Bytes entry(ByteView aid, std::uint8_t life_cycle, ByteView privileges) {
    Bytes out = object(0x4F, aid);
    append(out, object(0x9F70, Bytes{life_cycle}));
    if (!privileges.empty()) append(out, object(0xC5, privileges));
    return out;
}

/// One byte of length, then so many bytes. Empty when they are not there.
std::optional<Bytes> take_field(ByteView& rest) {
    if (rest.empty() || rest.size() < 1U + rest[0]) return std::nullopt;
    const auto field = rest.subspan(1, rest[0]);
    rest = rest.subspan(1U + rest[0]);
    return Bytes(field.begin(), field.end());
}

bool is_aid(const Bytes& aid) {
    return aid.size() >= 5 && aid.size() <= 16;
}

/// INSTALL [for install], the fields of its data. Source: GPCS 2.3.1, 11.5.2.3.2.
struct Wanted {
    Bytes package, module, instance, privileges, parameters;
};
std::optional<Wanted> parse(ByteView rest) {
    Wanted out;
    for (Bytes* field : {&out.package, &out.module, &out.instance, &out.privileges, &out.parameters}) {
        auto value = take_field(rest);
        if (!value) return std::nullopt;
        *field = std::move(*value);
    }
    const auto token = take_field(rest);
    const bool one_or_three = out.privileges.size() == 1 || out.privileges.size() == 3;
    // no token is taken, and C9 must be among the parameters
    const bool fit = token && token->empty() && rest.empty() && one_or_three && is_aid(out.package) &&
                     is_aid(out.module) && is_aid(out.instance) && find_object(out.parameters, 0xC9);
    return fit ? std::optional{out} : std::nullopt;
}

}  // namespace

std::vector<Bytes> registry(const Kind& kind, const CardState& state, std::uint8_t which) {
    // 9E FE 80: security domain, card lock and terminate, reset, CVM; the rest of the issuer's rights
    if (which == 0x80) return {entry(CardManager::aid(), state.life_cycle, Bytes{0x9E, 0xFE, 0x80})};
    std::vector<Bytes> out;
    for (const Package& loaded : packages(kind)) {
        const Instance& instance = state.*loaded.instance;
        if (which == 0x40) {
            if (instance.there()) out.push_back(entry(instance.aid, 0x07, instance.privileges));
            continue;
        }
        Bytes file = entry(loaded.aid, 0x01, {});
        if (which == 0x10) append(file, object(0x84, loaded.module));
        out.push_back(std::move(file));
    }
    return out;
}

Answer CardManager::install(const Command& command) {
    if (!command.access.at_least(0x01)) return refuse(0x6982);
    if (chip_.state.life_cycle == card_locked) return refuse(0x6985);
    if (command.p1 != 0x0C || command.p2 != 0x00) return refuse(0x6A86);
    const auto wanted = parse(command.data);
    if (!wanted) return refuse(0x6A80);
    const auto known = packages(chip_.kind);
    const auto found = std::find_if(known.begin(), known.end(), [&](const Package& loaded) {
        return loaded.aid == wanted->package && loaded.module == wanted->module;
    });
    if (found == known.end()) return refuse(0x6A88);
    const auto taken = [&](const Package& loaded) {
        return (chip_.state.*loaded.instance).aid == wanted->instance;
    };
    const bool there = (chip_.state.*found->instance).there();
    if (there || std::any_of(known.begin(), known.end(), taken)) return refuse(0x6985);
    Instance& instance = chip_.state.*found->instance;
    instance.aid = wanted->instance;
    std::copy(wanted->privileges.begin(), wanted->privileges.end(), instance.privileges.begin());
    chip_.changed = true;
    for (int page = 0; page < 4; ++page) chip_.meter.write_page();
    return {Bytes{0x00}};
}

}  // namespace kartsaz::sim
