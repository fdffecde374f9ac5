// SPDX-License-Identifier: Apache-2.0
#include "libcard/app/globalplatform/application.h"

#include <fmt/format.h>

#include "libcard/app/globalplatform/manager.h"

namespace kartsaz::app::globalplatform {
namespace {

constexpr std::string_view isd_aid = "A000000151000000";

class GlobalPlatform final : public perso::Application {
public:
    std::string_view name() const override { return "globalplatform"; }

    void check(const profile::Profile& profile) const override { read_options(profile); }

    void observe(apdu::Transport& card, const perso::Order& order, perso::CardState& state) const override {
        globalplatform::observe(card, order, state);
    }

    void look_inside(apdu::Transport& card, const perso::Order& order,
                     perso::CardState& state) const override {
        globalplatform::look_inside(card, order, state);
    }

    std::vector<perso::Item> encode(const perso::Order& order, const perso::CardState& state) const override {
        const Options options = read_options(order.profile);
        std::vector<perso::Item> items;
        if (options.replace_keys) {
            perso::Item item;
            item.application = name();
            item.name = "issuer-keys";
            item.kind = perso::ItemKind::secret;
            item.title = "Secure channel keys of this chip";
            const auto& keyset = issuer_keyset(order, state);
            item.secret = fmt::format("{} v{:02X}", keyset.name, keyset.version);
            items.push_back(std::move(item));
        }
        for (const auto& wanted : options.install) {
            perso::Item item;
            item.application = name();
            item.name = to_hex(wanted.instance);
            item.kind = perso::ItemKind::life_cycle;
            item.title = fmt::format("Instance of {}", to_hex(wanted.module));
            item.secret = "SELECTABLE";
            items.push_back(std::move(item));
        }
        if (options.secure_card) {
            perso::Item item;
            item.application = name();
            item.name = "card-state";
            item.kind = perso::ItemKind::life_cycle;
            item.title = "Card life cycle";
            item.secret = globalplatform::name(CardLifeCycle::secured);
            items.push_back(std::move(item));
        }
        return items;
    }

    void plan(const perso::Order& order, const perso::CardImage&, const perso::CardState& state,
              perso::Plan& plan) const override {
        globalplatform::plan(order, state, plan);
    }
};

}  // namespace

std::string_view name(CardLifeCycle state) {
    switch (state) {
        case CardLifeCycle::op_ready:
            return "OP_READY";
        case CardLifeCycle::initialized:
            return "INITIALIZED";
        case CardLifeCycle::secured:
            return "SECURED";
        case CardLifeCycle::card_locked:
            return "CARD_LOCKED";
        case CardLifeCycle::terminated:
            return "TERMINATED";
    }
    return "unknown";
}

keys::ScpLevel level_option(const profile::Section& section, std::string_view key,
                            std::string_view fallback) {
    const std::string value = section.choice(key, fallback, {"01", "03", "11", "13", "33"});
    return static_cast<keys::ScpLevel>(from_hex(value).front());
}

Options read_options(const profile::Profile& profile) {
    const auto& section = profile.section("globalplatform");
    Options options;
    options.card_manager = section.bytes("card_manager", isd_aid, 5, 16);
    options.level = level_option(section, "level", "03");
    options.replace_keys = section.flag("replace_keys", true);
    options.secure_card = section.choice("card_state", "SECURED", {"SECURED", "unchanged"}) == "SECURED";
    options.install = parse_install(section.text("install", ""),
                                    fmt::format("profile {}: [globalplatform] install", profile.source));
    return options;
}

apdu::CommandApdu set_card_status(CardLifeCycle state) {
    return {.cla = 0x80, .ins = 0xF0, .p1 = 0x80, .p2 = static_cast<std::uint8_t>(state), .data = {}};
}

apdu::CommandApdu put_key_header(std::uint8_t replaced) {
    return {.cla = 0x80, .ins = 0xD8, .p1 = replaced, .p2 = 0x81, .data = {}, .ne = 256};
}

const perso::Application& application() {
    static const GlobalPlatform instance;
    return instance;
}

}  // namespace kartsaz::app::globalplatform
