// SPDX-License-Identifier: Apache-2.0
// DELETE of keys. Source: GPCS 2.3.1, 11.2.
#include <algorithm>

#include "libcard/sim/card_manager.h"

namespace kartsaz::sim {

/// By version only (tag D2), all keys of it. The last keyset stays: the card would be lost.
Answer CardManager::delete_key(const Command& command) {
    if (!command.access.at_least(0x01)) return refuse(0x6982);
    if (chip_.state.life_cycle == card_locked) return refuse(0x6985);
    if (command.p1 != 0x00 || command.p2 != 0x00) return refuse(0x6A86);
    const auto version = find_object(command.data, 0xD2);
    if (!version || version->size() != 1 || find_object(command.data, 0xD0)) return refuse(0x6A80);
    auto& keysets = chip_.state.keysets;
    const auto gone = std::find_if(keysets.begin(), keysets.end(),
                                   [&](const Keyset& keyset) { return keyset.version == version->front(); });
    if (gone == keysets.end()) return refuse(0x6A88);
    if (keysets.size() == 1) return refuse(0x6985);
    keysets.erase(gone);
    chip_.changed = true;
    chip_.meter.write_page();
    return {Bytes{0x00}};
}

}  // namespace kartsaz::sim
