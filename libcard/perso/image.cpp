// SPDX-License-Identifier: Apache-2.0
#include "libcard/perso/image.h"

#include "keys/crypto.h"

namespace kartsaz::perso {
namespace {

/// Length before each part, so that no two lists of parts give the same bytes.
void put(Bytes& out, ByteView part) {
    append(out, big_endian(part.size(), 4));
    append(out, part);
}

}  // namespace

const Item* CardImage::find(std::string_view application, std::string_view name) const {
    for (const auto& item : items) {
        if (item.application == application && item.name == name) return &item;
    }
    return nullptr;
}

Bytes CardImage::digest() const {
    Bytes all;
    put(all, to_bytes(profile));
    for (const auto& item : items) {
        put(all, to_bytes(item.id()));
        all.push_back(static_cast<std::uint8_t>(item.kind));
        put(all, item.content);
        put(all, to_bytes(item.secret));
    }
    return keys::sha256(all);
}

std::size_t CardImage::content_bytes() const {
    std::size_t total = 0;
    for (const auto& item : items) total += item.content.size();
    return total;
}

}  // namespace kartsaz::perso
