// SPDX-License-Identifier: Apache-2.0
// Objects written; what all steps share.
#include "libcard/app/piv/plan_steps.h"

#include <fmt/format.h>

#include <algorithm>

#include "keys/card_identity.h"
#include "libcard/app/piv/key_commands.h"

namespace kartsaz::app::piv {

Steps::Steps(const perso::Order& order, const perso::CardState& card, const State& own,
             const Options& options, perso::Plan& plan)
    : order_{order},
      own_{own},
      options_{options},
      plan_{plan},
      timing_{perso::timing_of(card.atr, order.profile.section("timing"))},
      identity_{keys::identity_of_card(card.chip.name, order.record.document_number)},
      chip_{keys::card_name(card.chip.name, order.record.document_number)},
      block_{own.capability.block} {
    perso::Target target;
    target.application = "PIV application";
    target.aid = own.select.data;
    target.select = own.select;
    target.select_response = own.select_response;
    target_ = plan.target(target);
}

perso::Step Steps::step(const std::string& id, std::string label) const {
    perso::Step out;
    out.id = "piv/" + id;
    out.label = std::move(label);
    out.phase = perso::Phase::secrets;
    out.target = target_;
    out.upkeep = upkeep_;
    return out;
}

void Steps::put(std::uint16_t container, ByteView value, const std::string& what) {
    const auto& object = *container_of_id(container);
    auto parts = put_data(object, value, block_);
    auto write = step(fmt::format("{}/{}", object.name, what),
                      fmt::format("{}: {}, {} bytes{}", object.name, what, value.size(),
                                  parts.size() == 1 ? "" : fmt::format(" in {} commands", parts.size())));
    write.written = std::max<std::size_t>(value.size(), 1);
    if (parts.size() == 1) {
        write.action = std::move(parts.front());
    } else {
        // the card keeps an object when its last part has come, so a chain is one step
        perso::LateCommands chain{parts, {}};
        chain.make = [parts](perso::Learned&, const perso::Services&) { return parts; };
        write.action = std::move(chain);
    }
    add(std::move(write));
}

std::uint8_t management_algorithm(const Options& options, const State& own) {
    if (options.management_algorithm) return *options.management_algorithm;
    const bool lengths =
        own.property.announces(algorithm_aes_192) && own.property.announces(algorithm_aes_256);
    return lengths ? std::uint8_t{algorithm_aes_256} : own.management.algorithm;
}

Bytes public_key_of(const SlotWork& work, const perso::Learned& learned) {
    const auto found = learned.find(public_key_item(work.slot));
    return found == learned.end() ? work.public_key : found->second;
}

std::string public_key_item(const Slot& slot) {
    return fmt::format("piv/{}.public-key", slot.name);
}

}  // namespace kartsaz::app::piv
