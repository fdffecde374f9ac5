// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "apdu/command.h"
#include "apdu/transport.h"

/// What the card manager's registry tells of packages, applications and of the card itself.
/// Source: GlobalPlatform Card Specification 2.3.1, 11.4.
namespace kartsaz::app::globalplatform {

/// P1 of GET STATUS.
enum class RegistryPart : std::uint8_t {
    card = 0x80,          ///< the issuer security domain; its life cycle is the card's
    applications = 0x40,  ///< and supplementary security domains
    packages = 0x20,
    packages_with_modules = 0x10,
};

struct RegistryEntry {
    Bytes aid;
    std::uint8_t life_cycle = 0;
    Bytes privileges{};            ///< 1 or 3 bytes; empty where none are told
    std::vector<Bytes> modules{};  ///< of a package, where asked for
};

/// The E3 records of one answer. @throws Error{card_refused} naming offset and rule when it is malformed
std::vector<RegistryEntry> parse_registry(ByteView data);

/// All entries of a part, in as many answers as the card needs; empty list when there are none (6A88).
/// @returns nothing when the card does not know the command
/// @throws Error{card_refused} when an answer is malformed or the list does not end
std::optional<std::vector<RegistryEntry>> read_registry(apdu::Transport& secured, RegistryPart part);

/// GET STATUS in TLV form. @param next  P2: the answers after 6310
apdu::CommandApdu get_status(RegistryPart part, bool next = false);

}  // namespace kartsaz::app::globalplatform
