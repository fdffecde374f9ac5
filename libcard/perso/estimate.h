// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "libcard/perso/plan.h"
#include "libcard/perso/receipt.h"
#include "libcard/profile/profile.h"

/// What a plan will cost, before it runs: commands and bytes exactly, seconds by a model of the link.
namespace kartsaz::perso {

/// Figures of link and card; the profile's [timing] table may set each. Sources: docs/timing.md.
struct Timing {
    double character_us = 48;        ///< one byte on the wire, either way
    double block_us = 0;             ///< turn-around of one block pair
    std::size_t block_size = 254;    ///< information bytes in one link block
    std::size_t block_overhead = 4;  ///< bytes around them
    std::size_t ack_size = 4;        ///< bytes of the acknowledgement of a chained block
    double command_us = 0;           ///< the card's own time to take up a command
    double aes_block_us = 0;         ///< secure messaging, per 16 bytes and pass
    double des_block_us = 0;         ///< the same with triple DES (SCP02), per 8 bytes and pass
    double page_us = 2000;           ///< one page of non-volatile memory
    std::size_t page_size = 64;
    double ec_256_ms = 40, ec_384_ms = 80;  ///< one multiplication of a point: a signature, a key pair
    double rsa_2048_ms = 250, rsa_3072_ms = 800, rsa_4096_ms = 1900;  ///< one private-key operation
    double rsa_2048_generate_ms = 5000, rsa_3072_generate_ms = 15000, rsa_4096_generate_ms = 40000;
    std::string text;  ///< "contact, TA1=96, 4 MHz"
};
/// The timing of the link that the ATR tells of: contact by TA1, or contactless. @param timing profile table
Timing timing_of(ByteView atr, const profile::Section& timing);

struct Estimate {
    Traffic traffic;
    double seconds = 0;
    double link = 0, compute = 0, write = 0;
};
Estimate estimate(const Plan& plan, const CardState& state, const Timing& timing);

}  // namespace kartsaz::perso
