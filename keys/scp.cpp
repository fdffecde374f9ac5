// SPDX-License-Identifier: Apache-2.0
#include "keys/scp.h"

#include <fmt/format.h>

#include <algorithm>

#include "apdu/error.h"
#include "apdu/tlv.h"
#include "keys/scp02.h"
#include "keys/scp03.h"
#include "keys/scp03_channel.h"

namespace kartsaz::keys {
namespace {

constexpr std::uint8_t i_s16 = 0x01, i_pseudo_random = 0x10, i_r_mac = 0x20, i_r_enc = 0x40;
constexpr std::uint8_t scp02_r_mac = 0x20;
constexpr std::size_t kdd_size = 10, head_size = kdd_size + 2;

[[noreturn]] void bad_answer(const std::string& rule) {
    throw Error{Errc::secure_channel, "INITIALIZE UPDATE: " + rule};
}

Bytes part(ByteView data, std::size_t offset, std::size_t size) {
    const auto view = data.subspan(offset, size);
    return Bytes(view.begin(), view.end());
}

/// GPCS 2.3.1, E.5.1.6: sequence counter, card challenge, card cryptogram; the parameter i is not told.
void parse_scp02(ByteView data, InitializeUpdateResponse& out) {
    constexpr std::size_t size = head_size + 2 + 6 + 8;
    if (data.size() != size) bad_answer(fmt::format("{} bytes, {} expected of SCP02", data.size(), size));
    out.sequence_counter = static_cast<std::uint32_t>(big_endian(data.subspan(head_size, 2)));
    out.card_challenge = part(data, head_size + 2, 6);
    out.card_cryptogram = part(data, head_size + 8, 8);
}

/// Amendment D, 7.1.1.6.
void parse_scp03(ByteView data, InitializeUpdateResponse& out) {
    if (data.size() <= head_size) bad_answer(fmt::format("{} bytes, 29 at least", data.size()));
    out.i = data[head_size];
    constexpr std::uint8_t known = i_s16 | i_pseudo_random | i_r_mac | i_r_enc;
    if ((out.i & ~known) != 0 || ((out.i & i_r_enc) != 0 && (out.i & i_r_mac) == 0)) {
        bad_answer(fmt::format("protocol parameter i={:02X} is not one of SCP03", out.i));
    }
    out.s16 = (out.i & i_s16) != 0;
    const bool counted = (out.i & i_pseudo_random) != 0;
    const std::size_t half = out.s16 ? 16 : 8;
    const std::size_t expected = head_size + 1 + 2 * half + (counted ? 3 : 0);
    if (data.size() != expected) {
        bad_answer(fmt::format("{} bytes, {} expected for i={:02X}", data.size(), expected, out.i));
    }
    out.card_challenge = part(data, head_size + 1, half);
    out.card_cryptogram = part(data, head_size + 1 + half, half);
    if (counted) out.sequence_counter = static_cast<std::uint32_t>(big_endian(data.last(3)));
}

/// The protocol and parameter at the end of 1.2.840.114283.4.scp.i; nothing for another object identifier.
std::optional<ScpForm> channel_of_oid(ByteView oid) {
    static constexpr std::array<std::uint8_t, 7> arc{0x2A, 0x86, 0x48, 0x86, 0xFC, 0x6B, 0x04};
    if (oid.size() < arc.size() + 2 || !std::equal(arc.begin(), arc.end(), oid.begin())) return std::nullopt;
    std::vector<std::uint32_t> numbers{0};
    for (const std::uint8_t byte : oid.subspan(arc.size())) {
        if (numbers.back() > 0xFFFF) return std::nullopt;
        numbers.back() = numbers.back() << 7U | (byte & 0x7FU);
        if ((byte & 0x80U) == 0) numbers.push_back(0);
    }
    if (numbers.size() != 3 || numbers.back() != 0 || numbers[0] > 0xFF || numbers[1] > 0xFF) {
        return std::nullopt;
    }
    ScpForm form{static_cast<std::uint8_t>(numbers[0]), static_cast<std::uint8_t>(numbers[1]), false};
    form.s16 = form.protocol == 3 && (form.i & i_s16) != 0;
    return form;
}

}  // namespace

std::string in_words(const ScpForm& form) {
    if (form.protocol == 2 && form.i == 0) return "SCP02, i not told";
    return fmt::format("SCP{:02X} i={:02X}{}", form.protocol, form.i, form.s16 ? ", S16" : "");
}

apdu::CommandApdu initialize_update(std::uint8_t version, ByteView host_challenge) {
    if (host_challenge.size() != 8 && host_challenge.size() != 16) {
        throw Error{Errc::usage, "INITIALIZE UPDATE: a host challenge of 8 or 16 bytes was expected"};
    }
    return {0x80, 0x50, version, 0x00, Bytes(host_challenge.begin(), host_challenge.end()), 256};
}

InitializeUpdateResponse parse_initialize_update(ByteView data) {
    if (data.size() < head_size) bad_answer(fmt::format("{} bytes, 28 at least", data.size()));
    InitializeUpdateResponse out;
    out.kdd = part(data, 0, kdd_size);
    out.key_version = data[kdd_size];
    out.protocol = data[kdd_size + 1];
    if (out.protocol == 2) {
        parse_scp02(data, out);
    } else if (out.protocol == 3) {
        parse_scp03(data, out);
    } else {
        bad_answer(fmt::format("the card speaks SCP{:02X}; SCP02 and SCP03 are spoken here", out.protocol));
    }
    return out;
}

std::vector<ScpForm> announced_channels(ByteView card_data) {
    const std::string what = "card recognition data";
    const auto outer = apdu::find_tlv(card_data, 0x66, what);
    const auto recognition = apdu::find_tlv(outer ? outer->value : card_data, 0x73, what);
    std::vector<ScpForm> out;
    if (!recognition) return out;
    apdu::TlvReader entries{recognition->value, what};
    while (!entries.done()) {
        const auto entry = entries.next();
        if (entry.tag != 0x64) continue;
        const auto oid = apdu::find_tlv(entry.value, 0x06, what);
        if (const auto form = oid ? channel_of_oid(oid->value) : std::nullopt) out.push_back(*form);
    }
    return out;
}

std::unique_ptr<ScpSession> scp_session(const ScpKeys& keys, ByteView host_challenge,
                                        const InitializeUpdateResponse& answer) {
    if (answer.protocol == 2) return std::make_unique<Scp02Session>(keys, host_challenge, answer);
    return std::make_unique<Scp03Session>(keys, host_challenge, answer);
}

void check_level(const ScpForm& form, ScpLevel level) {
    const auto refuse = [&](const std::string& why) {
        throw Error{Errc::card_refused, fmt::format("SCP{:02X}: security level {:02X} is asked for, but {}",
                                                    form.protocol, static_cast<unsigned>(level), why)};
    };
    if (form.protocol == 2) {
        if (has(level, r_enc_bit)) {
            refuse(
                "this protocol cannot encrypt responses; the level of the profile must be 01, 03, 11 or "
                "13");
        }
        if (has(level, r_mac_bit) && form.i != 0 && (form.i & scp02_r_mac) == 0) {
            refuse(fmt::format("the card's parameter i={:02X} has no such protection of responses", form.i));
        }
        return;
    }
    const bool missing = (has(level, r_mac_bit) && (form.i & i_r_mac) == 0) ||
                         (has(level, r_enc_bit) && (form.i & i_r_enc) == 0);
    if (missing) {
        refuse(fmt::format("the card's parameter i={:02X} has no such protection of responses", form.i));
    }
}

ScpLevel strongest_level(const ScpForm& form) {
    if (form.protocol != 2) return ScpLevel::all;
    return (form.i & scp02_r_mac) != 0 ? ScpLevel::c_mac_c_dec_r_mac : ScpLevel::c_mac_c_dec;
}

std::size_t scp_command_size(const ScpForm& form, ScpLevel level, std::size_t nc) {
    return form.protocol == 2 ? scp02_command_size(level, nc) : scp03_command_size(level, form.s16, nc);
}

std::size_t scp_response_size(const ScpForm& form, ScpLevel level, std::size_t nr) {
    return form.protocol == 2 ? scp02_response_size(level, nr) : scp03_response_size(level, form.s16, nr);
}

apdu::BlockLimits scp_outer_limits(const ScpForm& form, const apdu::BlockLimits& outer) {
    if (form.protocol != 2) return outer;
    return {std::min<std::size_t>(outer.command_data, 255), std::min<std::size_t>(outer.response_data, 256)};
}

}  // namespace kartsaz::keys
