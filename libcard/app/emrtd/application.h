// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "keys/active_authentication.h"
#include "libcard/perso/application.h"

/// Personalizing the passport application: what the record and the profile demand of it, how it is observed,
/// the steps that write it with the commands of the JMRTD passport applet (docs/cards/passport.md).
namespace kartsaz::app::emrtd {

enum class Fingerprint { dg3, dg13, omit };

/// Options of the profile table [emrtd]; see docs/profiles.md.
struct Options {
    Bytes aid;
    bool scp03 = true;  ///< written under the card manager's secure channel
    keys::ScpLevel level = keys::ScpLevel::c_mac_c_dec;
    bool pace = true;  ///< tell readers of PACE in DG14
    Fingerprint fingerprint = Fingerprint::dg3;
    std::optional<keys::AaAlgorithm> active_authentication;
    std::string aa_keys = "active-authentication";
    bool created_file_is_selected = false;  ///< CREATE FILE also selects, ISO/IEC 7816-9, 6.3.1
    bool lock = true;
    std::size_t max_command = 0;  ///< a smaller limit than the card's own, 0 = none
};
Options read_options(const profile::Profile& profile);

/// What was seen of the application on one card.
struct State final : perso::AppState {
    bool present = false;
    apdu::StatusWord select_sw;
    bool locked = false;
    bool blank = true;                ///< none of our files is there
    std::optional<bool> takes_scp03;  ///< INITIALIZE UPDATE answered by the application; empty: not asked
    apdu::StatusWord scp03_sw;
    bool refuses_dg3 = false;              ///< SELECT of DG3 is refused for ever, as the JMRTD applet does
    std::map<std::uint16_t, Bytes> files;  ///< content, as far as it could be read, up to the wanted length
    std::map<std::uint16_t, bool> exists;
};

/// The one instance.
const perso::Application& application();

/// EF names of the image in the order they are written.
std::vector<std::string> file_order(const Options& options);

/// The Active Authentication key pair of this chip, or of this document where the chip does not tell who it
/// is.
keys::AaKeyPair aa_key(const Options& options, const keys::KeyStore& store, const perso::ChipIdentity& chip,
                       const record::Record& record);

void observe(apdu::Transport& card, const perso::Order& order, perso::CardState& state);
void look_inside(apdu::Transport& card, const perso::Order& order, perso::CardState& state);
std::vector<perso::Item> encode(const perso::Order& order, const perso::CardState& state);
void plan(const perso::Order& order, const perso::CardImage& image, const perso::CardState& state,
          perso::Plan& plan);
/// The PUT DATA steps: Active Authentication key, then BAC keys. @param target index in `plan`
void plan_secrets(const perso::Order& order, const perso::CardState& state, bool aa, bool bac,
                  std::size_t target, perso::Plan& plan);

}  // namespace kartsaz::app::emrtd
