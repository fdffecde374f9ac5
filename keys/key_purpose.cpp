// SPDX-License-Identifier: Apache-2.0
#include "keys/key_purpose.h"

#include <fmt/format.h>

#include <algorithm>

#include "apdu/error.h"

namespace kartsaz::keys {
namespace {

struct Facts {
    KeyPurpose purpose;
    std::string_view name, words;
    std::vector<std::string> roles;
};

const Facts& facts(KeyPurpose purpose) {
    static const std::vector<Facts> all{
        {KeyPurpose::secure_channel, "channel", "secure channel", {"enc", "mac", "dek"}},
        {KeyPurpose::active_authentication, "aa", "Active Authentication", {"aa"}},
        {KeyPurpose::holder_numbers, "pin", "PIN and PUK", {"pin", "puk"}},
        {KeyPurpose::key_blocks, "kbpk", "key blocks", {"kbpk"}},
        {KeyPurpose::card_management, "management", "card management", {"management"}},
    };
    for (const auto& entry : all) {
        if (entry.purpose == purpose) return entry;
    }
    throw Error{Errc::internal, "unknown key purpose"};
}

}  // namespace

std::string_view name(KeyPurpose purpose) {
    return facts(purpose).name;
}

std::string_view in_words(KeyPurpose purpose) {
    return facts(purpose).words;
}

const std::vector<std::string>& roles_of(KeyPurpose purpose) {
    return facts(purpose).roles;
}

std::optional<KeyPurpose> purpose_of(const std::vector<std::string>& roles) {
    for (const auto purpose : all_key_purposes) {
        const auto& wanted = roles_of(purpose);
        if (std::is_permutation(wanted.begin(), wanted.end(), roles.begin(), roles.end())) return purpose;
    }
    return std::nullopt;
}

std::optional<KeyPurpose> purpose_of(const Keyset& keyset) {
    std::vector<std::string> roles;
    if (keyset.held) roles = keyset.held->roles();
    for (const auto& entry : keyset.keys) roles.push_back(entry.first);
    return purpose_of(roles);
}

std::string key_misfit(KeyPurpose purpose, KeyType type, Diversification scheme, std::size_t size) {
    if (has_des_masters(scheme)) {
        if (size != 16) return fmt::format("{} bytes; a master of {} has 16", size, name(scheme));
    } else if (type == KeyType::des3) {
        if (size != 16 && size != 24) return fmt::format("{} bytes; a triple-DES key has 16 or 24", size);
    } else if (size != 16 && size != 24 && size != 32) {
        return fmt::format("{} bytes; an AES key has 16, 24 or 32", size);
    }
    if (scheme == Diversification::kdf3 && type != KeyType::aes)
        return "\"kdf3\" goes with type \"aes\" only";
    const bool plain = type == KeyType::aes && scheme == Diversification::none;
    if (purpose == KeyPurpose::active_authentication && !plain) {
        return "an aa key has type \"aes\" and diversification \"none\"";
    }
    if (purpose == KeyPurpose::holder_numbers && !plain) {
        return "pin and puk keys have type \"aes\" and diversification \"none\"";
    }
    if (purpose == KeyPurpose::card_management && !plain) {
        return "a management key has type \"aes\" and diversification \"none\"";
    }
    if (purpose == KeyPurpose::key_blocks && scheme != Diversification::none) {
        return "a kbpk has diversification \"none\"";
    }
    return {};
}

}  // namespace kartsaz::keys
