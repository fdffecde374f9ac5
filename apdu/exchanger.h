// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "apdu/decorator.h"

namespace kartsaz::apdu {

/// Completes what a card says in several exchanges:
///   61xx  the announced bytes are fetched with GET RESPONSE (61 00: 256), data that came before is kept;
///   6Cxx  the same command is sent again with the exact Ne, once per command sent.
/// Every other status word ends the exchange and is returned with all data collected. A card that never
/// comes to an end is stopped by Error{card_refused}.
/// Source: ISO/IEC 7816-3, 12.1.1; ISO/IEC 7816-4, 5.3.4 and 11.7.1.
class Exchanger final : public TransportDecorator {
public:
    using TransportDecorator::TransportDecorator;

    ResponseApdu transmit(const CommandApdu& command) override;

private:
    ResponseApdu send(const CommandApdu& command);
};

/// The class byte of the GET RESPONSE that belongs to a command: its logical channel and nothing else.
std::uint8_t get_response_class(std::uint8_t cla);

}  // namespace kartsaz::apdu
