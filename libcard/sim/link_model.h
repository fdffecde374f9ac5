// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "libcard/sim/body.h"

/// How long a real card would take: the link, the chip's own work, its non-volatile memory.
/// The figures and where they come from are in docs/simulator.md.
namespace kartsaz::sim {

struct LinkModel {
    std::string name;
    bool contact = true;
    std::uint8_t ta1 = 0x96;      ///< contact only: FI and DI of ISO/IEC 7816-3, table 7 and 8
    double byte_seconds = 0;      ///< one character or byte on the wire, parity and guard time included
    double turn_seconds = 0;      ///< each change of direction
    unsigned block_info = 0;      ///< bytes of information in the largest block
    unsigned block_overhead = 0;  ///< further bytes of each block; also the size of an R-block

    double command_seconds = 100e-6;  ///< to take and dispatch one command
    double aes_block_seconds = 5e-6;  ///< one 16-byte block
    double des_block_seconds = 5e-6;  ///< one 8-byte block of triple DES
    double ecc_seconds = 40e-3;       ///< one multiplication of a P-256 point
    double ecc_384_seconds = 80e-3;   ///< the same on a curve of 257 to 384 bits
    double ecc_521_seconds = 160e-3;  ///< the same on a larger curve
    double rsa_seconds = 60e-3;       ///< one RSA-1024 private-key operation
    double rsa_2048_seconds = 0.25, rsa_3072_seconds = 0.8, rsa_4096_seconds = 1.9;
    double rsa_2048_generate_seconds = 5, rsa_3072_generate_seconds = 15, rsa_4096_generate_seconds = 40;
    unsigned page_bytes = 64;    ///< page of the non-volatile memory
    double page_seconds = 2e-3;  ///< to write one page
};

/// "contact" (TA1 = 96), "contact-XX" with XX the TA1 byte in hex, "contactless-106|212|424|848".
/// @throws Error{usage}
LinkModel link_model(const std::string& name);

/// Seconds on the wire for a command and its response (data and SW1 SW2), in bytes, both cut into chained
/// blocks, each chained block answered by an R-block, with a change of direction after each block.
double exchange_seconds(const LinkModel& link, std::size_t command, std::size_t response);

/// Adds up what one card did.
class Meter {
public:
    explicit Meter(LinkModel link) : link_{std::move(link)} {}
    const LinkModel& link() const { return link_; }
    const Body::Time& time() const { return time_; }
    void reset() { time_ = {}; }

    void exchange(std::size_t command, std::size_t response) {
        time_.link += exchange_seconds(link_, command, response);
        time_.compute += link_.command_seconds;
    }
    /// AES over `bytes` in `passes` passes (one to encrypt, one for a MAC).
    void aes(std::size_t bytes, unsigned passes = 1);
    void des(std::size_t bytes, unsigned passes = 1);
    void ecc(unsigned operations) { time_.compute += operations * link_.ecc_seconds; }
    /// On a curve of `bits`.
    void ecc(unsigned operations, unsigned bits);
    void rsa() { time_.compute += link_.rsa_seconds; }
    void rsa(unsigned bits);
    void rsa_generate(unsigned bits);
    /// Pages that a write touches; the page where the write before it ended in the same file is still open
    /// and not paid again.
    void write(std::uint32_t area, std::size_t offset, std::size_t size);
    /// A write to one page of the chip's own bookkeeping.
    void write_page();

private:
    LinkModel link_;
    Body::Time time_;
    std::uint64_t open_page_ = ~0ULL;
};

}  // namespace kartsaz::sim
