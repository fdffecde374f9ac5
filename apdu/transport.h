// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "apdu/bytes.h"
#include "apdu/command.h"

namespace kartsaz::apdu {

/// How large a command and a response may be on this reader with this card.
struct BlockLimits {
    std::size_t command_data = 255;   ///< largest Nc in one command
    std::size_t response_data = 256;  ///< largest Ne in one command
    bool extended() const noexcept { return command_data > 255 || response_data > 256; }
};

/// One powered card, held exclusively. Raw transports (pcsc, sim, replay, vpcd) do one wire exchange
/// per transmit(); decorators (Exchanger: 61xx and 6Cxx, recorder, secure channel) stand before them.
class Transport {
public:
    Transport() = default;
    Transport(const Transport&) = delete;
    Transport& operator=(const Transport&) = delete;
    virtual ~Transport() = default;

    /// One exchange. Every status word is a normal return: judging it is expect()'s work.
    /// @throws Error{reader_failed} or Error{card_removed} when no response came.
    virtual ResponseApdu transmit(const CommandApdu& command) = 0;

    /// Warm reset: selection, PIN state and secure channel are gone. Returns the ATR.
    virtual Bytes reset() = 0;

    /// The ATR of the last power-on or reset.
    virtual Bytes atr() const = 0;

    /// What reader and card take in one command, as far as it is known now; decorators that protect
    /// commands answer with what is left for plain data.
    virtual BlockLimits limits() const = 0;

    /// Says that an extended-length command was refused (6700 and nothing done), so that limits()
    /// answers with the short form from now on.
    virtual void refuse_extended() = 0;
};

}  // namespace kartsaz::apdu
