// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "apdu/atr.h"
#include "apdu/error.h"
#include "libcard/perso/estimate.h"

namespace kartsaz::perso {
namespace {

constexpr double reader_clock = 4e6;  // Hz; most USB readers, see docs/timing.md
constexpr double carrier = 13.56e6;   // Hz, ISO/IEC 14443-2, 6.1
constexpr double us = 1e6;            // microseconds of a second

Timing contact(unsigned fi, unsigned di, const std::string& name) {
    const double etu = static_cast<double>(fi) / (di * reader_clock) * us;
    Timing timing;
    timing.character_us = 12 * etu;  // ISO/IEC 7816-3, 7.2: start, eight bits, parity, guard time
    timing.block_us = 22 * etu;      // 11.4.3: block guard time
    timing.block_size = 254;
    timing.block_overhead = 4;  // NAD, PCB, LEN, LRC
    timing.text = fmt::format("contact, {}, 4 MHz", name);
    return timing;
}

Timing contactless(unsigned rate) {
    const unsigned divisor = rate / 106;
    Timing timing;
    timing.character_us = 9 * 128 / (divisor * carrier) * us;  // ISO/IEC 14443-3: eight bits and parity
    timing.block_us = 1236 / carrier * us;                     // frame delay time
    timing.block_size = 253;
    timing.block_overhead = 3;  // PCB and CRC
    timing.text = fmt::format("contactless, {} kbit/s", rate);
    return timing;
}

Timing link_of(ByteView atr, unsigned contactless_rate) {
    if (atr.empty()) return contact(512, 32, "TA1=96");
    try {
        const auto parsed = apdu::parse_atr(atr);
        if (parsed.contactless) return contactless(contactless_rate);
        return contact(parsed.fi, parsed.di, fmt::format("Fi/Di {}/{}", parsed.fi, parsed.di));
    } catch (const Error&) {
        return contact(372, 1, "unreadable ATR, slowest rate");  // ISO/IEC 7816-3, 8.1: the default values
    }
}

}  // namespace

Timing timing_of(ByteView atr, const profile::Section& section) {
    const std::string rate = section.choice("contactless_rate", "424", {"106", "212", "424", "848"});
    Timing timing = link_of(atr, static_cast<unsigned>(std::stoul(rate)));
    timing.ack_size = timing.block_overhead;
    timing.command_us = section.number("command_us", 100, 0, 1e6);
    timing.aes_block_us = section.number("aes_block_us", 5, 0, 1e5);
    timing.des_block_us = section.number("des_block_us", 5, 0, 1e5);
    timing.page_us = section.number("page_us", 2000, 0, 1e6);
    timing.page_size = static_cast<std::size_t>(section.integer("page_size", 64, 1, 4096));
    for (const auto& [option, value] : std::initializer_list<std::pair<std::string_view, double&>>{
             {"ec_256_ms", timing.ec_256_ms},
             {"ec_384_ms", timing.ec_384_ms},
             {"rsa_2048_ms", timing.rsa_2048_ms},
             {"rsa_3072_ms", timing.rsa_3072_ms},
             {"rsa_4096_ms", timing.rsa_4096_ms},
             {"rsa_2048_generate_ms", timing.rsa_2048_generate_ms},
             {"rsa_3072_generate_ms", timing.rsa_3072_generate_ms},
             {"rsa_4096_generate_ms", timing.rsa_4096_generate_ms}}) {
        value = section.number(option, value, 0, 1e6);
    }
    return timing;
}

}  // namespace kartsaz::perso
