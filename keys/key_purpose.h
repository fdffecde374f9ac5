// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "keys/keyset.h"

/// What a keyset is for, which its roles say.
namespace kartsaz::keys {

enum class KeyPurpose {
    secure_channel,         ///< enc, mac, dek
    active_authentication,  ///< aa
    holder_numbers,         ///< pin, puk
    key_blocks,             ///< kbpk: the transport key of key blocks
    card_management         ///< management: the masters of PIV cards' management keys
};
inline constexpr KeyPurpose all_key_purposes[] = {
    KeyPurpose::secure_channel, KeyPurpose::active_authentication, KeyPurpose::holder_numbers,
    KeyPurpose::key_blocks, KeyPurpose::card_management};

/// "channel", "aa", "pin", "kbpk", "management", as the command line says it.
std::string_view name(KeyPurpose purpose);
/// "secure channel", "Active Authentication", "PIN and PUK", "key blocks", "card management".
std::string_view in_words(KeyPurpose purpose);
/// All of them must be there, and no other.
const std::vector<std::string>& roles_of(KeyPurpose purpose);
std::optional<KeyPurpose> purpose_of(const std::vector<std::string>& roles);
std::optional<KeyPurpose> purpose_of(const Keyset& keyset);

/// Empty when a master of this many bytes can be in such a keyset, else the rule that it breaks. Type and
/// diversification are judged, too.
std::string key_misfit(KeyPurpose purpose, KeyType type, Diversification scheme, std::size_t size);

}  // namespace kartsaz::keys
