// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "apdu/error.h"
#include "apdu/transport.h"
#include "libcard/reader/reader.h"

/// What pcsc.cpp, the one file that sees winscard.h, offers to the rest of this room.
namespace kartsaz::reader {

/// The error of a PC/SC return code: card_removed for a card that was reset, taken out or lost power,
/// otherwise reader_failed. what() has API name, hex code, its text, the reader's name and, where one is
/// known, advice.
Error pcsc_error(const std::string& api, long code, const std::string& reader = {});

/// Another program holds the card, or one that was killed has not been missed by pcscd yet: waiting may help.
class CardBusy final : public Error {
public:
    explicit CardBusy(const Error& error) : Error{error} {}
};

/// Readers and cards as pcscd tells them.
class PcscMonitor {
public:
    PcscMonitor();
    PcscMonitor(const PcscMonitor&) = delete;
    PcscMonitor& operator=(const PcscMonitor&) = delete;
    ~PcscMonitor();

    /// The readers now. A context that pcscd no longer knows (it was restarted) is replaced.
    /// @throws Error{reader_failed} when pcscd does not answer
    std::vector<ReaderStatus> readers();
    /// Blocks until a reader or card comes or goes since readers(), or pcscd stops: true; false: nothing did.
    bool wait(std::chrono::milliseconds time);

private:
    struct State;
    std::unique_ptr<State> state_;
};

struct PcscCard {
    std::unique_ptr<apdu::Transport> transport;
    /// Data bytes in one APDU that the reader takes, where it says; 0: short. Valid while the transport
    /// lives.
    std::function<std::optional<std::size_t>()> max_data;
};

/// Connects exclusively, T=1 where the card has it, and begins a transaction; the card is reset when the
/// transport is destroyed. @throws CardBusy, Error{reader_failed}, Error{card_removed}
PcscCard connect_pcsc(const std::string& reader);

}  // namespace kartsaz::reader
