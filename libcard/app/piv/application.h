// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "libcard/app/piv/capability.h"
#include "libcard/app/piv/commands.h"
#include "libcard/app/piv/options.h"
#include "libcard/perso/application.h"

/// Personalizing the PIV application: management key, PIN and PUK, four key pairs made on the card with their
/// certificates, and the signed objects of SP 800-73-4. Facts: docs/cards/piv.md.
namespace kartsaz::app::piv {

enum class Stage {
    absent,   ///< there is no such application
    blank,    ///< management key, PIN and PUK are the maker's
    begun,    ///< the management key is ours, and the card was never finished
    complete  ///< the CCC is ours: it was finished once, and the PIN may be the holder's own
};

/// Whose management key (9B) the card has.
struct Management {
    enum class Owner { unknown, factory, issuer };
    Owner owner = Owner::unknown;
    std::uint8_t algorithm = 0x03;
    std::uint8_t version = 0;  ///< of the issuer's keyset that answered
};

/// What the card tells of one key pair.
struct SeenKey {
    std::optional<keys::KeyAlgorithm> algorithm;
    Bytes public_key;  ///< SubjectPublicKeyInfo; empty: not told
    bool imported = false;
};

/// The objects of one card as they must be; made once, when the card was looked at.
struct Contents {
    std::map<std::uint16_t, Bytes> values;  ///< by container id; without certificates
    Bytes fascn, guid;
    std::string uuid;                   ///< of the GUID, "urn:uuid:.."
    std::vector<std::string> left_out;  ///< in words
    std::string shrunk;                 ///< the photo, in words; empty: it is as in the record
    bool kept = false;    ///< the CHUID on the card stands for all that is behind the PIN, too: as new
    std::string refusal;  ///< why the card cannot be written; empty: it can
};

/// What was seen of the application on one card.
struct State final : perso::AppState {
    apdu::CommandApdu select;  ///< the form that the card takes
    apdu::StatusWord select_sw;
    std::size_t select_response = 0;  ///< bytes
    PropertyTemplate property;
    std::string version;
    Capability capability;
    std::optional<Metadata> management_data, pin_data, puk_data;  ///< where the card has metadata
    apdu::StatusWord pin_sw;                                      ///< of the empty VERIFY, without metadata
    Bytes discovery;                                              ///< value; empty: none
    std::map<std::uint16_t, Bytes> objects;  ///< values of those that can be read without PIN
    std::map<std::uint8_t, SeenKey> keys;
    Management management;
    Stage stage = Stage::absent;
    Contents contents;

    /// Null when the object is not there or cannot be read without PIN.
    const Bytes* object(std::uint16_t container) const;
    std::optional<unsigned> pin_tries() const;
    unsigned full_pin_tries() const;
    bool has_metadata() const { return management_data.has_value(); }
    /// Keys and objects, in words, that no maker leaves: "key 9D", "retired certificate 1". Of those that
    /// were looked at.
    std::vector<std::string> issued() const;
};

/// Certificates and what is somebody's own: printed information, face, fingerprints, iris, security object.
/// Makers leave CHUID, CCC, key history, discovery object, and key F9 with its certificate.
bool is_issued(const Container& container);
/// "key 9D, retired certificate 1"; after the first few: "and 3 more".
std::string in_words(const std::vector<std::string>& things);
/// Every key of 9A, 9C, 9D, 9E and 82 to 95 that the metadata tell of, into `own.keys`.
void ask_keys(apdu::Transport& card, State& own);

/// The one instance.
const perso::Application& application();

void observe(apdu::Transport& card, const perso::Order& order, perso::CardState& state);
void look_inside(apdu::Transport& card, const perso::Order& order, perso::CardState& state);
std::vector<perso::Item> encode(const perso::Order& order, const perso::CardState& state);
void plan(const perso::Order& order, const perso::CardImage& image, const perso::CardState& state,
          perso::Plan& plan);

}  // namespace kartsaz::app::piv
