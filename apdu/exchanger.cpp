// SPDX-License-Identifier: Apache-2.0
#include "apdu/exchanger.h"

#include <fmt/format.h>

#include "apdu/error.h"
#include "apdu/iso7816.h"

namespace kartsaz::apdu {
namespace {

// 65536 bytes is the most an Le can ask for; a protected response may carry MAC and padding on top of it.
constexpr std::size_t max_response = 65536 + 256;

std::uint32_t announced(StatusWord sw) {
    return sw.sw2() == 0 ? 256U : sw.sw2();
}

[[noreturn]] void endless(const std::string& how, StatusWord sw) {
    throw Error{Errc::card_refused, "the card keeps announcing response data (61xx) " + how, sw};
}

}  // namespace

std::uint8_t get_response_class(std::uint8_t cla) {
    if ((cla & 0x40U) != 0) return static_cast<std::uint8_t>(0x40U | (cla & 0x0FU));
    return cla & 0x03U;
}

ResponseApdu Exchanger::send(const CommandApdu& command) {
    ResponseApdu response = below().transmit(command);
    if (response.sw.sw1() != 0x6C) return response;
    CommandApdu exact = command;
    exact.ne = announced(response.sw);
    exact.extended = is_extended(command);
    return below().transmit(exact);
}

ResponseApdu Exchanger::transmit(const CommandApdu& command) {
    ResponseApdu response = send(command);
    Bytes collected;
    const std::uint8_t cla = get_response_class(command.cla);
    bool gave_data = true;
    while (response.sw.sw1() == 0x61) {
        if (!gave_data && response.data.empty()) endless("and gives none", response.sw);
        append(collected, response.data);
        if (collected.size() > max_response) {
            endless(fmt::format("beyond {} bytes", max_response), response.sw);
        }
        // The first 61xx comes without data as a rule; after a GET RESPONSE there must be some.
        gave_data = false;
        response = send(get_response(cla, announced(response.sw)));
    }
    append(collected, response.data);
    if (collected.size() > max_response) {
        throw Error{Errc::card_refused,
                    fmt::format("response of {} bytes, {} at most", collected.size(), max_response),
                    response.sw};
    }
    response.data = std::move(collected);
    return response;
}

}  // namespace kartsaz::apdu
