// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "apdu/error.h"
#include "libcard/app/globalplatform/manager.h"
#include "libcard/perso/secure_session.h"

namespace kartsaz::app::globalplatform {
namespace {

constexpr std::uint8_t factory_version = 0xFF;

/// The card manager under the keys that answer now.
perso::Target target_of(const perso::Order& order, const Options& options, const perso::CardState& state,
                        const State& own) {
    perso::Target target;
    target.application = "card manager";
    target.aid = options.card_manager;
    target.select = own.select;
    target.select_response = own.fci_size;
    const bool transport = state.channel.keys == perso::AnsweringKeys::transport;
    target.scp =
        perso::ScpUse{transport ? order.channel_keys.transport : order.channel_keys.issuer, 0, options.level};
    return target;
}

std::string names_of(const keys::Keyset& keyset, const keys::ScpKeys& keys) {
    return fmt::format("{} v{:02X}, KCV {}{}", keyset.name, keyset.version, keys.kcvs(),
                       keyset.development ? ", DEVELOPMENT KEYS" : "");
}

perso::Step put_key_step(const perso::Order& order, const perso::CardState& state, std::size_t target) {
    const keys::Keyset& issuer = issuer_keyset(order, state);
    const keys::ScpKeys own_keys = issuer.scp_keys(state.chip.kdd);
    const std::uint8_t version = issuer.version;
    const std::string issuer_name = order.channel_keys.issuer;

    perso::SecretCommand command;
    command.header = put_key_header(state.channel.key_version == factory_version ? std::uint8_t{0}
                                                                                 : state.channel.key_version);
    command.data_size = keys::put_key_data_size(own_keys.enc.size(), own_keys.type);
    command.names = names_of(issuer, own_keys);
    command.data = [issuer_name, version](const perso::SecretAccess& access) {
        const auto fresh = access.store.keyset(issuer_name, version).scp_keys(access.chip.kdd);
        return keys::put_key_data(fresh, version, access.channel_keys->dek);
    };
    command.check = [issuer_name, version](const apdu::ResponseApdu& response,
                                           const perso::SecretAccess& access) {
        const auto fresh = access.store.keyset(issuer_name, version).scp_keys(access.chip.kdd);
        if (response.data != keys::put_key_answer(fresh, version)) {
            throw Error{Errc::keys_failed,
                        "PUT KEY: the card's key check values are not those of the keys sent"};
        }
    };

    perso::Step step;
    step.id = "globalplatform/issuer-keys/put-key";
    step.label = fmt::format("card keys: replace version {:02X} by the chip's own, version {:02X}",
                             state.channel.key_version, version);
    step.phase = perso::Phase::card_keys;
    step.target = target;
    step.response_size = 1 + 3 * 3;
    step.written = 3 * own_keys.enc.size();
    step.irreversible = true;
    step.action = std::move(command);
    return step;
}

perso::Step life_cycle_step(CardLifeCycle state, std::size_t target) {
    perso::Step step;
    step.id = fmt::format("globalplatform/card-state/{}", name(state));
    step.label = fmt::format("card life cycle: {}", name(state));
    step.phase = perso::Phase::card_life_cycle;
    step.target = target;
    step.written = 1;
    step.action = set_card_status(state);
    return step;
}

[[noreturn]] void refuse(const std::string& why, const perso::Order& order) {
    throw Error{Errc::card_refused,
                fmt::format("{}; profile {} needs it. Nothing was written", why, order.profile.name)};
}

/// GPCS 2.3.1, 11.1: bit 8 of an application's life cycle.
constexpr std::uint8_t locked_bit = 0x80;

const RegistryEntry* find(const std::vector<RegistryEntry>& entries, const Bytes& aid) {
    const auto found = std::ranges::find_if(entries, [&](const auto& entry) { return entry.aid == aid; });
    return found == entries.end() ? nullptr : &*found;
}

perso::Step install_step(const InstallOption& wanted, std::size_t target) {
    perso::Step step;
    step.id = fmt::format("globalplatform/{}/install", to_hex(wanted.instance));
    step.label =
        fmt::format("instance {}: install from package {}", to_hex(wanted.instance), to_hex(wanted.package));
    step.phase = perso::Phase::install;
    step.target = target;
    step.response_size = 1;
    step.written = 4 * 64;
    step.action = install_command(wanted);
    return step;
}

void plan_install(const perso::Order& order, const Options& options, const State& own, std::size_t target,
                  perso::Plan& plan) {
    if (options.install.empty()) return;
    if (!own.instances) {
        refuse(
            "the card manager does not tell which applications there are (no GET STATUS), so it cannot be "
            "known whether one must be installed",
            order);
    }
    for (const auto& wanted : options.install) {
        const auto* there = find(*own.instances, wanted.instance);
        if (there != nullptr && (there->life_cycle & locked_bit) != 0) {
            refuse(fmt::format("the application {} is LOCKED on this card", to_hex(wanted.instance)), order);
        }
        if (there != nullptr) continue;
        if (own.packages && find(*own.packages, wanted.package) == nullptr) {
            refuse(fmt::format("the package {} is not on this card, and applet code is not loaded here",
                               to_hex(wanted.package)),
                   order);
        }
        plan.steps.push_back(install_step(wanted, target));
        plan.look_again = true;
    }
}

void plan_life_cycle(const State& own, std::size_t target, perso::Plan& plan) {
    // a card that answers to transport keys was not touched by us yet; makers deliver OP_READY or INITIALIZED
    const auto now = own.life_cycle.value_or(CardLifeCycle::op_ready);
    if (now == CardLifeCycle::secured) return;
    if (now == CardLifeCycle::card_locked || now == CardLifeCycle::terminated) {
        throw Error{Errc::card_refused, fmt::format("the card is {}: it cannot be personalized", name(now))};
    }
    if (now == CardLifeCycle::op_ready) {
        auto step = life_cycle_step(CardLifeCycle::initialized, target);
        step.also_ok = {0x6985};  // INITIALIZED already
        plan.steps.push_back(std::move(step));
    }
    plan.steps.push_back(life_cycle_step(CardLifeCycle::secured, target));
}

}  // namespace

const keys::Keyset& issuer_keyset(const perso::Order& order, const perso::CardState& state) {
    const auto& form = state.channel.form;
    if (const auto* found = perso::find_keyset(order.keys, order.channel_keys.issuer, form)) return *found;
    const auto& other = order.keys.keyset(order.channel_keys.issuer);
    throw Error{
        Errc::keys_failed,
        fmt::format("the card speaks SCP{:02X}, which takes {} keys, and no version of keyset \"{}\" "
                    "has such; nothing was written",
                    form.protocol, form.key_type() == keys::KeyType::aes ? "AES" : "triple-DES", other.name)};
}

void plan(const perso::Order& order, const perso::CardState& state, perso::Plan& plan) {
    const Options options = read_options(order.profile);
    const State* own = state.of<State>("globalplatform");
    if (own == nullptr || !own->present) {
        refuse(fmt::format("this card has no card manager {} (SELECT: SW {:04X})",
                           to_hex(options.card_manager), own == nullptr ? 0 : own->select_sw.value()),
               order);
    }
    switch (state.channel.keys) {
        case perso::AnsweringKeys::none:
            refuse(fmt::format("the card manager offers no secure channel (INITIALIZE UPDATE: SW {:04X})",
                               own->initialize_update_sw.value()),
                   order);
        case perso::AnsweringKeys::unknown:
            throw Error{
                Errc::keys_failed,
                fmt::format(
                    "the card holds keys of version {:02X} that are neither \"{}\" nor \"{}\"; nothing "
                    "was sent that it could count as a failed attempt. Is this the right key file?",
                    state.channel.key_version, order.channel_keys.transport, order.channel_keys.issuer)};
        case perso::AnsweringKeys::transport:
        case perso::AnsweringKeys::issuer:
            break;
    }
    keys::check_level(state.channel.form, options.level);
    const std::size_t target = plan.target(target_of(order, options, state, *own));
    plan.channel_keyset = options.replace_keys ? order.channel_keys.issuer : state.channel.keyset;
    if (options.replace_keys && state.channel.keys == perso::AnsweringKeys::transport) {
        if (state.channel.key_version == factory_version && state.chip.cplc.empty()) {
            refuse(
                "this card manager can authenticate and nothing else (no GET DATA, keys reported as version "
                "FF): "
                "its keys cannot be replaced",
                order);
        }
        plan.steps.push_back(put_key_step(order, state, target));
    }
    plan_install(order, options, *own, target, plan);
    if (options.secure_card) plan_life_cycle(*own, target, plan);
}

}  // namespace kartsaz::app::globalplatform
