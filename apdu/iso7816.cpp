// SPDX-License-Identifier: Apache-2.0
#include "apdu/iso7816.h"

#include <fmt/format.h>

#include "apdu/error.h"
#include "apdu/tlv.h"

namespace kartsaz::apdu {
namespace {

constexpr std::size_t max_offset = 0x7FFF;

Bytes copy(ByteView bytes) {
    return Bytes(bytes.begin(), bytes.end());
}

std::uint8_t high(std::size_t value) {
    return static_cast<std::uint8_t>((value >> 8U) & 0xFFU);
}

std::uint8_t low(std::size_t value) {
    return static_cast<std::uint8_t>(value & 0xFFU);
}

void check_offset(std::size_t offset) {
    if (offset > max_offset) {
        throw Error{Errc::usage, fmt::format("offset {} in a file: {} at most in P1-P2", offset, max_offset)};
    }
}

CommandApdu select_by_name(ByteView aid, std::uint8_t p2) {
    if (aid.size() > 16) {
        throw Error{Errc::usage, fmt::format("AID of {} bytes, 16 at most", aid.size())};
    }
    return {0x00, 0xA4, 0x04, p2, copy(aid)};
}

}  // namespace

CommandApdu select_aid(ByteView aid) {
    CommandApdu command = select_by_name(aid, 0x00);
    command.ne = 256;
    return command;
}

CommandApdu select_aid_quiet(ByteView aid) {
    return select_by_name(aid, 0x0C);
}

CommandApdu select_ef(std::uint16_t fid) {
    return {0x00, 0xA4, 0x02, 0x0C, big_endian(fid, 2)};
}

CommandApdu select_fid(std::uint16_t fid) {
    return {0x00, 0xA4, 0x00, 0x0C, big_endian(fid, 2)};
}

CommandApdu read_binary(std::size_t offset, std::uint32_t ne) {
    check_offset(offset);
    return {0x00, 0xB0, high(offset), low(offset), {}, ne};
}

CommandApdu update_binary(std::size_t offset, ByteView chunk) {
    check_offset(offset);
    return {0x00, 0xD6, high(offset), low(offset), copy(chunk)};
}

CommandApdu get_challenge(std::uint32_t size) {
    return {0x00, 0x84, 0x00, 0x00, {}, size};
}

CommandApdu mutual_authenticate(ByteView data, std::uint32_t ne) {
    return {0x00, 0x82, 0x00, 0x00, copy(data), ne};
}

CommandApdu internal_authenticate(ByteView challenge, std::uint32_t ne) {
    return {0x00, 0x88, 0x00, 0x00, copy(challenge), ne};
}

CommandApdu manage_security_environment(std::uint8_t p1, std::uint8_t p2, ByteView crt) {
    return {0x00, 0x22, p1, p2, copy(crt)};
}

CommandApdu general_authenticate(ByteView dynamic_data, bool last) {
    const std::uint8_t cla = last ? 0x00 : 0x10;
    return {cla, 0x86, 0x00, 0x00, TlvWriter{}.put(0x7C, dynamic_data).bytes(), 256};
}

CommandApdu get_data(std::uint16_t tag, std::uint8_t cla) {
    return {cla, 0xCA, high(tag), low(tag), {}, 256};
}

CommandApdu put_data(std::uint16_t p1p2, ByteView data) {
    return {0x00, 0xDA, high(p1p2), low(p1p2), copy(data)};
}

CommandApdu get_response(std::uint8_t cla, std::uint32_t ne) {
    return {cla, 0xC0, 0x00, 0x00, {}, ne};
}

}  // namespace kartsaz::apdu
