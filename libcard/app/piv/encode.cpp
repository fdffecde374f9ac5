// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "libcard/app/piv/certificate_order.h"
#include "libcard/app/piv/containers.h"

namespace kartsaz::app::piv {
namespace {

perso::Item item_of(std::string name, perso::ItemKind kind, std::string title) {
    perso::Item out;
    out.application = "piv";
    out.name = std::move(name);
    out.kind = kind;
    out.title = std::move(title);
    return out;
}

std::string hyphened(std::string name) {
    for (auto& c : name) {
        if (c == ' ') c = '-';
    }
    return name;
}

perso::Item secret_item(const perso::Order& order, const std::string& keyset, const char* name,
                        const char* title) {
    auto out = item_of(name, perso::ItemKind::secret, title);
    const auto& found = order.keys.keyset(keyset);
    out.secret = fmt::format("{} v{:02X}", found.name, found.version);
    return out;
}

}  // namespace

std::vector<perso::Item> encode(const perso::Order& order, const perso::CardState& state) {
    const Options options = read_options(order.profile);
    const State* own = state.of<State>("piv");
    if (own == nullptr || own->stage == Stage::absent) return {};
    std::vector<perso::Item> items;
    for (const auto& [id, value] : own->contents.values) {
        const auto& container = *container_of_id(id);
        auto out = item_of(hyphened(container.name), perso::ItemKind::file,
                           fmt::format("PIV {} ({:X})", container.name, container.tag));
        out.fid = id;
        out.content = value;
        items.push_back(std::move(out));
    }
    items.push_back(secret_item(order, options.management_keyset, "management-key", "Management key 9B"));
    items.push_back(secret_item(order, options.pin.keyset, "pin", "PIN that the card is delivered with"));
    items.push_back(secret_item(order, options.pin.keyset, "puk", "PUK"));
    for (const auto& slot : options.slots) {
        auto key = item_of(slot.name + ".key-pair", perso::ItemKind::generated,
                           fmt::format("Key pair {:02X}, made on the card", slot.reference));
        key.fid = slot.reference;
        key.content = to_bytes(keys::name(slot.algorithm));
        items.push_back(std::move(key));
        auto certificate = item_of(slot.name + ".certificate", perso::ItemKind::generated,
                                   fmt::format("Certificate of the key {:02X}", slot.reference));
        certificate.fid = slot.container;
        certificate.content =
            to_bytes(in_words(certificate_template(order, options, own->contents, slot), slot, options));
        items.push_back(std::move(certificate));
    }
    return items;
}

}  // namespace kartsaz::app::piv
