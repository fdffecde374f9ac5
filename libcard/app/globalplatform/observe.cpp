// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "apdu/error.h"
#include "apdu/iso7816.h"
#include "apdu/tlv.h"
#include "libcard/app/globalplatform/application.h"
#include "libcard/app/globalplatform/manager.h"
#include "libcard/perso/secure_session.h"

namespace kartsaz::app::globalplatform {
namespace {

std::string keys_in_words(const perso::KeyProbe& probe) {
    switch (probe.keys) {
        case perso::AnsweringKeys::none:
            return fmt::format("none (SW {:04X})", probe.sw.value());
        case perso::AnsweringKeys::unknown:
            return fmt::format("version {:02X}: none of our keysets", probe.answer.key_version);
        case perso::AnsweringKeys::transport:
        case perso::AnsweringKeys::issuer:
            return fmt::format("version {:02X}: keyset \"{}\"", probe.answer.key_version, probe.keyset);
    }
    return {};
}

}  // namespace

std::string chip_name(ByteView cplc) {
    if (cplc.size() != cplc_size) return {};
    const ByteView serial = cplc.subspan(12, 4);
    if (big_endian(serial) == 0) return {};
    return fmt::format("{}-{}-{}-{}-{}", to_hex(cplc.subspan(0, 2)), to_hex(cplc.subspan(2, 2)),
                       to_hex(cplc.subspan(10, 2)), to_hex(cplc.subspan(16, 2)), to_hex(serial));
}

Bytes read_cplc(apdu::Transport& card) {
    static constexpr std::array<std::uint16_t, 9> not_there{0x6A80, 0x6A81, 0x6A82, 0x6A86, 0x6A88,
                                                            0x6B00, 0x6D00, 0x6E00, 0x6985};
    const auto response = card.transmit(apdu::get_data(0x9F7F, 0x80));
    const auto refuse = [&](const std::string& why) {
        throw Error{Errc::card_refused,
                    fmt::format("GET DATA 9F7F (who the chip is): {}; try the card again", why), response.sw};
    };
    if (std::ranges::find(not_there, response.sw.value()) != not_there.end()) return {};
    if (!response.sw.ok()) {
        refuse(fmt::format("SW {:04X} ({})", response.sw.value(), apdu::describe(response.sw)));
    }
    // most cards answer with the tag, some with the bare value
    if (response.data.size() == cplc_size) return response.data;
    const auto object = apdu::find_tlv(response.data, 0x9F7F, "CPLC");
    if (!object || object->value.size() != cplc_size) refuse("not 42 bytes of CPLC data");
    return Bytes(object->value.begin(), object->value.end());
}

std::optional<CardLifeCycle> read_life_cycle(apdu::Transport& secured) {
    const auto entries = read_registry(secured, RegistryPart::card);
    if (!entries || entries->empty()) return std::nullopt;
    return static_cast<CardLifeCycle>(entries->front().life_cycle);
}

namespace {

/// SELECT without Le, which leaves the FCI on the card; cards that insist on it are asked again.
apdu::ResponseApdu select_manager(apdu::Transport& card, const Bytes& aid, State& own) {
    own.select = apdu::select_aid(aid);
    own.select.ne.reset();
    auto response = card.transmit(own.select);
    if (response.sw.value() == 0x6700) {
        own.select = apdu::select_aid(aid);
        response = card.transmit(own.select);
    }
    own.select_sw = response.sw;
    own.fci_size = response.data.size();
    // 6283: the card is CARD_LOCKED, and the card manager is selected all the same
    own.present = response.sw.ok() || response.sw.value() == 0x6283;
    return response;
}

}  // namespace

void observe(apdu::Transport& card, const perso::Order& order, perso::CardState& state) {
    const Options options = read_options(order.profile);
    auto own = std::make_unique<State>();
    select_manager(card, options.card_manager, *own);
    if (!own->present) {
        state.facts["card manager"] =
            fmt::format("none ({}: SW {:04X})", to_hex(options.card_manager), own->select_sw.value());
        state.applications["globalplatform"] = std::move(own);
        return;
    }
    state.chip.cplc = read_cplc(card);
    state.chip.name = chip_name(state.chip.cplc);

    const auto probe = perso::probe_keys(card, order.keys, order.channel_keys, 0x00, options.card_manager);
    own->initialize_update_sw = probe.sw;
    if (probe.sw.ok()) {
        state.chip.kdd = probe.answer.kdd;
        state.channel = {probe.keys, probe.keyset, probe.answer.key_version, probe.answer.form(),
                         probe.raw.size()};
        state.pending = perso::PendingHandshake{options.card_manager, probe.host_challenge, probe.raw};
        state.facts["secure channel"] =
            keys::in_words(probe.answer.form()) +
            (probe.challenge_ok == false ? ", but the card's challenge is not the one that i tells of" : "");
    }
    state.facts["card manager"] = to_hex(options.card_manager);
    state.facts["keys"] = keys_in_words(probe);
    state.applications["globalplatform"] = std::move(own);
}

/// A card that answers to its own keys was worked on before: how far its life cycle went is asked in the
/// channel. Where instances are to be made, the registry of every card is asked for those that it has.
void look_inside(apdu::Transport& card, const perso::Order& order, perso::CardState& state) {
    const Options options = read_options(order.profile);
    const bool issuer = state.channel.keys == perso::AnsweringKeys::issuer;
    const bool transport = state.channel.keys == perso::AnsweringKeys::transport;
    if (!issuer && !(transport && !options.install.empty())) return;
    keys::check_level(state.channel.form, options.level);
    const perso::ScpUse use{state.channel.keyset, 0, options.level};
    auto secured = perso::enter_channel(card, order.keys, options.card_manager, use, state);
    auto* own = dynamic_cast<State*>(state.applications.at("globalplatform").get());
    own->life_cycle = read_life_cycle(*secured);
    if (own->life_cycle) state.facts["life cycle"] = std::string{name(*own->life_cycle)};
    if (options.install.empty()) return;
    own->instances = read_registry(*secured, RegistryPart::applications);
    own->packages = read_registry(*secured, RegistryPart::packages);
}

}  // namespace kartsaz::app::globalplatform
