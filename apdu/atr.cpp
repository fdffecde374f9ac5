// SPDX-License-Identifier: Apache-2.0
#include "apdu/atr.h"

#include <fmt/format.h>

#include <algorithm>

#include "apdu/error.h"
#include "apdu/tlv.h"

namespace kartsaz::apdu {
namespace {

struct Rate {
    unsigned fi;
    unsigned f_max_khz;
};
// ISO/IEC 7816-3:2006, tables 7 and 8; 0: reserved for future use.
constexpr Rate fi_codes[16] = {{372, 4000},   {372, 5000},   {558, 6000},   {744, 8000},
                               {1116, 12000}, {1488, 16000}, {1860, 20000}, {0, 0},
                               {0, 0},        {512, 5000},   {768, 7500},   {1024, 10000},
                               {1536, 15000}, {2048, 20000}, {0, 0},        {0, 0}};
constexpr unsigned di_codes[16] = {0, 1, 2, 4, 8, 16, 32, 64, 12, 20, 0, 0, 0, 0, 0, 0};

[[noreturn]] void fail(std::size_t offset, const std::string& rule) {
    throw Error{Errc::input_invalid, fmt::format("ATR: offset {}: {}", offset, rule)};
}

class AtrBytes {
public:
    explicit AtrBytes(ByteView bytes) : bytes_{bytes} {}
    std::uint8_t next(const char* what) {
        if (at_ == bytes_.size()) fail(at_, fmt::format("the ATR ends where {} is announced", what));
        return bytes_[at_++];
    }
    std::optional<std::uint8_t> next_if(bool announced, const char* what) {
        if (!announced) return std::nullopt;
        return next(what);
    }
    std::size_t at() const { return at_; }
    std::size_t left() const { return bytes_.size() - at_; }

private:
    ByteView bytes_;
    std::size_t at_ = 0;
};

void read_interface(AtrBytes& in, unsigned announced, Atr& atr) {
    bool more = true;
    while (more) {
        InterfaceBytes level;
        level.ta = in.next_if((announced & 0x1U) != 0, "an interface byte TA");
        level.tb = in.next_if((announced & 0x2U) != 0, "an interface byte TB");
        level.tc = in.next_if((announced & 0x4U) != 0, "an interface byte TC");
        level.td = in.next_if((announced & 0x8U) != 0, "an interface byte TD");
        more = level.td.has_value();
        if (more) {
            announced = *level.td >> 4U;
            const unsigned protocol = *level.td & 0x0FU;
            if (protocol != 15 && !atr.offers(protocol)) atr.protocols.push_back(protocol);
        }
        atr.interface.push_back(level);
    }
    if (atr.protocols.empty()) atr.protocols.push_back(0);
}

void read_rates(Atr& atr) {
    const auto ta1 = atr.interface.front().ta;
    if (!ta1) return;
    const Rate rate = fi_codes[*ta1 >> 4U];
    const unsigned di = di_codes[*ta1 & 0x0FU];
    if (rate.fi == 0 || di == 0) fail(2, fmt::format("TA1 {:02X} is reserved for future use", *ta1));
    atr.fi = rate.fi;
    atr.f_max_khz = rate.f_max_khz;
    atr.di = di;
}

void check_tck(AtrBytes& in, Atr& atr) {
    const bool only_t0 = std::all_of(atr.interface.begin(), atr.interface.end(),
                                     [](const auto& level) { return !level.td || (*level.td & 0x0FU) == 0; });
    if (!only_t0) {
        atr.tck = in.next("TCK");
        std::uint8_t sum = 0;
        for (std::size_t i = 1; i < in.at(); ++i) sum = static_cast<std::uint8_t>(sum ^ atr.raw[i]);
        if (sum != 0)
            fail(in.at() - 1, fmt::format("TCK {:02X} is wrong, {:02X} expected", *atr.tck, *atr.tck ^ sum));
    }
    if (in.left() != 0) fail(in.at(), fmt::format("{} bytes after the end", in.left()));
}

CardCapabilities capabilities_of(ByteView value) {
    CardCapabilities out;
    if (value.size() < 3) return out;
    const unsigned third = value[2];
    out.chaining = (third & 0x80U) != 0;
    out.extended_length = (third & 0x40U) != 0;
    out.extended_length_info = (third & 0x20U) != 0;
    // b5b4 tell who assigns channels; 00: there is only the basic one.
    if ((third & 0x18U) != 0) out.channels = (third & 0x07U) + 1;
    return out;
}

/// Compact-TLV objects; historical bytes are free-form on many cards, so what does not fit says nothing.
std::optional<CardCapabilities> historical_capabilities(ByteView historical) {
    if (historical.empty()) return std::nullopt;
    const auto category = historical[0];
    if (category != 0x80 && category != 0x00) return std::nullopt;
    ByteView objects = historical.subspan(1);
    if (category == 0x00) {
        if (objects.size() < 3) return std::nullopt;
        objects = objects.first(objects.size() - 3);  // life cycle and status word
    }
    while (!objects.empty()) {
        const unsigned tag = objects[0] >> 4U;
        const std::size_t length = objects[0] & 0x0FU;
        if (length > objects.size() - 1) return std::nullopt;
        if (tag == 7) return capabilities_of(objects.subspan(1, length));
        objects = objects.subspan(1 + length);
    }
    return std::nullopt;
}

std::uint32_t length_integer(TlvReader& reader) {
    const Tlv number = reader.next(0x02);
    ByteView value = number.value;
    while (value.size() > 1 && value[0] == 0x00) value = value.subspan(1);
    if (value.empty() || value.size() > 4) reader.fail(number.offset, "a length of 1 to 4 bytes expected");
    return static_cast<std::uint32_t>(big_endian(value));
}

}  // namespace

bool Atr::offers(unsigned protocol) const {
    return std::find(protocols.begin(), protocols.end(), protocol) != protocols.end();
}

Atr parse_atr(ByteView bytes) {
    Atr atr;
    atr.raw.assign(bytes.begin(), bytes.end());
    if (bytes.size() > 33) fail(33, fmt::format("{} bytes, 33 at most", bytes.size()));
    AtrBytes in{bytes};
    const auto ts = in.next("TS");
    if (ts != 0x3B && ts != 0x3F) fail(0, fmt::format("TS {:02X}, 3B or 3F expected", ts));
    atr.inverse = ts == 0x3F;
    const auto t0 = in.next("T0");
    read_interface(in, t0 >> 4U, atr);
    read_rates(atr);
    for (unsigned i = 0; i < (t0 & 0x0FU); ++i) atr.historical.push_back(in.next("a historical byte"));
    check_tck(in, atr);
    atr.contactless =
        bytes.size() >= 5 && !atr.inverse && (t0 & 0xF0U) == 0x80 && bytes[2] == 0x80 && bytes[3] == 0x01;
    atr.capabilities = historical_capabilities(atr.historical);
    return atr;
}

std::string describe(const Atr& atr) {
    std::string out;
    if (atr.contactless) {
        out = "contactless (ISO/IEC 14443)";
    } else {
        for (const auto protocol : atr.protocols)
            out += fmt::format("{}T={}", out.empty() ? "" : " and ", protocol);
        const double clock = atr.f_max_khz * 1000.0;
        out += fmt::format(", {:.0f} bit/s at {} MHz", atr.bit_rate(clock), atr.f_max_khz / 1000.0);
    }
    if (!atr.capabilities) return out;
    if (atr.capabilities->extended_length) out += ", extended length";
    if (atr.capabilities->chaining) out += ", chaining";
    return out;
}

std::optional<BlockLimits> AtrInfo::limits() const {
    // Header, three-byte Lc and two-byte Le; status word.
    constexpr std::uint32_t command_overhead = 9;
    constexpr std::uint32_t response_overhead = 2;
    if (!command_apdu || !response_apdu) return std::nullopt;
    if (*command_apdu <= command_overhead || *response_apdu <= response_overhead) return std::nullopt;
    return BlockLimits{std::min<std::size_t>(*command_apdu - command_overhead, 65535),
                       std::min<std::size_t>(*response_apdu - response_overhead, 65536)};
}

AtrInfo parse_atr_info(ByteView content) {
    AtrInfo out;
    TlvReader reader{content, "EF.ATR/INFO"};
    while (!reader.done() && content[reader.offset()] != 0x00 && content[reader.offset()] != 0xFF) {
        const Tlv object = reader.next();
        if (object.tag == 0x47) out.capabilities = capabilities_of(object.value);
        if (object.tag != 0x7F66) continue;
        TlvReader lengths = reader.enter(object);
        out.command_apdu = length_integer(lengths);
        out.response_apdu = length_integer(lengths);
    }
    return out;
}

}  // namespace kartsaz::apdu
