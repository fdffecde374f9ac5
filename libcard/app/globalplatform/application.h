// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "apdu/command.h"
#include "libcard/app/globalplatform/install.h"
#include "libcard/app/globalplatform/registry.h"
#include "libcard/perso/application.h"

/// The card manager (issuer security domain): who the chip is, which keys it answers to, the change from
/// transport to issuer keys, the card's life cycle. Source: GlobalPlatform Card Specification 2.3.1;
/// Amendment D 1.1.1.
namespace kartsaz::app::globalplatform {

/// Card life cycle. Source: GPCS 2.3.1, 11.1.1, table 11-6.
enum class CardLifeCycle : std::uint8_t {
    op_ready = 0x01,
    initialized = 0x07,
    secured = 0x0F,
    card_locked = 0x7F,
    terminated = 0xFF,
};
std::string_view name(CardLifeCycle state);

struct State final : perso::AppState {
    bool present = false;
    apdu::StatusWord select_sw;
    apdu::StatusWord initialize_update_sw;
    apdu::CommandApdu select;                 ///< the form of SELECT that the card took
    std::size_t fci_size = 0;                 ///< bytes of FCI it answered with
    std::optional<CardLifeCycle> life_cycle;  ///< known only where the card was looked into
    /// Where the profile wants instances and the card was looked into; empty: it does not tell.
    std::optional<std::vector<RegistryEntry>> instances, packages;
};

/// Options of the profile table [globalplatform]; see docs/profiles.md.
struct Options {
    Bytes card_manager;
    keys::ScpLevel level = keys::ScpLevel::c_mac_c_dec;
    bool replace_keys = true;
    bool secure_card = true;
    std::vector<InstallOption> install;
};
Options read_options(const profile::Profile& profile);

/// The security level of a profile option: "01", "03", "11", "13", "33".
keys::ScpLevel level_option(const profile::Section& section, std::string_view key, std::string_view fallback);

/// The one instance.
const perso::Application& application();

/// Chip identity in the form of a file name from CPLC data (42 bytes: IC fabricator, type, fabrication date,
/// serial number, batch identifier). Empty when the bytes are no CPLC or the serial number is all zero.
std::string chip_name(ByteView cplc);

/// The CPLC of the selected card manager; empty when it says that it has none.
/// @throws Error{card_refused} for any other answer: a chip must not be taken for a nameless one by a fault
Bytes read_cplc(apdu::Transport& card);

}  // namespace kartsaz::app::globalplatform
