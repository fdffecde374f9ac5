// SPDX-License-Identifier: Apache-2.0
// The passport application: its key slots and Active Authentication.
#include <botan/auto_rng.h>
#include <botan/bigint.h>
#include <botan/ec_group.h>
#include <botan/ecdsa.h>
#include <botan/numthry.h>
#include <botan/pubkey.h>
#include <botan/rsa.h>
#include <catch2/catch.hpp>

#include "bodies.h"

namespace kartsaz::sim::test {
TEST_CASE("an ECDSA key answers Active Authentication with a signature that verifies", "[sim][passport]") {
    auto body = ready();
    send(*body, select_passport);
    ScpHost host{transport_key()};
    REQUIRE(host.open(*body, 0x03) == 0x9000);
    const std::string scalar = "498FF49756F2DC1587840041839A85982BE7761D14715FB091EFA7BCE9058560";
    CHECK(host.send(*body, "00DA00662C 06082A8648CE3D030107 8620" + scalar).sw == 0x9000);
    CHECK(host.send(*body, "00DA00662C 06082A8648CE3D030108 8620" + scalar).sw == 0x6A80);
    CHECK(host.send(*body, "00DA00662C 06082A8648CE3D030107 8620" + to_hex(Bytes(32, 0xFF))).sw == 0x6A80);
    CHECK(host.send(*body, "00DA00662C 06082A8648CE3D030107 8620" + to_hex(Bytes(32, 0))).sw == 0x6A80);
    CHECK(host.send(*body, "00DA006700").sw == 0x6A86);
    body->power_on();
    auto link = open_pace(*body, access_seed());
    REQUIRE(link);
    CHECK(link->send(*body, "00A4040C07A0000002471001").sw == 0x9000);
    CHECK(link->send(*body, "008800000701020304050607 00").sw == 0x6700);
    const Reply reply = link->send(*body, "00880000080102030405060708 00");
    REQUIRE(reply.sw == 0x9000);
    REQUIRE(reply.data.size() == 64);
    const Botan::EC_Group group{"secp256r1"};
    const Botan::BigInt d{"0x" + scalar};
    const Botan::ECDSA_PublicKey key{group, group.get_base_point() * d};
    Botan::PK_Verifier verifier{key, "EMSA1(SHA-256)"};
    const Bytes challenge = from_hex("0102030405060708");
    CHECK(verifier.verify_message(challenge.data(), 8, reply.data.data(), 64));
    const Bytes other = from_hex("0102030405060709");
    CHECK_FALSE(verifier.verify_message(other.data(), 8, reply.data.data(), 64));
}

TEST_CASE("a 1024-bit RSA key answers Active Authentication by ISO 9796-2", "[sim][passport]") {
    Botan::AutoSeeded_RNG rng;
    const Botan::RSA_PrivateKey key{rng, 1024};
    const auto encoded = [](const Botan::BigInt& value) {
        Bytes out(128);
        Botan::BigInt::encode_1363(out.data(), out.size(), value);
        return to_hex(out);
    };
    for (const char* kind : {"kartsaz", "jmrtd"}) {
        INFO(kind);
        auto body = ready(kind);
        send(*body, select_passport);
        ScpHost host{transport_key()};
        const bool secured = host.open(*body, 0x03) == 0x9000;
        for (const auto& command : {"00DA006086 6000 048181 00" + encoded(key.get_n()),
                                    "00DA006185 6100 048180" + encoded(key.get_d())}) {
            CHECK((secured ? host.send(*body, command).sw : sw(*body, command)) == 0x9000);
        }
        body->power_on();
        send(*body, select_passport);
        CHECK(sw(*body, "00880000080102030405060708 00") == 0x6982);
        auto link = open_bac(*body, access_seed());
        REQUIRE(link);
        const Reply reply = link->send(*body, "00880000080102030405060708 00");
        REQUIRE(reply.sw == 0x9000);
        REQUIRE(reply.data.size() == 128);
        const Botan::BigInt opened =
            Botan::power_mod(Botan::BigInt{reply.data.data(), reply.data.size()}, key.get_e(), key.get_n());
        Bytes message(106, 0);
        const Bytes digest = sha1(concat({message, from_hex("0102030405060708")}));
        CHECK(encoded(opened) == "6A" + to_hex(message) + to_hex(digest) + "BC");
    }
}

TEST_CASE("without a key Active Authentication is refused", "[sim][passport]") {
    auto body = ready();
    send(*body, select_passport);
    auto link = open_bac(*body, access_seed());
    REQUIRE(link);
    CHECK(link->send(*body, "00880000080102030405060708 00").sw == 0x6985);
}

TEST_CASE("key slots refuse what they cannot hold", "[sim][passport]") {
    auto body = blank("jmrtd");
    send(*body, select_passport);
    CHECK(sw(*body, "00DA0060026000") == 0x6A80);
    CHECK(sw(*body, "00DA006006 6000 0402 1122") == 0x6A80);
    CHECK(sw(*body, "00DA006007 6000 0403 010001") == 0x6A80);
    CHECK(sw(*body, "00DA006107 6000 0403 010001") == 0x9000);
    CHECK(sw(*body, "00DA0062026200") == 0x6A80);
    CHECK(sw(*body, "00DA00620C 620A 5F1F0141 5F1F0142 5F1F") == 0x6A80);
    CHECK(sw(*body, "00DA0066026000") == 0x6A86);
    CHECK(sw(*body, "00DA0001026000") == 0x6A86);
}

}  // namespace kartsaz::sim::test
