// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "apdu/bytes.h"

/// What a card must hold: the desired state. Has no key material; a secret is named.
namespace kartsaz::perso {

enum class ItemKind {
    file,       ///< an elementary file; `content` is what a reader must get
    secret,     ///< keys or passwords; `secret` names them, content stays empty
    generated,  ///< what card or issuer make (a key pair, its certificate); `content` says what was ordered
    life_cycle  ///< a state of application or card, in `secret` its name
};

struct Item {
    std::string application;  ///< "emrtd"
    std::string name;         ///< "EF.DG1", "bac-keys", "lock"
    ItemKind kind = ItemKind::file;
    std::string title;      ///< for people
    std::uint16_t fid = 0;  ///< files only
    Bytes content{};
    std::string secret{};  ///< "active-authentication v1", "SECURED"

    std::string id() const { return application + "/" + name; }
};

struct CardImage {
    std::string profile;
    std::vector<Item> items;

    const Item* find(std::string_view application, std::string_view name) const;
    /// SHA-256 over names, kinds and contents: the same card content gives the same digest.
    Bytes digest() const;
    std::size_t content_bytes() const;
};

}  // namespace kartsaz::perso
