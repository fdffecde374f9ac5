// SPDX-License-Identifier: Apache-2.0
#include "piv_card.h"

#include <botan/block_cipher.h>
#include <catch2/catch.hpp>

#include "libcard/sim/apdu_in.h"
#include "signature_card.h"

namespace kartsaz::sim::test {
namespace {

std::string byte(unsigned value) {
    return to_hex(big_endian(value, 1));
}

Bytes tag_bytes(std::uint32_t tag) {
    return big_endian(tag, tag > 0xFFFF ? 3 : tag > 0xFF ? 2 : 1);
}

Bytes data_of(std::uint32_t tag, ByteView content) {
    return concat({object(0x5C, tag_bytes(tag)), object(0x53, content)});
}

/// What stands inside the one object `tag` that fills `data`.
Bytes inside(ByteView data, std::uint32_t tag) {
    const auto found = take_object(data);
    REQUIRE(found);
    REQUIRE(found->tag == tag);
    REQUIRE(data.empty());
    return {found->value.begin(), found->value.end()};
}

}  // namespace

std::unique_ptr<Body> piv_card(const std::string& kind, const std::string& link) {
    NewBody options;
    options.kind = kind;
    options.link = link;
    options.seed = Bytes(32, 11);
    auto body = Body::create(options);
    body->power_on();
    REQUIRE(sw(*body, select_piv) == 0x9000);
    return body;
}

std::unique_ptr<Body> managed_piv_card(const std::string& kind) {
    auto body = piv_card(kind);
    REQUIRE(prove(*body) == 0x9000);
    return body;
}

unsigned prove(Body& body, Bytes key, std::uint8_t algorithm) {
    if (key.empty()) key = from_hex("010203040506070801020304050607080102030405060708");
    const auto cipher = Botan::BlockCipher::create_or_throw(
        algorithm == 0x03 ? "TripleDES" : "AES-" + std::to_string(8 * key.size()));
    cipher->set_key(key.data(), key.size());
    const std::string header = "0087" + byte(algorithm) + "9B";
    const Reply asked = send(body, header + "047C02800000");
    if (asked.sw != 0x9000) return asked.sw;
    Bytes witness = inside(inside(asked.data, 0x7C), 0x80);
    REQUIRE(witness.size() == cipher->block_size());
    cipher->decrypt(witness.data());
    Bytes challenge(witness.size(), 0x5A);
    const Reply proved = send(
        body, command(header, object(0x7C, concat({object(0x80, witness), object(0x81, challenge)})), 256));
    if (proved.sw != 0x9000) return proved.sw;
    cipher->encrypt(challenge.data());
    REQUIRE(inside(inside(proved.data, 0x7C), 0x82) == challenge);
    return proved.sw;
}

Reply chained(Body& body, std::string_view header, ByteView data) {
    return send_chained(body, header, data, true);
}

unsigned put(Body& body, std::uint32_t tag, ByteView content) {
    return chained(body, "00DB3FFF", data_of(tag, content)).sw;
}

unsigned put_at_once(Body& body, std::uint32_t tag, ByteView content) {
    return send(body, command("00DB3FFF", data_of(tag, content), 0)).sw;
}

Reply get(Body& body, std::uint32_t tag) {
    Reply reply = fetch(body, send(body, command("00CB3FFF", object(0x5C, tag_bytes(tag)), 256)));
    if (reply.sw == 0x9000) reply.data = inside(reply.data, tag > 0xFFFF ? 0x53 : tag);
    return reply;
}

Reply make_key(Body& body, unsigned reference, unsigned algorithm, std::string_view more) {
    const Bytes control = object(0xAC, concat({object(0x80, big_endian(algorithm, 1)), from_hex(more)}));
    return fetch(body, send(body, command("004700" + byte(reference), control, 256)));
}

Reply use(Body& body, unsigned reference, unsigned algorithm, ByteView data, std::uint32_t tag) {
    const Bytes wanted = object(0x7C, concat({from_hex("8200"), object(tag, data)}));
    Reply reply = chained(body, "0087" + byte(algorithm) + byte(reference), wanted);
    if (reply.sw == 0x9000) reply.data = inside(inside(reply.data, 0x7C), 0x82);
    return reply;
}

nlohmann::json piv_of(const Body& body) {
    return nlohmann::json::parse(body.describe_json()).at("piv");
}

}  // namespace kartsaz::sim::test
