// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>

#include "terminal.h"

/// A terminal for the tests of the PIV application.
namespace kartsaz::sim::test {

inline constexpr std::string_view select_piv = "00A404000BA000000308000010000100";
inline constexpr std::string_view piv_pin = "0020008008313233343536FFFF";
inline constexpr std::string_view piv_wrong_pin = "0020008008393939393939FFFF";

/// The kinds that have the application.
inline const std::vector<std::string> piv_kinds{"kartsaz-piv", "pivapplet", "canokey"};
/// New and powered, the application selected.
std::unique_ptr<Body> piv_card(const std::string& kind, const std::string& link = "contact");
/// The same with the management key proved.
std::unique_ptr<Body> managed_piv_card(const std::string& kind);
/// Proves the management key by the mutual challenge; the status word of the step that failed, or 9000.
/// @param key  empty: the maker's  @param algorithm  03, 08, 0A, 0C
unsigned prove(Body& body, Bytes key = {}, std::uint8_t algorithm = 0x03);

/// In short commands, chained, GET RESPONSE until the end.
Reply chained(Body& body, std::string_view header, ByteView data);
/// PUT DATA chained, of `content` under 53.
unsigned put(Body& body, std::uint32_t tag, ByteView content);
/// The same in one command, extended where it must be.
unsigned put_at_once(Body& body, std::uint32_t tag, ByteView content);
/// GET DATA, all of it, without the 53 around it.
Reply get(Body& body, std::uint32_t tag);
/// GENERATE; the answer's data.
Reply make_key(Body& body, unsigned reference, unsigned algorithm, std::string_view more = {});
/// GENERAL AUTHENTICATE 7C{82 00, `tag` data}; of a good answer what stands in 82.
Reply use(Body& body, unsigned reference, unsigned algorithm, ByteView data, std::uint32_t tag = 0x81);
/// What the body tells of its PIV application.
nlohmann::json piv_of(const Body& body);

}  // namespace kartsaz::sim::test
