// SPDX-License-Identifier: Apache-2.0
#include "apdu/status_word.h"

#include <fmt/format.h>

#include <string_view>

namespace kartsaz::apdu {
namespace {

struct Meaning {
    std::uint16_t value;
    std::uint16_t mask;      ///< bits that must be equal
    std::string_view words;  ///< {} stands for the bits outside the mask
};

// The first row that fits wins, so single words stand before their families.
constexpr Meaning meanings[] = {
    {0x9000, 0xFFFF, "done"},
    {0x6100, 0xFFFF, "256 or more response bytes are available"},
    {0x6100, 0xFF00, "{} more response bytes are available"},
    {0x6200, 0xFFFF, "warning, memory unchanged"},
    {0x6281, 0xFFFF, "part of the returned data may be corrupted"},
    {0x6282, 0xFFFF, "end of file reached before the wanted length"},
    {0x6283, 0xFFFF, "selected file or card is deactivated or locked"},
    {0x6284, 0xFFFF, "file control information has a wrong format"},
    {0x6285, 0xFFFF, "selected file is in termination state"},
    {0x6286, 0xFFFF, "no input from a sensor on the card"},
    {0x6200, 0xFF00, "warning, memory unchanged"},
    {0x6300, 0xFFFF, "authentication failed, or a warning with memory changed"},
    {0x6310, 0xFFFF, "more data available"},
    {0x6381, 0xFFFF, "file filled up by the last write"},
    {0x63C0, 0xFFFF, "no tries left"},
    {0x63C1, 0xFFFF, "1 try left"},
    {0x63C0, 0xFFF0, "{} tries left"},
    {0x6300, 0xFF00, "warning, memory changed"},
    {0x6400, 0xFFFF, "execution error, memory unchanged"},
    {0x6401, 0xFFFF, "the card wants an immediate response"},
    {0x6400, 0xFF00, "execution error, memory unchanged"},
    {0x6581, 0xFFFF, "memory failure"},
    {0x6500, 0xFF00, "execution error, memory changed"},
    {0x6600, 0xFF00, "security-related failure"},
    {0x6700, 0xFFFF, "wrong length"},
    {0x6700, 0xFF00, "wrong length"},
    {0x6881, 0xFFFF, "logical channel not supported"},
    {0x6882, 0xFFFF, "secure messaging not supported"},
    {0x6883, 0xFFFF, "last command of the chain expected"},
    {0x6884, 0xFFFF, "command chaining not supported"},
    {0x6800, 0xFF00, "function of the class byte not supported"},
    {0x6981, 0xFFFF, "command does not fit the file structure"},
    {0x6982, 0xFFFF, "security status not satisfied"},
    {0x6983, 0xFFFF, "authentication method blocked"},
    {0x6984, 0xFFFF, "reference data not usable"},
    {0x6985, 0xFFFF, "conditions of use not satisfied"},
    {0x6986, 0xFFFF, "command not allowed, no current file"},
    {0x6987, 0xFFFF, "secure messaging object missing"},
    {0x6988, 0xFFFF, "secure messaging object incorrect"},
    {0x6999, 0xFFFF, "application could not be selected"},
    {0x6900, 0xFF00, "command not allowed"},
    {0x6A80, 0xFFFF, "wrong data"},
    {0x6A81, 0xFFFF, "function not supported"},
    {0x6A82, 0xFFFF, "file or application not found"},
    {0x6A83, 0xFFFF, "record not found"},
    {0x6A84, 0xFFFF, "not enough memory"},
    {0x6A85, 0xFFFF, "data length does not fit the TLV structure"},
    {0x6A86, 0xFFFF, "wrong P1 or P2"},
    {0x6A87, 0xFFFF, "data length does not fit P1 and P2"},
    {0x6A88, 0xFFFF, "referenced data or key not found"},
    {0x6A89, 0xFFFF, "file exists already"},
    {0x6A8A, 0xFFFF, "application name exists already"},
    {0x6A00, 0xFF00, "wrong parameters"},
    {0x6B00, 0xFFFF, "wrong P1 or P2, offset outside the file"},
    {0x6B00, 0xFF00, "wrong P1 or P2"},
    {0x6C00, 0xFFFF, "wrong expected length, 256 bytes are available"},
    {0x6C00, 0xFF00, "wrong expected length, {} bytes are available"},
    {0x6D00, 0xFF00, "instruction not supported"},
    {0x6E00, 0xFF00, "class not supported"},
    {0x6F00, 0xFF00, "no precise diagnosis"},
    {0x9484, 0xFFFF, "key algorithm not supported"},
    {0x9485, 0xFFFF, "wrong key check value"},
};

}  // namespace

std::string describe(StatusWord sw) {
    for (const auto& row : meanings) {
        if ((sw.value() & row.mask) != row.value) continue;
        const unsigned rest = sw.value() & static_cast<std::uint16_t>(~row.mask);
        return fmt::format(fmt::runtime(row.words), rest);
    }
    return "unknown status word";
}

}  // namespace kartsaz::apdu
