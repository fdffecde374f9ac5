// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "apdu/command.h"

/// Builders of the ISO/IEC 7816-4, -8 and -9 commands that are used; each names its clause.
namespace kartsaz::apdu {

/// 00 A4 04 00: select an application by its AID, FCI wanted. ISO/IEC 7816-4, 11.2.2.
CommandApdu select_aid(ByteView aid);
/// 00 A4 04 0C: the same without response data, the form of ICAO Doc 9303-10, 3.6.2.
CommandApdu select_aid_quiet(ByteView aid);
/// 00 A4 02 0C: select an EF under the current DF, no response data.
CommandApdu select_ef(std::uint16_t fid);
/// 00 A4 00 0C: select the MF or a file by identifier, no response data.
CommandApdu select_fid(std::uint16_t fid);
/// 00 B0. @param offset 0..7FFF  @param ne 1..65536  @throws Error{usage}
CommandApdu read_binary(std::size_t offset, std::uint32_t ne);
/// 00 D6. @param offset 0..7FFF  @throws Error{usage}
CommandApdu update_binary(std::size_t offset, ByteView chunk);
/// 00 84. @param size bytes wanted
CommandApdu get_challenge(std::uint32_t size);
/// 00 82 00 00 with response data (mutual authentication).
CommandApdu mutual_authenticate(ByteView data, std::uint32_t ne);
/// 00 88 00 00. @param ne up to 65536; above 256 the extended form is used
CommandApdu internal_authenticate(ByteView challenge, std::uint32_t ne);
/// 00 22 P1 P2.
CommandApdu manage_security_environment(std::uint8_t p1, std::uint8_t p2, ByteView crt);
/// 00 86 (CLA 10 while more follow), dynamic authentication data under tag 7C.
/// @param dynamic_data  the objects inside 7C, without its header; empty gives 7C00
CommandApdu general_authenticate(ByteView dynamic_data, bool last);
/// 00 CA P1P2 = tag. @param cla 00 or 80
CommandApdu get_data(std::uint16_t tag, std::uint8_t cla = 0x00);
/// 00 DA P1P2.
CommandApdu put_data(std::uint16_t p1p2, ByteView data);
/// 00 C0 00 00: fetch what 61xx announced. @param ne 1..256
CommandApdu get_response(std::uint8_t cla, std::uint32_t ne);

}  // namespace kartsaz::apdu
