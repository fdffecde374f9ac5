// SPDX-License-Identifier: Apache-2.0
// The passport application: writing, access, locking, by kind of body.
#include <botan/auto_rng.h>
#include <botan/bigint.h>
#include <botan/ec_group.h>
#include <botan/ecdsa.h>
#include <botan/numthry.h>
#include <botan/pubkey.h>
#include <botan/rsa.h>
#include <catch2/catch.hpp>

#include "terminal.h"
#include "tests/support/vectors.h"

namespace kartsaz::sim::test {
namespace {

constexpr const char* com_hex = "60145F0104303130375F36063034303030305C026175";

std::unique_ptr<Body> blank(const std::string& kind = "kartsaz", bool open = false) {
    NewBody options;
    options.kind = kind;
    options.open = open;
    options.seed = Bytes(32, 5);
    auto body = Body::create(options);
    body->power_on();
    return body;
}

std::unique_ptr<Body> ready(const std::string& kind = "kartsaz") {
    auto body = blank(kind);
    personalize(*body);
    body->power_on();
    return body;
}

void lock(Body& body) {
    body.power_on();
    send(body, select_passport);
    ScpHost host{transport_key()};
    const bool secured = host.open(body, 0x03) == 0x9000;
    REQUIRE((secured ? host.send(body, "00DADEAD").sw : sw(body, "00DADEAD")) == 0x9000);
    body.power_on();
}

/// Replaces the transport keys by `fresh`, version 01.
void put_issuer_keys(Body& body, const Bytes& fresh) {
    body.power_on();
    ScpHost host{transport_key()};
    REQUIRE(host.open(body, 0x03) == 0x9000);
    const Bytes data = host.put_key_data(0x01, fresh);
    REQUIRE(host.send(body, "80D83081" + to_hex(big_endian(data.size(), 1)) + to_hex(data) + "00").sw ==
            0x9000);
    body.power_on();
}

}  // namespace

TEST_CASE("each kind opens by BAC and gives its files", "[sim][passport]") {
    for (const auto& kind : body_kinds()) {
        INFO(kind.name);
        auto body = ready(kind.name);
        REQUIRE(sw(*body, select_passport) == 0x9000);
        auto link = open_bac(*body, access_seed());
        REQUIRE(link);
        CHECK(link->send(*body, "00A4020C02011E").sw == 0x9000);
        CHECK(to_hex(link->send(*body, "00B0000016").data) == com_hex);
        CHECK(to_hex(link->send(*body, "00B0000400").data) == std::string{com_hex}.substr(8));
        CHECK(link->send(*body, "00B0001700").sw == 0x6B00);
        CHECK(link->send(*body, "00A4020C020102").sw == 0x6A82);
    }
}

TEST_CASE("PACE opens the card before and after the application is selected", "[sim][passport]") {
    auto body = ready();
    auto link = open_pace(*body, access_seed());
    REQUIRE(link);
    CHECK(link->send(*body, "00A4040C07A0000002471001").sw == 0x9000);
    CHECK(link->send(*body, "00A4020C02011E").sw == 0x9000);
    CHECK(to_hex(link->send(*body, "00B0000000").data) == com_hex);
    CHECK(to_hex(link->send(*body, "00B09E0000").data) == com_hex);
    CHECK(to_hex(link->send(*body, "00B0810002").data) == "6106");

    body->power_on();
    REQUIRE(sw(*body, select_passport) == 0x9000);
    link = open_pace(*body, access_seed());
    REQUIRE(link);
    CHECK(to_hex(link->send(*body, "00B09E0000").data) == com_hex);
}

TEST_CASE("PACE refuses wrong passwords, points and orders", "[sim][passport]") {
    auto body = ready();
    unsigned why = 0;
    CHECK_FALSE(open_pace(*body, sha1(to_bytes("WRONG")), &why));
    CHECK(why == 0x6300);
    const std::string set_at = "0022C1A40F800A04007F00070202040202830101";
    CHECK(sw(*body, "10860000027C0000") == 0x6985);
    CHECK(sw(*body, "0022C1A40F800A04007F00070202040202830102") == 0x6A88);
    CHECK(sw(*body, "0022C1A40F800A04007F00070202040204830101") == 0x6A80);
    CHECK(sw(*body, "0022C1A412800A04007F0007020204020283010184010D") == 0x6A88);
    CHECK(sw(*body, "0022C1A412800A04007F0007020204020283010184010C") == 0x9000);
    CHECK(sw(*body, "0022C1A60F800A04007F00070202040202830101") == 0x6A86);
    REQUIRE(sw(*body, set_at) == 0x9000);
    REQUIRE(sw(*body, "10860000027C0000") == 0x9000);
    CHECK(sw(*body, "10860000457C438141 04" + to_hex(Bytes(64, 1)) + "00") == 0x6A80);
    CHECK(sw(*body, "10860000027C0000") == 0x6985);
    REQUIRE(sw(*body, set_at) == 0x9000);
    REQUIRE(sw(*body, "10860000027C0000") == 0x9000);
    CHECK(sw(*body, "10860000057C0381010000") == 0x6A80);
    REQUIRE(sw(*body, set_at) == 0x9000);
    CHECK(sw(*body, "00860000027C0000") == 0x6A80);
    auto empty = blank();
    CHECK(sw(*empty, set_at) == 0x6A88);
}

TEST_CASE("nothing is readable without BAC or PACE, before the lock and after", "[sim][passport]") {
    for (const auto& kind : body_kinds()) {
        INFO(kind.name);
        auto body = ready(kind.name);
        send(*body, select_passport);
        CHECK(sw(*body, "00A4020C02011E") == 0x9000);
        CHECK(sw(*body, "00B0000000") == 0x6982);
        CHECK(sw(*body, "00B09E0000") == 0x6982);
        lock(*body);
        send(*body, select_passport);
        CHECK(sw(*body, "00A4020C02011E") == 0x6982);
        CHECK(sw(*body, "00B0000000") == 0x6982);
        CHECK(sw(*body, "00880000080102030405060708 00") == 0x6982);
    }
}

TEST_CASE("BAC works once per power-up and refuses wrong keys", "[sim][passport]") {
    for (const char* kind : {"kartsaz", "jmrtd"}) {
        INFO(kind);
        auto body = ready(kind);
        send(*body, select_passport);
        CHECK(sw(*body, "0084000004") == 0x6700);
        CHECK(sw(*body, "0082000028" + to_hex(Bytes(40, 1)) + "28") == 0x6982);
        unsigned why = 0;
        CHECK_FALSE(open_bac(*body, sha1(to_bytes("WRONG")), &why));
        CHECK(why == 0x6982);
        CHECK(open_bac(*body, access_seed()));
        CHECK(sw(*body, "0084000008") == 0x6982);
        body->power_on();
        send(*body, select_passport);
        CHECK(open_bac(*body, access_seed()));
        auto without = blank(kind);
        send(*without, select_passport);
        CHECK(sw(*without, "0084000008") == 0x6982);
    }
}

TEST_CASE("secure messaging without a session, with a wrong MAC, and after that", "[sim][passport]") {
    for (const char* kind : {"kartsaz", "jmrtd"}) {
        INFO(kind);
        auto body = ready(kind);
        send(*body, select_passport);
        CHECK(sw(*body, "0CA4020C158709016375432908C044F68E08BF8B92D635FF24F800") == 0x6882);
        auto link = open_bac(*body, access_seed());
        REQUIRE(link);
        Bytes bad = link->protect("00A4020C02011E");
        bad[8] ^= 1;
        CHECK(send(*body, bad).sw == 0x6988);
        CHECK(send(*body, link->protect("00A4020C02011E")).sw == 0x6882);
        CHECK(sw(*body, "00B0000000") == 0x6982);
    }
}

TEST_CASE("a plain command ends secure messaging on kartsaz and not on the applet", "[sim][passport]") {
    auto body = ready();
    send(*body, select_passport);
    auto link = open_bac(*body, access_seed());
    REQUIRE(link);
    CHECK(sw(*body, "00A4020C02011E") == 0x9000);
    CHECK(send(*body, link->protect("00B0000000")).sw == 0x6882);

    body = ready("jmrtd");
    send(*body, select_passport);
    link = open_bac(*body, access_seed());
    REQUIRE(link);
    CHECK(sw(*body, "00A4020C02011E") == 0x9000);
    CHECK(to_hex(send(*body, "00B0000000").data) == com_hex);
    CHECK(to_hex(link->send(*body, "00B0000000").data) == com_hex);
}

TEST_CASE("kartsaz is written under C-MAC and C-DECRYPTION only", "[sim][passport]") {
    auto body = blank();
    send(*body, select_passport);
    for (const char* command : {"00E0000006630400160 11E", "00D6000001AA", "00DADEAD"})
        CHECK(sw(*body, command) == 0x6982);
    ScpHost weak{transport_key()};
    REQUIRE(weak.open(*body, 0x01) == 0x9000);
    CHECK(weak.send(*body, "00E00000066304 0016 011E").sw == 0x6982);
    ScpHost host{transport_key()};
    REQUIRE(host.open(*body, 0x33) == 0x9000);
    CHECK(host.send(*body, "00E00000066304 0016 011E").sw == 0x9000);
    CHECK(host.send(*body, "00D6000001AA").sw == 0x9000);
    auto open = blank("kartsaz", true);
    send(*open, select_passport);
    CHECK(sw(*open, "00E00000066304 0016 011E") == 0x9000);
}

TEST_CASE("CREATE FILE and UPDATE BINARY keep to the sizes", "[sim][passport]") {
    auto body = blank("jmrtd");
    send(*body, select_passport);
    CHECK(sw(*body, "00D6000001AA") == 0x6985);
    CHECK(sw(*body, "00E00000066304 0010 0101") == 0x9000);
    CHECK(sw(*body, "00D6000001AA") == 0x6985);
    CHECK(sw(*body, "00A40000020101") == 0x9000);
    CHECK(sw(*body, "00D6000E02AABB") == 0x9000);
    CHECK(sw(*body, "00D6000F02AABB") == 0x6A84);
    CHECK(sw(*body, "00E00000066304 0008 0101") == 0x9000);
    CHECK(sw(*body, "00D6000801AA") == 0x6A84);
    CHECK(sw(*body, "00E00000066304 0011 0101") == 0x6A84);
    CHECK(sw(*body, "00E00000066304 0010 0101") == 0x9000);
    CHECK(sw(*body, "00E00000066304 8000 0102") == 0x6A84);
    CHECK(sw(*body, "00E00000066304 7FFF 0102") == 0x9000);
    CHECK(sw(*body, "00E00000066304 0010 0103") == 0x6982);
    CHECK(sw(*body, "00E00000066304 0010 0104") == 0x6982);
    CHECK(sw(*body, "00E00000066304 0010 0777") == 0x6F00);
    CHECK(sw(*body, "00E00000056304 0010 01") == 0x6700);
    CHECK(sw(*body, "00E00000066204 0010 0101") == 0x6A80);
    CHECK(sw(*body, "00A4000001 01") == 0x6700);
    CHECK(sw(*body, "00A40000020105") == 0x6A82);
}

TEST_CASE("on kartsaz CREATE FILE selects, DG3 is there and files may grow", "[sim][passport]") {
    auto body = blank("kartsaz", true);
    send(*body, select_passport);
    CHECK(sw(*body, "00E00000066304 0002 0103") == 0x9000);
    CHECK(sw(*body, "00D6000002AABB") == 0x9000);
    CHECK(sw(*body, "00E00000066304 0004 0103") == 0x9000);
    CHECK(sw(*body, "00D6000202CCDD") == 0x9000);
    CHECK(body->files().at(0).size == 4);
}

TEST_CASE("the lock cannot be undone", "[sim][passport]") {
    for (const auto& kind : body_kinds()) {
        INFO(kind.name);
        auto body = ready(kind.name);
        lock(*body);
        send(*body, select_passport);
        ScpHost host{transport_key()};
        const bool secured = host.open(*body, 0x33) == 0x9000;
        for (const char* command :
             {"00E00000066304 0016 011E", "00D6000001AA", "00DADEAD", "00DA00620411021122"}) {
            CHECK((secured ? host.send(*body, command).sw : sw(*body, command)) == 0x6985);
        }
        body->power_on();
        send(*body, select_passport);
        CHECK(sw(*body, "00D6000001AA") == 0x6985);
        auto link = open_bac(*body, access_seed());
        REQUIRE(link);
        CHECK(link->send(*body, "00D6000001AA").sw == 0x6985);
    }
}

TEST_CASE("after the lock the issuer's own keys may still write, at level 03 and up", "[sim][passport]") {
    auto body = ready();
    const Bytes issuer(16, 0x66);
    put_issuer_keys(*body, issuer);
    send(*body, select_passport);
    ScpHost host{issuer};
    REQUIRE(host.open(*body, 0x03) == 0x9000);
    REQUIRE(host.send(*body, "00DADEAD").sw == 0x9000);
    body->power_on();
    send(*body, select_passport);
    CHECK(sw(*body, "00E00000066304 0016 011E") == 0x6985);
    ScpHost weak{issuer};
    REQUIRE(weak.open(*body, 0x01) == 0x9000);
    CHECK(weak.send(*body, "00E00000066304 0016 011E").sw == 0x6985);
    REQUIRE(host.open(*body, 0x03) == 0x9000);
    CHECK(host.send(*body, "00A4020C02011E").sw == 0x9000);
    CHECK(host.send(*body, "00D600000160").sw == 0x9000);
    CHECK(host.send(*body, "00E00000066304 0020 011E").sw == 0x9000);
    CHECK(host.send(*body, "00DADEAD").sw == 0x9000);
}

TEST_CASE("personal data is read over SCP03 at level 33 only", "[sim][passport]") {
    auto body = ready();
    send(*body, select_passport);
    for (const unsigned level : {0x01, 0x03, 0x13}) {
        ScpHost host{transport_key()};
        REQUIRE(host.open(*body, static_cast<std::uint8_t>(level)) == 0x9000);
        CHECK(host.send(*body, "00A4020C02011E").sw == 0x9000);
        CHECK(host.send(*body, "00B0000000").sw == 0x6982);
    }
    ScpHost host{transport_key()};
    REQUIRE(host.open(*body, 0x33) == 0x9000);
    CHECK(host.send(*body, "00A4020C02011E").sw == 0x9000);
    CHECK(to_hex(host.send(*body, "00B0000000").data) == com_hex);
}

TEST_CASE("after the lock DG3 answers the issuer only", "[sim][passport]") {
    auto body = ready();
    send(*body, select_passport);
    ScpHost host{transport_key()};
    REQUIRE(host.open(*body, 0x03) == 0x9000);
    REQUIRE(host.send(*body, "00E00000066304 0002 0103").sw == 0x9000);
    REQUIRE(host.send(*body, "00D6000002 6300").sw == 0x9000);
    body->power_on();
    auto link = open_pace(*body, access_seed());
    REQUIRE(link);
    CHECK(link->send(*body, "00A4040C07A0000002471001").sw == 0x9000);
    CHECK(link->send(*body, "00A4020C020103").sw == 0x9000);
    CHECK(to_hex(link->send(*body, "00B0000000").data) == "6300");
    lock(*body);
    link = open_pace(*body, access_seed());
    REQUIRE(link);
    CHECK(link->send(*body, "00A4040C07A0000002471001").sw == 0x9000);
    CHECK(link->send(*body, "00A4020C020103").sw == 0x9000);
    CHECK(link->send(*body, "00B0000000").sw == 0x6982);
    CHECK(link->send(*body, "00B0830000").sw == 0x6982);
    body->power_on();
    send(*body, select_passport);
    REQUIRE(host.open(*body, 0x33) == 0x9000);
    CHECK(host.send(*body, "00A4020C020103").sw == 0x9000);
    CHECK(to_hex(host.send(*body, "00B0000000").data) == "6300");
}

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

TEST_CASE("an applet kind reads at most 224 bytes at once and refuses extended length", "[sim][passport]") {
    auto body = ready("jmrtd");
    send(*body, select_passport);
    CHECK(sw(*body, "00E00000066304 0200 0102") == 0x9000);
    CHECK(sw(*body, "00D60000000002 AABB") == 0x6700);
    auto link = open_bac(*body, access_seed());
    REQUIRE(link);
    CHECK(link->send(*body, "00A4020C020102").sw == 0x9000);
    CHECK(link->send(*body, "00B0000000").data.size() == 224);
    CHECK(link->send(*body, "00B0010000").data.size() == 224);
}

TEST_CASE("kartsaz reads as much as the response holds", "[sim][passport]") {
    auto body = ready();
    send(*body, select_passport);
    ScpHost host{transport_key()};
    REQUIRE(host.open(*body, 0x03) == 0x9000);
    REQUIRE(host.send(*body, "00E00000066304 2000 0102").sw == 0x9000);
    REQUIRE(host.open(*body, 0x33) == 0x9000);
    CHECK(host.send(*body, "00A4020C020102").sw == 0x9000);
    CHECK(host.send(*body, "00B0000000").data.size() == 239);
    CHECK(host.send(*body, "00B00000000000").data.size() == 4079);
    const auto with_le = [&](std::uint8_t le) {
        Bytes command = host.protect("00B0000000");
        command.back() = le;
        return host.unprotect(body->transmit(command)).data.size();
    };
    CHECK(with_le(0x28) == 31);  // Le counts the protected bytes
    CHECK(with_le(0x04) == 4);   // too small for that
    body->power_on();
    auto link = open_pace(*body, access_seed());
    REQUIRE(link);
    CHECK(link->send(*body, "00A4040C07A0000002471001").sw == 0x9000);
    CHECK(link->send(*body, "00A4020C020102").sw == 0x9000);
    CHECK(link->send(*body, "00B0000000").data.size() == 223);
    CHECK(link->send(*body, "00B00000000000").data.size() == 4063);
    CHECK(link->send(*body, "00B0000010").data.size() == 16);
}

TEST_CASE("kartsaz takes commands up to the size in EF.ATR/INFO", "[sim][passport]") {
    auto body = blank("kartsaz", true);
    send(*body, select_passport);
    REQUIRE(sw(*body, "00E00000066304 2000 0102") == 0x9000);
    Bytes command = from_hex("00D60000001000");
    append(command, Bytes(4096, 0x55));
    CHECK(send(*body, command).sw == 0x9000);
    command = from_hex("00D60000001001");
    append(command, Bytes(4097, 0x55));
    CHECK(send(*body, command).sw == 0x6700);
}

}  // namespace kartsaz::sim::test
