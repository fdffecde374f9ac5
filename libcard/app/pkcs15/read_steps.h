// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "apdu/decorator.h"
#include "keys/certificate_request.h"
#include "libcard/app/pkcs15/objects.h"
#include "libcard/app/pkcs15/read.h"

/// The steps of reading a card. Only the sources of this folder include it.
namespace kartsaz::app::pkcs15::reading {

using Facts = std::map<std::string, std::string>;

std::string sw_hex(apdu::StatusWord sw);
/// "6982 (security status not satisfied)"
std::string sw_words(apdu::StatusWord sw);

/// Ends a reading that would not end by itself: a card with thousands of objects, or one that answers with
/// one byte at a time. @throws Error{card_refused}
class Budget final : public apdu::TransportDecorator {
public:
    using TransportDecorator::TransportDecorator;
    apdu::ResponseApdu transmit(const apdu::CommandApdu& command) override;
    /// A few more commands, to leave the card as it is left after every reading.
    void grant_last() { left_ = 10; }

private:
    std::size_t left_ = 4000;                    // commands
    std::size_t bytes_ = std::size_t{1} << 20U;  // of answers; the largest chips here have a tenth of it
};

/// What a file's content ends with.
enum class Ends {
    object,  ///< the one object that it begins with
    padding  ///< any number of objects, up to padding
};

/// Selects and reads files, however this card wants them selected.
class Files {
public:
    Files(apdu::Transport& card, Facts& facts) : card_{card}, facts_{facts} {}

    /// The application's DF, from the MF: relative paths start there.
    void set_df(Bytes path) { df_ = std::move(path); }
    const Bytes& df() const { return df_; }
    /// From now on a file may be selected by its own identifier alone, wherever it stands.
    void allow_last_only() { last_allowed_ = true; }
    bool by_last_only() const { return manner_ == Manner::last_only; }

    /// Selects the file and notes its access rule as a fact. @param path  absolute, or relative to the DF
    apdu::StatusWord select(ByteView path);
    /// @param access  of the result: "plain", "PIN"
    DumpFile read(const std::string& name, const Path& path, Ends ends, const std::string& access);

private:
    enum class Manner { unknown, by_path, step_by_step, last_only };
    apdu::StatusWord select_by(Manner manner, ByteView absolute);
    apdu::StatusWord send_select(std::uint8_t p1, ByteView data);
    void note(ByteView control_information);
    apdu::StatusWord fetch(std::size_t offset, std::size_t most, Ends ends, Bytes& out);

    apdu::Transport& card_;
    Facts& facts_;
    Bytes df_;
    Manner manner_ = Manner::unknown;
    bool last_allowed_ = false;
    std::optional<std::size_t> size_;  ///< of the selected file, where the card tells it
};

/// The PIN: its state, and the one attempt that may be made.
class PinDoor {
public:
    PinDoor(apdu::Transport& card, const ReadOptions& options, Facts& facts)
        : card_{card}, options_{options}, facts_{facts} {}

    /// Says which PIN it is and how it is sent.
    void describe(const std::vector<PinObject>& objects);
    /// Asks for the state; costs the card nothing.
    void ask();
    /// Tries the PIN that may be tried. True when it was accepted.
    bool open();
    /// The same PIN again, for keys that want it before each signature.
    bool again();
    /// The state after everything, from a card that was selected anew.
    void close();

private:
    apdu::StatusWord status();
    std::optional<keys::SecretBytes> candidate();
    std::optional<keys::SecretBytes> transport_pin();
    apdu::StatusWord verify(const keys::SecretBytes& pin);
    /// How the transport PIN was made, as far as anything tells.
    std::optional<perso::TransportPin> transport_rules() const;
    /// Notes whether the PIN that the card took is the one that it was delivered with; asks the card nothing.
    void compare_with_transport(const keys::SecretBytes& pin);
    void refuse(const std::string& why);

    apdu::Transport& card_;
    const ReadOptions& options_;
    Facts& facts_;
    std::uint8_t reference_ = 0x01;
    std::size_t stored_length_ = 16;  // bytes
    bool padded_ = true;
    std::uint8_t pad_char_ = 0x00;
    std::size_t shortest_ = 0;                ///< by EF.AODF
    std::optional<std::size_t> only_length_;  ///< where EF.AODF allows no other
    std::optional<unsigned> tries_;
    std::optional<keys::SecretBytes> accepted_;
};

/// What the challenges need of the structure.
struct Slots {
    std::vector<PrivateKeyObject> keys;
    std::vector<std::optional<keys::KeyAlgorithm>> algorithms;  ///< of each; empty when not known here
    /// ECDSA of this card makes a SHA-1 hash of what it is given (IsoApplet, command set 0).
    bool hashes = false;
};

/// Signs with each key before the PIN: what a card must refuse. Facts key.<n>.plain.sw
void probe_without_pin(apdu::Transport& card, const Slots& slots, Facts& facts);
/// A random challenge to each key. @param verified  the PIN is
void challenge_keys(apdu::Transport& card, const Slots& slots, PinDoor& door, bool verified, Facts& facts);
/// Key references that EF.PrKDF does not name.
void find_orphans(apdu::Transport& card, const Slots& slots, Facts& facts);

/// SubjectPublicKeyInfo of an X.509 certificate. @throws Error{input_invalid}
Bytes key_of_certificate(ByteView certificate);

}  // namespace kartsaz::app::pkcs15::reading
