// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>

#include "terminal.h"

/// A terminal for the tests of the signature application.
namespace kartsaz::sim::test {

inline constexpr std::string_view select_signature = "00A404000CF276A288BCFBA69D34F31001";
inline constexpr std::string_view verify_pin = "0020000106313233343536";

/// New and powered, the application selected, no PUK and no PIN yet.
std::unique_ptr<Body> blank_signature_card(const std::string& kind, bool import_allowed = false);
/// The same with the PUK 9999999999999999 and the PIN 123456, which was given.
std::unique_ptr<Body> signature_card(const std::string& kind, bool import_allowed = false);

inline constexpr std::string_view create_5015 = "00E00000 13 6F11 820138 83025015 8608FF90909090909000";
inline constexpr std::string_view create_4401 =
    "00E00000 17 6F15 820101 83024401 81020010 8608FF90909090909000 00";
/// CREATE FILE of a transparent EF without access rules; its status word.
unsigned create(Body& body, unsigned fid, std::size_t size);
/// A card with DF 5015 and an EF 4402 of 300 bytes in it, selected, the PIN given.
std::unique_ptr<Body> with_file(const std::string& kind);
/// What the body tells of its signature application.
nlohmann::json signature_of(const Body& body);

/// A command in the short form where it fits, else extended; `ne` 0: none.
Bytes command(std::string_view header, ByteView data, std::size_t ne);
/// 81 p, 82 a, 83 b, 84 G, 85 n, 87 h of a named curve.
Bytes curve_parameters(const std::string& curve);
/// GENERATE with the parameters of a curve; chained and fetched by GET RESPONSE where the card wants that.
Reply generate_ec(Body& body, const std::string& curve);
/// Sends `data` in chained commands of 255 bytes, fetches the rest of the answer.
Reply send_chained(Body& body, std::string_view header, ByteView data, bool answer);
/// Fetches the rest that 61xx announces.
Reply fetch(Body& body, Reply first);

/// The value of an object in a public key as GENERATE answers it.
Bytes part_of(const Bytes& public_key, std::uint8_t tag);
bool ec_verifies(const std::string& curve, const Bytes& public_key, const Bytes& data, const Bytes& signature,
                 const std::string& padding);
bool rsa_verifies(const Bytes& public_key, const Bytes& data, const Bytes& signature,
                  const std::string& padding);

}  // namespace kartsaz::sim::test
