// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "keys/certificate_source.h"
#include "libcard/app/pkcs15/commands.h"
#include "libcard/app/pkcs15/options.h"
#include "libcard/perso/application.h"

/// Personalizing the signature application: PIN and PUK, key pairs made on the card, their certificates, and
/// the files of ISO/IEC 7816-15 that lead others' software to them. Facts: docs/cards/signature.md.
namespace kartsaz::app::pkcs15 {

/// A file as SELECT and READ BINARY show it.
struct SeenFile {
    std::size_t size = 0;  ///< allocated bytes
    Bytes content;         ///< as far as it could be read
};

enum class Stage {
    absent,    ///< there is no such application
    blank,     ///< no file, no PIN
    begun,     ///< by us, and not finished
    complete,  ///< it was finished once, by us
    foreign    ///< others' structure, or a PIN or PUK without any
};

/// What was seen of the application on one card.
struct State final : perso::AppState {
    apdu::StatusWord select_sw;
    std::size_t select_response = 0;  ///< bytes; command set 0 tells its version there
    std::optional<AppletVersion> version;
    apdu::StatusWord pin_sw;                  ///< of the empty VERIFY
    bool extended = false;                    ///< commands of extended length go through
    std::size_t block = 255;                  ///< largest command data, a channel's share not taken off
    Bytes df_template;                        ///< answer to SELECT of DF 5015; empty: it is not there
    bool puk_is_set = false;                  ///< asked only while there is no PIN
    std::map<std::uint16_t, SeenFile> files;  ///< looked for among ours; those that are there
    Stage stage = Stage::absent;

    bool pin_is_set() const { return !pin_sw.ok(); }
    /// Tries left; 0 when blocked.
    unsigned tries() const { return pin_sw.tries_left().value_or(0); }
    const SeenFile* file(std::uint16_t fid) const;
    /// EF.PrKDF, EF.PuKDF or EF.CDF; where a change of it was torn, as it was before the change.
    Bytes directory(std::uint16_t fid) const;
};

/// Where a directory with objects of the holder's is copied to while it is changed, so that no tear loses
/// them.
constexpr std::uint16_t copy_of(std::uint16_t directory) {
    return static_cast<std::uint16_t>(directory + 0x0080);
}

/// The one instance.
const perso::Application& application();

void observe(apdu::Transport& card, const perso::Order& order, perso::CardState& state);
void look_inside(apdu::Transport& card, const perso::Order& order, perso::CardState& state);
std::vector<perso::Item> encode(const perso::Order& order, const perso::CardState& state);
void plan(const perso::Order& order, const perso::CardImage& image, const perso::CardState& state,
          perso::Plan& plan);

}  // namespace kartsaz::app::pkcs15
