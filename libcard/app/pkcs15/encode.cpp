// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "keys/card_identity.h"
#include "libcard/app/pkcs15/certificate_order.h"

namespace kartsaz::app::pkcs15 {
namespace {

perso::Item item(std::string name, perso::ItemKind kind, std::string title) {
    perso::Item out;
    out.application = "pkcs15";
    out.name = std::move(name);
    out.kind = kind;
    out.title = std::move(title);
    return out;
}

perso::Item secret(const perso::Order& order, const Options& options, const char* name, const char* title) {
    auto out = item(name, perso::ItemKind::secret, title);
    const auto& keyset = order.keys.keyset(options.pin.keyset);
    out.secret = fmt::format("{} v{:02X}", keyset.name, keyset.version);
    return out;
}

}  // namespace

std::vector<perso::Item> encode(const perso::Order& order, const perso::CardState& state) {
    const Options options = read_options(order.profile);
    const State* own = state.of<State>("pkcs15");
    const bool absent = own == nullptr || own->stage == Stage::absent;
    if (absent && !options.required) return {};
    const std::string identity = keys::identity_of_card(state.chip.name, order.record.document_number);
    std::vector<perso::Item> items;
    const auto file = [&](const Layout& layout) {
        auto out = item(layout.name, perso::ItemKind::file, layout.title);
        out.fid = layout.fid;
        const SeenFile* seen = own == nullptr ? nullptr : own->file(layout.fid);
        out.content =
            static_content(layout.fid, options, identity, seen == nullptr ? ByteView{} : seen->content);
        items.push_back(std::move(out));
    };
    for (const auto& layout : static_files()) file(layout);
    file(dir_file());
    items.push_back(secret(order, options, "pin", "PIN that the card is delivered with"));
    items.push_back(secret(order, options, "puk", "PUK"));
    for (const auto& slot : options.slots) {
        auto key = item(slot.name + ".key-pair", perso::ItemKind::generated,
                        fmt::format("Key pair \"{}\", made on the card", slot.label));
        key.fid = slot.public_key_fid();
        key.content =
            to_bytes(fmt::format("{}, key reference {:02X}", keys::name(slot.algorithm), slot.reference));
        items.push_back(std::move(key));
        auto certificate = item(slot.name + ".certificate", perso::ItemKind::generated,
                                fmt::format("Certificate of the key \"{}\"", slot.label));
        certificate.fid = slot.certificate_fids().front();
        certificate.content = to_bytes(in_words(certificate_template(order, options, slot), slot, options));
        items.push_back(std::move(certificate));
    }
    return items;
}

}  // namespace kartsaz::app::pkcs15
