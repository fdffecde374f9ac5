// SPDX-License-Identifier: Apache-2.0
// The passport application: BAC, PACE, secure messaging and what they open.
#include <catch2/catch.hpp>

#include "bodies.h"

namespace kartsaz::sim::test {
namespace {

constexpr const char* com_hex = "60145F0104303130375F36063034303030305C026175";

}  // namespace

TEST_CASE("each kind opens by BAC and gives its files", "[sim][passport]") {
    for (const auto& kind : passport_kinds()) {
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
    for (const auto& kind : passport_kinds()) {
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

}  // namespace kartsaz::sim::test
