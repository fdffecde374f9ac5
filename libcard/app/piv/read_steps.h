// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>

#include "apdu/decorator.h"
#include "keys/certificate_request.h"
#include "libcard/app/piv/commands.h"
#include "libcard/app/piv/key_facts.h"
#include "libcard/app/piv/read.h"

/// The steps of reading a card. Only the sources of this folder include it.
namespace kartsaz::app::piv::reading {

std::string sw_hex(apdu::StatusWord sw);
/// "6982 (security status not satisfied)"
std::string sw_words(apdu::StatusWord sw);

/// Ends a reading that would not end by itself, also one of GET RESPONSE alone. @throws Error{card_refused}
class Budget final : public apdu::TransportDecorator {
public:
    using TransportDecorator::TransportDecorator;
    apdu::ResponseApdu transmit(const apdu::CommandApdu& command) override;
    /// A few more commands, to leave the card as it is left after every reading.
    void grant_last();

private:
    std::size_t left_ = 5000;                    // commands
    std::size_t bytes_ = std::size_t{1} << 21U;  // of answers; four times the largest chip here
};

/// The metadata of a PIN, PUK or key; empty when the card does not tell.
std::optional<Metadata> ask_metadata(apdu::Transport& card, std::uint8_t reference);

/// The PIN: its state, and the one attempt that may be made.
class PinDoor {
public:
    PinDoor(apdu::Transport& card, const ReadOptions& options, Facts& facts)
        : card_{card}, options_{options}, facts_{facts} {}

    /// Asks for the state; costs the card nothing. @param told  metadata of the PIN
    void ask(const std::optional<Metadata>& told);
    /// Tries the PIN that may be tried. True when it was accepted.
    bool open();
    /// The same PIN again, for keys that want it before each use.
    bool again();
    /// The state after everything, from a card that was selected anew.
    void close();

private:
    std::optional<keys::SecretBytes> candidate();
    std::optional<keys::SecretBytes> transport_pin();
    /// The delivered PIN, where keys and identity are known. @throws Error{keys_failed}
    std::optional<keys::SecretBytes> delivered() const;
    void compare_with_transport(const keys::SecretBytes& pin);
    void refuse(const std::string& why);
    perso::TransportPin rules() const { return options_.transport_pin.value_or(perso::TransportPin{}); }

    apdu::Transport& card_;
    const ReadOptions& options_;
    Facts& facts_;
    std::optional<unsigned> tries_;
    std::optional<unsigned> full_;
    bool makers_ = false;  ///< the card says that it is still as the maker set it
    std::optional<keys::SecretBytes> accepted_;
};

/// What is known of a key before it is used.
struct Slot {
    std::uint8_t reference = 0;
    std::optional<keys::KeyAlgorithm> algorithm;
    std::string obstacle;  ///< why it cannot be challenged, in words; empty: it can
};
/// Every reference with a certificate in `out` or a key that the card tells; facts of metadata are noted.
std::vector<Slot> find_slots(apdu::Transport& card, DumpApplication& out);
/// Uses each key before the PIN: facts key.<ref>.plain.sw, and the whole proof where it was allowed.
void challenge_without_pin(apdu::Transport& card, const std::vector<Slot>& slots, Facts& facts);
/// The rest of them. @param verified  the PIN is
void challenge_with_pin(apdu::Transport& card, const std::vector<Slot>& slots, PinDoor& door, bool verified,
                        Facts& facts);

/// VERIFY, whatever comes of it.
apdu::StatusWord verify_pin(apdu::Transport& card, const keys::SecretBytes& pin);

/// Of the management key; a card gives a witness for no other, and to ask for one is not a try.
std::optional<std::uint8_t> find_management_algorithm(apdu::Transport& card);
/// One mutual proof, after which the administration is open; the cards here count no failures of it.
bool proves_management(apdu::Transport& card, std::uint8_t algorithm, const keys::SecretBytes& key);
/// Whose the management key is. @param told  metadata of 9B
void read_management(apdu::Transport& card, const ReadOptions& options, const std::optional<Metadata>& told,
                     Facts& facts);

}  // namespace kartsaz::app::piv::reading
