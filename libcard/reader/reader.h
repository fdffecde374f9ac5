// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "apdu/transport.h"

/// Ways to reach a card. Knows nothing of what is on it.
namespace kartsaz::reader {

struct ReaderStatus {
    std::string name;    ///< what --reader takes
    unsigned index = 0;  ///< its number in the list
    bool card_present = false;
    bool in_use = false;   ///< held by another program
    Bytes atr;             ///< empty without a card
    std::string protocol;  ///< "T=1", "T=0", "" when not known
};

/// The PC/SC readers. @throws Error{reader_failed} with API name and code when pcscd does not answer
std::vector<ReaderStatus> list_pcsc_readers();

/// Calls `event` for the first list and again at each change (reader or card comes or goes, pcscd stops or
/// comes back), until it returns false. Waits by status-change events, not by polling.
struct WatchEvent {
    enum class Kind { reader_added, reader_removed, card_inserted, card_removed, service_lost, service_back };
    Kind kind;
    ReaderStatus reader;
};
void watch_pcsc_readers(const std::function<bool(const WatchEvent&)>& event,
                        const std::function<bool()>& keep_going);

/// Opens the card that `selector` names:
///   sim:FILE      a simulated body in this process (created by `kartsaz sim new`)
///   replay:FILE   a transcript, strict both ways
///   vpcd:PORT     listens like pcscd's virtual reader and takes the first card that connects
///   pcsc:NAME     the reader of exactly this name
///   a number, or a part of a PC/SC reader's name that only one reader has, or only one with a card
///   empty         the only PC/SC reader with a card
/// The card is connected exclusively, in one transaction, and reset when the transport is destroyed.
/// 61xx and 6Cxx are not handled here; put an apdu::Exchanger before it.
/// @param wait  for a reader, for a card in it, and for the card to be let go by another program
/// @throws Error{usage} for an ambiguous or malformed selector, with the list; Error{reader_failed}
std::unique_ptr<apdu::Transport> open_card(const std::string& selector,
                                           std::chrono::milliseconds wait = std::chrono::milliseconds{0});

}  // namespace kartsaz::reader
