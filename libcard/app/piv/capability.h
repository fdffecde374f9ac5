// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "apdu/transport.h"
#include "keys/certificate_request.h"
#include "libcard/app/piv/commands.h"

namespace kartsaz::app::piv {

/// What one PIV application can hold and take, found out without writing. Facts: docs/cards/piv.md, "Cards
/// with less room".
struct Capability {
    enum class Kind {
        announced,  ///< tells its lengths (7F66): every container, as long as they say
        pivapplet,  ///< by its label
        canokey,    ///< by its ATR, or by what its discovery object says
        yubikey,    ///< answers INS FD, and is none of those
        plain       ///< nothing is known: what SP 800-73-4 promises
    };
    Kind kind = Kind::plain;
    std::size_t told = 0;                  ///< largest command data by 7F66, whatever the reader takes
    std::size_t block = 255;               ///< largest command data
    std::uint32_t response = 256;          ///< largest Ne
    std::vector<std::uint8_t> algorithms;  ///< of key pairs, as far as it is known; empty: not known

    std::string_view name() const;
    /// Largest value that the container takes; empty where it is refused altogether.
    std::optional<std::size_t> room(const Container& container) const;
    bool makes(keys::KeyAlgorithm algorithm) const;
    /// Ne of a command whose answer has `size` bytes.
    std::uint32_t ne_for(std::size_t size) const;
    /// The discovery object is the card's own and cannot be written.
    bool own_discovery() const;
    /// @param origin  of the metadata: YubiKeys count from 1, PivApplet from 0
    bool is_imported(std::uint8_t origin) const;
};
/// @param discovery  value of the discovery object; empty: there is none
Capability capability_of(const PropertyTemplate& property, const std::string& version, ByteView discovery,
                         ByteView atr, const apdu::BlockLimits& limits);

}  // namespace kartsaz::app::piv
