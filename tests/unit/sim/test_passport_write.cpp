// SPDX-License-Identifier: Apache-2.0
// The passport application: writing, locking and block sizes, by kind of body.
#include <catch2/catch.hpp>

#include "bodies.h"

namespace kartsaz::sim::test {
namespace {

constexpr const char* com_hex = "60145F0104303130375F36063034303030305C026175";

}  // namespace

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
    for (const auto& kind : passport_kinds()) {
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
    REQUIRE(host.send(*body, "00E00000066304 2001 0102").sw == 0x9000);
    REQUIRE(host.open(*body, 0x33) == 0x9000);
    CHECK(host.send(*body, "00A4020C020102").sw == 0x9000);
    CHECK(host.send(*body, "00B0000000").data.size() == 239);
    CHECK(host.send(*body, "00B00000000000").data.size() == 8175);
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
    CHECK(link->send(*body, "00B00000000000").data.size() == 8159);
    CHECK(link->send(*body, "00B0000010").data.size() == 16);
}

TEST_CASE("kartsaz takes commands up to the size in EF.ATR/INFO", "[sim][passport]") {
    auto body = blank("kartsaz", true);
    send(*body, select_passport);
    REQUIRE(sw(*body, "00E00000066304 2001 0102") == 0x9000);
    Bytes command = from_hex("00D60000002000");
    append(command, Bytes(8192, 0x55));
    CHECK(send(*body, command).sw == 0x9000);
    command = from_hex("00D60000002001");
    append(command, Bytes(8193, 0x55));
    CHECK(send(*body, command).sw == 0x6700);
}

}  // namespace kartsaz::sim::test
