// SPDX-License-Identifier: Apache-2.0
#include "keys/ceremony.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <set>

#include "apdu/error.h"
#include "keys/crypto.h"

namespace kartsaz::keys {
namespace {

using Secure = Botan::secure_vector<std::uint8_t>;
constexpr unsigned most_parts = 9;

[[noreturn]] void refuse(const std::string& why) {
    throw Error{Errc::keys_failed, why};
}

void check_part(const CeremonyPlan& plan, unsigned part) {
    if (part < 1 || part > plan.parts) {
        throw Error{Errc::usage, fmt::format("ceremony {}: there is no component {}; there are 1 to {}",
                                             plan.id(), part, plan.parts)};
    }
}

bool zero(const SecretBytes& key) {
    return key == SecretBytes{Bytes(key.size(), 0x00)};
}

SecretBytes exclusive_or(const SecretBytes& a, const SecretBytes& b) {
    Secure out(a.size());
    a.reveal([&](ByteView left) {
        b.reveal([&](ByteView right) {
            for (std::size_t i = 0; i < out.size(); ++i) out[i] = left[i] ^ right[i];
        });
    });
    return SecretBytes{std::move(out)};
}

/// The lowest bit of each byte makes the number of ones odd: FIPS 46-3. The cipher does not use it, HSMs ask
/// it.
SecretBytes with_odd_parity(const SecretBytes& key) {
    Secure out;
    key.reveal([&](ByteView bytes) {
        for (const auto byte : bytes) {
            const auto high = static_cast<std::uint8_t>(byte & 0xFEU);
            out.push_back(static_cast<std::uint8_t>(high | (std::popcount(high) % 2 == 0 ? 1U : 0U)));
        }
    });
    return SecretBytes{std::move(out)};
}

/// Two equal neighbours make single DES of triple DES.
bool single_des(const SecretBytes& key) {
    return key.reveal([](ByteView bytes) {
        for (std::size_t at = 8; at < bytes.size(); at += 8) {
            if (equal_constant_time(bytes.subspan(at - 8, 8), bytes.subspan(at, 8))) return true;
        }
        return false;
    });
}

void check_belonging(const std::vector<Component>& components) {
    if (components.empty()) refuse("no components were given");
    const auto& plan = components.front().plan;
    std::set<unsigned> there;
    for (const auto& component : components) {
        if (component.plan.id() != plan.id()) {
            refuse(fmt::format(
                "component {} is of ceremony {} ({}), the first one of {} ({}): they do not belong "
                "together",
                component.part, component.plan.id(), component.plan.in_words(), plan.id(), plan.in_words()));
        }
        if (!there.insert(component.part).second) {
            refuse(fmt::format("ceremony {}: component {} is there twice", plan.id(), component.part));
        }
    }
    std::string missing;
    for (unsigned part = 1; part <= plan.parts; ++part) {
        if (!there.contains(part)) missing += (missing.empty() ? "" : ", ") + std::to_string(part);
    }
    if (!missing.empty()) {
        refuse(fmt::format("ceremony {}: of {} components these are missing: {}", plan.id(), plan.parts,
                           missing));
    }
}

void refuse_equal(const std::vector<Component>& components, const std::string& role) {
    for (std::size_t i = 0; i < components.size(); ++i) {
        for (std::size_t k = i + 1; k < components.size(); ++k) {
            if (components[i].keys.at(role) == components[k].keys.at(role)) {
                refuse(fmt::format("components {} and {} have the same {}: they would cancel each other out",
                                   components[i].part, components[k].part, role));
            }
        }
    }
}

}  // namespace

KeyType CeremonyPlan::master_type() const {
    return has_des_masters(diversification) ? KeyType::des3 : type;
}

std::string CeremonyPlan::in_words() const {
    const auto cipher = master_type() == KeyType::aes ? fmt::format("AES-{}", key_size * 8)
                                                      : fmt::format("{}-key triple DES", key_size / 8);
    return fmt::format("{} version {:02X}, {}, {}, diversification {}, {} components{}", keyset, version,
                       keys::in_words(purpose), cipher, keys::name(diversification), parts,
                       development ? ", DEVELOPMENT KEYS" : "");
}

CeremonyPlan new_ceremony(CeremonyPlan plan) {
    if ((plan.version < 1 || plan.version > 127) && plan.version != 255) {
        throw Error{Errc::usage, "ceremony: a key version is 1 to 127, or 255"};
    }
    if (plan.parts < 2 || plan.parts > most_parts) {
        throw Error{Errc::usage, fmt::format("ceremony: 2 to {} components, not {}", most_parts, plan.parts)};
    }
    const auto misfit = key_misfit(plan.purpose, plan.type, plan.diversification, plan.key_size);
    if (!misfit.empty()) throw Error{Errc::usage, "ceremony: " + misfit};
    plan.nonce = random_bytes(16);
    return plan;
}

std::map<std::string, std::string> Component::kcvs() const {
    std::map<std::string, std::string> out;
    for (const auto& [role, key] : keys) out[role] = to_hex(kcv(key, plan.master_type()));
    return out;
}

std::string Component::check() const {
    constexpr std::size_t shown = 3;
    auto text = fmt::format("{} {}", plan.id(), part);
    for (const auto& [role, value] : kcvs()) text += fmt::format(" {} {}", role, value);
    return to_hex(ByteView{sha256(to_bytes(text))}.first(shown));
}

Component new_component(const CeremonyPlan& plan, unsigned part) {
    check_part(plan, part);
    Component out;
    out.plan = plan;
    out.part = part;
    for (const auto& role : roles_of(plan.purpose)) out.keys.emplace(role, random_secret(plan.key_size));
    return out;
}

Component import_component(const CeremonyPlan& plan, unsigned part,
                           std::map<std::string, SecretBytes, std::less<>> keys) {
    check_part(plan, part);
    for (const auto& role : roles_of(plan.purpose)) {
        const auto found = keys.find(role);
        if (found == keys.end()) refuse(fmt::format("component {}: the share of {} is missing", part, role));
        if (found->second.size() != plan.key_size) {
            refuse(fmt::format("component {}, {}: {} bytes, but the keys of this ceremony have {}", part,
                               role, found->second.size(), plan.key_size));
        }
        if (zero(found->second)) {
            refuse(fmt::format("component {}, {}: all zeros, which shares nothing", part, role));
        }
    }
    if (keys.size() != roles_of(plan.purpose).size()) {
        throw Error{Errc::usage, fmt::format("component {}: a role that keys for {} do not have", part,
                                             in_words(plan.purpose))};
    }
    Component out;
    out.plan = plan;
    out.part = part;
    out.keys = std::move(keys);
    return out;
}

Keyset combine(const std::vector<Component>& components) {
    check_belonging(components);
    const auto& plan = components.front().plan;
    Keyset out;
    out.name = plan.keyset;
    out.version = plan.version;
    out.type = plan.type;
    out.diversification = plan.diversification;
    out.development = plan.development;
    for (const auto& role : roles_of(plan.purpose)) {
        refuse_equal(components, role);
        SecretBytes key{Bytes(plan.key_size, 0x00)};
        for (const auto& component : components) key = exclusive_or(key, component.keys.at(role));
        if (zero(key)) refuse(fmt::format("{}: the components cancel each other out: a key of zeros", role));
        if (plan.master_type() == KeyType::des3) {
            key = with_odd_parity(key);
            if (single_des(key))
                refuse(fmt::format("{}: triple DES of equal halves, which is single DES", role));
        }
        out.keys.emplace(role, std::move(key));
    }
    return out;
}

}  // namespace kartsaz::keys
