// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "apdu/transport.h"
#include "keys/key_store.h"

/// Incoming inspection of a blank body: who it is, what it can do, whether the keys that the maker promised
/// work.
namespace kartsaz::app {

struct Inspection {
    using Field = std::pair<std::string, std::string>;
    Bytes atr;
    std::string chip;                 ///< name; empty when the card does not tell
    std::vector<Field> link;          ///< ATR decoded, block sizes
    std::vector<Field> chip_fields;   ///< CPLC decoded
    std::vector<Field> manager;       ///< card manager, secure channel, keys, life cycle
    std::vector<Field> applications;  ///< AID or name -> state
    std::string transport_keys;       ///< "yes", "no", "not asked": the maker's keys answer
    bool blank = false;  ///< transport keys answer (or there is no manager) and no file of ours is there
    std::vector<std::string> remarks;   ///< what a profile will have to do without, in words
    std::vector<std::string> profiles;  ///< shipped profiles that fit
};

/// Changes nothing on the card; authenticates only with keys that the card's own cryptogram has shown to be
/// right.
/// @param authenticate  also open the secure channel, for life cycle and registry
Inspection inspect(apdu::Transport& card, const keys::KeyStore& keys, bool authenticate = true);

}  // namespace kartsaz::app
