// SPDX-License-Identifier: Apache-2.0
#include "libcard/sim/link_model.h"

#include <array>

#include "apdu/error.h"

namespace kartsaz::sim {
namespace {

// ISO/IEC 7816-3, tables 7 and 8; 0 where reserved.
constexpr std::array<unsigned, 16> fi_values{372, 372, 558, 744,  1116, 1488, 1860, 0,
                                             0,   512, 768, 1024, 1536, 2048, 0,    0};
constexpr std::array<unsigned, 16> di_values{0, 1, 2, 4, 8, 16, 32, 64, 12, 20, 0, 0, 0, 0, 0, 0};
constexpr double contact_clock = 4e6;          // Hz, what most readers give
constexpr double contactless_clock = 13.56e6;  // Hz, ISO/IEC 14443-2

LinkModel contact(const std::string& name, unsigned ta1) {
    const unsigned fi = fi_values.at(ta1 >> 4), di = di_values.at(ta1 & 0x0F);
    if (fi == 0 || di == 0) {
        throw Error{Errc::usage, "link \"" + name + "\": this TA1 is reserved in ISO/IEC 7816-3"};
    }
    const double etu = fi / (di * contact_clock);
    LinkModel link;
    link.name = name;
    link.ta1 = static_cast<std::uint8_t>(ta1);
    link.byte_seconds = 12 * etu;
    link.turn_seconds = 22 * etu;  // block guard time
    link.block_info = 254;
    link.block_overhead = 4;  // NAD PCB LEN LRC
    return link;
}

LinkModel contactless(const std::string& name, unsigned d) {
    LinkModel link;
    link.name = name;
    link.contact = false;
    link.byte_seconds = 9 * 128 / (d * contactless_clock);  // 8 data bits and parity
    link.turn_seconds = 1236 / contactless_clock;           // frame delay time of type A
    link.block_info = 253;                                  // FSC = FSD = 256
    link.block_overhead = 3;                                // PCB and CRC_A
    return link;
}

std::size_t blocks_for(std::size_t bytes, std::size_t block) {
    return bytes == 0 ? 1 : (bytes + block - 1) / block;
}

}  // namespace

LinkModel link_model(const std::string& name) {
    if (name == "contact") return contact(name, 0x96);
    if (name == "contactless-106") return contactless(name, 1);
    if (name == "contactless-212") return contactless(name, 2);
    if (name == "contactless-424") return contactless(name, 4);
    if (name == "contactless-848") return contactless(name, 8);
    constexpr std::string_view prefix = "contact-";
    if (name.size() == prefix.size() + 2 && name.starts_with(prefix) &&
        name.find_first_not_of("0123456789ABCDEFabcdef", prefix.size()) == std::string::npos) {
        return contact(name, static_cast<unsigned>(std::stoul(name.substr(prefix.size()), nullptr, 16)));
    }
    throw Error{Errc::usage, "no link is named \"" + name +
                                 "\"; there are contact, contact-XX (XX is TA1 in hex), contactless-106, "
                                 "contactless-212, contactless-424, contactless-848"};
}

double exchange_seconds(const LinkModel& link, std::size_t command, std::size_t response) {
    const std::size_t out = blocks_for(command, link.block_info), in = blocks_for(response, link.block_info);
    // every block but the last of each direction is answered by an R-block
    const std::size_t frames = 2 * (out + in) - 2;
    const std::size_t bytes = command + response + frames * link.block_overhead;
    return static_cast<double>(bytes) * link.byte_seconds + static_cast<double>(frames) * link.turn_seconds;
}

void Meter::aes(std::size_t bytes, unsigned passes) {
    time_.compute += static_cast<double>((bytes + 15) / 16 * passes) * link_.aes_block_seconds;
}

void Meter::des(std::size_t bytes, unsigned passes) {
    time_.compute += static_cast<double>((bytes + 7) / 8 * passes) * link_.des_block_seconds;
}

void Meter::ecc(unsigned operations, unsigned bits) {
    const double one = bits <= 256   ? link_.ecc_seconds
                       : bits <= 384 ? link_.ecc_384_seconds
                                     : link_.ecc_521_seconds;
    time_.compute += operations * one;
}

void Meter::rsa(unsigned bits) {
    time_.compute += bits <= 1024   ? link_.rsa_seconds
                     : bits <= 2048 ? link_.rsa_2048_seconds
                     : bits <= 3072 ? link_.rsa_3072_seconds
                                    : link_.rsa_4096_seconds;
}

void Meter::rsa_generate(unsigned bits) {
    time_.compute += bits <= 2048   ? link_.rsa_2048_generate_seconds
                     : bits <= 3072 ? link_.rsa_3072_generate_seconds
                                    : link_.rsa_4096_generate_seconds;
}

void Meter::write(std::uint32_t area, std::size_t offset, std::size_t size) {
    if (size == 0) return;
    const std::uint64_t first = static_cast<std::uint64_t>(area) << 32 | offset / link_.page_bytes;
    const std::uint64_t last =
        static_cast<std::uint64_t>(area) << 32 | (offset + size - 1) / link_.page_bytes;
    const std::uint64_t pages = last - first + (first == open_page_ ? 0 : 1);
    time_.write += static_cast<double>(pages) * link_.page_seconds;
    open_page_ = last;
}

void Meter::write_page() {
    time_.write += link_.page_seconds;
    open_page_ = ~0ULL;
}

}  // namespace kartsaz::sim
