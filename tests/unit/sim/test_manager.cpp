// SPDX-License-Identifier: Apache-2.0
// The card manager: what it tells, whom it lets in, its registry, life cycle and keys.
#include <catch2/catch.hpp>

#include <algorithm>

#include "libcard/sim/apdu_in.h"
#include "terminal.h"

namespace kartsaz::sim::test {
namespace {

std::unique_ptr<Body> blank(const std::string& kind = "kartsaz", std::uint8_t i = 0x70) {
    NewBody options;
    options.kind = kind;
    options.scp_i = i;
    options.serial = 0x01020304;
    options.seed = Bytes(32, 9);
    auto body = Body::create(options);
    body->power_on();
    return body;
}

std::string hex_of(const Bytes& data) {
    return to_hex(big_endian(data.size(), 1)) + to_hex(data);
}

}  // namespace

TEST_CASE("a blank answers SELECT of the card manager by full, partial and empty name", "[sim][manager]") {
    auto body = blank();
    for (const char* command : {"00A4040008A00000015100000000", "00A4040005A00000015100", "00A4040000"}) {
        const Reply reply = send(*body, command);
        CHECK(reply.sw == 0x9000);
        const auto fci = find_object(reply.data, 0x6F);
        REQUIRE(fci);
        CHECK(to_hex(*find_object(*fci, 0x84)) == "A000000151000000");
    }
    CHECK(sw(*body, "00A4040008A00000000300000000") == 0x6A82);
    CHECK(send(*body, "00A4040C08A000000151000000").data.empty());
}

TEST_CASE("without an Le field SELECT gives no FCI", "[sim][manager]") {
    auto body = blank();
    for (const char* command : {"00A4040008A000000151000000", "00A40400"}) {
        const Reply reply = send(*body, command);
        CHECK(reply.sw == 0x9000);
        CHECK(reply.data.empty());
    }
}

TEST_CASE("GET DATA tells who the chip is", "[sim][manager]") {
    auto body = blank();
    const Reply cplc = send(*body, "80CA9F7F00");
    REQUIRE(cplc.sw == 0x9000);
    REQUIRE(cplc.data.size() == 45);
    CHECK(to_hex(ByteView{cplc.data}.subspan(15, 4)) == "01020304");
    CHECK(to_hex(send(*body, "00CA00E000").data) == "E012C00401308810C00402308810C00403308810");
    CHECK(to_hex(send(*body, "80CA00C100").data) == "C103000000");
    const auto recognition = to_hex(send(*body, "80CA006600").data);
    CHECK(recognition.find("2A864886FC6B040370") != std::string::npos);
    CHECK(send(*body, "80CA004200").sw == 0x9000);
    CHECK(send(*body, "80CA004500").sw == 0x9000);
    CHECK(sw(*body, "80CA00FF00") == 0x6A88);
    CHECK(sw(*body, "80CA9F7F10") == 0x6C2D);
}

TEST_CASE("two blanks have different serial numbers and diversification data", "[sim][manager]") {
    auto one = Body::create(NewBody{}), two = Body::create(NewBody{});
    one->power_on();
    two->power_on();
    CHECK(send(*one, "80CA9F7F00").data != send(*two, "80CA9F7F00").data);
    ScpHost first{transport_key()}, second{transport_key()};
    REQUIRE(first.open(*one, 0x01) == 0x9000);
    REQUIRE(second.open(*two, 0x01) == 0x9000);
    CHECK(Bytes(first.init_response.begin(), first.init_response.begin() + 10) !=
          Bytes(second.init_response.begin(), second.init_response.begin() + 10));
}

TEST_CASE("every level that i allows opens, and no other", "[sim][manager]") {
    struct Case {
        std::uint8_t i;
        std::vector<unsigned> open;
    };
    const std::vector<Case> cases{{0x00, {0x00, 0x01, 0x03}},
                                  {0x10, {0x00, 0x01, 0x03}},
                                  {0x20, {0x00, 0x01, 0x03, 0x11, 0x13}},
                                  {0x30, {0x00, 0x01, 0x03, 0x11, 0x13}},
                                  {0x60, {0x00, 0x01, 0x03, 0x11, 0x13, 0x33}},
                                  {0x70, {0x00, 0x01, 0x03, 0x11, 0x13, 0x33}},
                                  {0x71, {0x00, 0x01, 0x03, 0x11, 0x13, 0x33}}};
    for (const auto& [i, open] : cases) {
        for (const unsigned level : {0x00U, 0x01U, 0x03U, 0x11U, 0x13U, 0x33U, 0x02U, 0x10U, 0x31U, 0xFFU}) {
            INFO("i " << unsigned{i} << " level " << level);
            auto body = blank("kartsaz", i);
            ScpHost host{transport_key()};
            const bool defined =
                level == 0 || level == 1 || level == 3 || level == 0x11 || level == 0x13 || level == 0x33;
            const bool allowed = std::find(open.begin(), open.end(), level) != open.end();
            const unsigned word =
                host.open(*body, static_cast<std::uint8_t>(level), 0, (i & 1) != 0 ? 16 : 8);
            CHECK(word == (allowed ? 0x9000U : defined ? 0x6985U : 0x6A86U));
            CHECK(host.init_response.size() == ((i & 1) != 0 ? 45U : 29U) + ((i & 0x10) != 0 ? 3U : 0U));
            if (allowed) CHECK(host.send(*body, "80F28002024F0000").sw == 0x9000);
        }
    }
}

TEST_CASE("the sequence counter goes up by one with each INITIALIZE UPDATE", "[sim][manager]") {
    auto body = blank();
    for (unsigned n = 1; n <= 3; ++n) {
        ScpHost host{transport_key()};
        REQUIRE(host.open(*body, 0x01) == 0x9000);
        CHECK(big_endian(ByteView{host.init_response}.last(3)) == n);
    }
}

TEST_CASE("INITIALIZE UPDATE refuses what it cannot serve", "[sim][manager]") {
    auto body = blank();
    CHECK(sw(*body, "8050310008010203040506070800") == 0x6A88);
    CHECK(sw(*body, "8050000108010203040506070800") == 0x6A86);
    CHECK(sw(*body, "80500000070102030405060700") == 0x6700);
    CHECK(sw(*body, "8050000010 01020304050607080102030405060708 00") == 0x6700);
    CHECK(sw(*blank("kartsaz", 0x71), "8050000008010203040506070800") == 0x6700);
}

TEST_CASE("ten failed authentications block the keyset, and one success restores the tries",
          "[sim][manager]") {
    auto body = blank();
    ScpHost bad{transport_key()};
    bad.spoil_cryptogram = true;
    for (int n = 0; n < 9; ++n) CHECK(bad.open(*body, 0x01) == 0x6300);
    ScpHost good{transport_key()};
    CHECK(good.open(*body, 0x01) == 0x9000);
    for (int n = 0; n < 10; ++n) CHECK(bad.open(*body, 0x01) == 0x6300);
    body->power_on();
    CHECK(good.open(*body, 0x01) == 0x6983);
}

TEST_CASE("a wrong key fails EXTERNAL AUTHENTICATE", "[sim][manager]") {
    auto body = blank();
    ScpHost wrong{Bytes(16, 0x11)};
    CHECK(wrong.open(*body, 0x03) == 0x6300);
    CHECK(sw(*body, "84F28002 0A 4F00 0000000000000000") == 0x6985);
}

TEST_CASE("EXTERNAL AUTHENTICATE needs INITIALIZE UPDATE before it", "[sim][manager]") {
    auto body = blank();
    CHECK(sw(*body, "8482010010 00000000000000000000000000000000") == 0x6985);
    ScpHost host{transport_key()};
    REQUIRE(host.open(*body, 0x01) == 0x9000);
    CHECK(sw(*body, "8482010010 00000000000000000000000000000000") == 0x6985);
}

TEST_CASE("a wrong MAC ends the session", "[sim][manager]") {
    auto body = blank();
    ScpHost host{transport_key()};
    REQUIRE(host.open(*body, 0x13) == 0x9000);
    REQUIRE(host.send(*body, "80F28002024F0000").sw == 0x9000);
    Bytes spoiled = host.protect("80F28002024F0000");
    spoiled[6] ^= 1;
    CHECK(send(*body, spoiled).sw == 0x6982);
    CHECK(send(*body, host.protect("80F28002024F0000")).sw == 0x6985);
}

TEST_CASE("a replayed command ends the session", "[sim][manager]") {
    auto body = blank();
    ScpHost host{transport_key()};
    REQUIRE(host.open(*body, 0x01) == 0x9000);
    const Bytes once = host.protect("80F28002024F0000");
    REQUIRE(send(*body, once).sw == 0x9000);
    CHECK(send(*body, once).sw == 0x6982);
}

TEST_CASE("an error status word goes out without R-MAC and the session goes on", "[sim][manager]") {
    auto body = blank();
    ScpHost host{transport_key()};
    REQUIRE(host.open(*body, 0x33) == 0x9000);
    const Reply refused = host.send(*body, "80CA00FF00");
    CHECK(refused.sw == 0x6A88);
    CHECK(refused.data.empty());
    CHECK(to_hex(host.send(*body, "80CA00C100").data) == "C103000001");
}

TEST_CASE("in a session with C-MAC, a plain command that changes something is refused", "[sim][manager]") {
    auto body = blank();
    ScpHost host{transport_key()};
    REQUIRE(host.open(*body, 0x01) == 0x9000);
    CHECK(sw(*body, "80F0800700") == 0x6985);
    CHECK(sw(*body, "80F28002024F0000") == 0x6985);
    CHECK(sw(*body, "80CA9F7F00") == 0x9000);
    CHECK(host.send(*body, "80F28002024F0000").sw == 0x9000);
}

TEST_CASE("GET STATUS lists the registry inside a session only", "[sim][manager]") {
    auto body = blank();
    CHECK(sw(*body, "80F28002024F0000") == 0x6982);
    ScpHost host{transport_key()};
    REQUIRE(host.open(*body, 0x01) == 0x9000);
    CHECK(to_hex(host.send(*body, "80F28002024F0000").data) == "E3134F08A0000001510000009F700101C5039EFE80");
    CHECK(to_hex(host.send(*body, "80F24002024F0000").data) ==
          "E3124F07A00000024710019F700107C503000000"
          "E3174F0CF276A288BCFBA69D34F310019F700107C503000000");
    CHECK(to_hex(host.send(*body, "80F22002024F0000").data) ==
          "E30C4F06A000000247109F700101E3114F0BF276A288BCFBA69D34F3109F700101");
    CHECK(host.send(*body, "80F21002024F0000").sw == 0x9000);
    CHECK(host.send(*body, "80F24002064F04A000000100").sw == 0x6A88);
    CHECK(host.send(*body, "80F24000024F0000").sw == 0x6A86);
    CHECK(host.send(*body, "80F23002024F0000").sw == 0x6A86);
    CHECK(host.send(*body, "80F24003024F0000").sw == 0x6985);
    CHECK(host.send(*body, "80F2800200").sw == 0x6A80);
}

TEST_CASE("GET STATUS goes on with P2 = 03 when the records do not fit", "[sim][manager]") {
    auto body = blank();
    ScpHost host{transport_key()};
    REQUIRE(host.open(*body, 0x01) == 0x9000);
    Bytes short_of_room = host.protect("80F28002024F0000");
    short_of_room.back() = 0x05;
    CHECK(send(*body, short_of_room).sw == 0x6310);
    CHECK(host.send(*body, "80F28003024F0000").sw == 0x9000);
}

TEST_CASE("the card life cycle goes forward only", "[sim][manager]") {
    auto body = blank();
    CHECK(sw(*body, "80F08007") == 0x6982);
    ScpHost host{transport_key()};
    REQUIRE(host.open(*body, 0x01) == 0x9000);
    CHECK(host.send(*body, "80F08007").sw == 0x9000);
    CHECK(host.send(*body, "80F08001").sw == 0x6985);
    CHECK(host.send(*body, "80F08007").sw == 0x6985);
    CHECK(host.send(*body, "80F08008").sw == 0x6A80);
    CHECK(host.send(*body, "80F0400F").sw == 0x6A86);
    CHECK(host.send(*body, "80F0800F").sw == 0x9000);
    CHECK(host.send(*body, "80F0807F").sw == 0x9000);
    CHECK(sw(*body, "00A4040008A00000015100000000") == 0x6283);
    CHECK(sw(*body, select_passport) == 0x6A82);
    REQUIRE(host.open(*body, 0x01) == 0x9000);
    CHECK(host.send(*body, "80F080FF").sw == 0x9000);
    body->power_on();
    CHECK(sw(*body, "80CA9F7F00") == 0x9000);
    CHECK(sw(*body, "00A4040008A00000015100000000") == 0x6985);
    CHECK(sw(*body, "8050000008010203040506070800") == 0x6985);
    CHECK(sw(*body, "00A4000C022F01") == 0x6985);
}

TEST_CASE("PUT KEY replaces the transport keys", "[sim][manager]") {
    for (const std::size_t size : {16U, 24U, 32U}) {
        auto body = blank();
        const Bytes fresh(size, 0x77);
        ScpHost host{transport_key()};
        REQUIRE(host.open(*body, 0x33) == 0x9000);
        const Reply reply = host.send(*body, "80D83081" + hex_of(host.put_key_data(0x01, fresh)) + "00");
        CHECK(reply.sw == 0x9000);
        REQUIRE(reply.data.size() == 10);
        CHECK(reply.data[0] == 0x01);
        body->power_on();
        CHECK(sw(*body, "8050300008010203040506070800") == 0x6A88);
        ScpHost after{fresh};
        CHECK(after.open(*body, 0x33, 0x01) == 0x9000);
        CHECK(big_endian(ByteView{after.init_response}.last(3)) == 1);
        CHECK(ScpHost{transport_key()}.open(*body, 0x01) == 0x6300);
    }
}

TEST_CASE("PUT KEY refuses keys that are not whole", "[sim][manager]") {
    auto body = blank();
    ScpHost host{transport_key()};
    const Bytes good = host.put_key_data(0x01, Bytes(16, 0x77));
    CHECK(sw(*body, "80D83081" + hex_of(good) + "00") == 0x6982);
    REQUIRE(host.open(*body, 0x03) == 0x9000);
    const auto changed = [&](std::size_t at, std::uint8_t value) {
        Bytes bad = good;
        bad[at] = value;
        return host.send(*body, "80D83081" + hex_of(bad) + "00").sw;
    };
    CHECK(changed(1, 0x80) == 0x9484);
    CHECK(changed(2, 0x10) == 0x6A80);
    CHECK(changed(3, 0x11) == 0x6A80);
    CHECK(changed(4, static_cast<std::uint8_t>(good[4] ^ 1)) == 0x6A80);
    CHECK(changed(good.size() - 1, static_cast<std::uint8_t>(good.back() ^ 1)) == 0x6A80);
    CHECK(changed(0, 0x00) == 0x6A80);
    CHECK(changed(0, 0x80) == 0x6A80);
    CHECK(host.send(*body, "80D82081" + hex_of(good) + "00").sw == 0x6A88);
    CHECK(host.send(*body, "80D83001" + hex_of(good) + "00").sw == 0x6A86);
    const Bytes cut(good.begin(), good.end() - 1);
    CHECK(host.send(*body, "80D83081" + hex_of(cut) + "00").sw == 0x6A80);
    CHECK(host.send(*body, "80CA00E000").sw == 0x9000);
    CHECK(to_hex(host.send(*body, "80CA00E000").data).substr(0, 12) == "E012C0040130");
}

TEST_CASE("PUT KEY with P1 = 00 adds a keyset beside the old one", "[sim][manager]") {
    auto body = blank();
    ScpHost host{transport_key()};
    REQUIRE(host.open(*body, 0x03) == 0x9000);
    CHECK(host.send(*body, "80D80081" + hex_of(host.put_key_data(0x31, Bytes(16, 0x77))) + "00").sw ==
          0x9000);
    CHECK(host.send(*body, "80D80081" + hex_of(host.put_key_data(0x31, Bytes(16, 0x78))) + "00").sw ==
          0x6A80);
    CHECK(ScpHost{transport_key()}.open(*body, 0x01, 0x30) == 0x9000);
    CHECK(ScpHost{Bytes(16, 0x77)}.open(*body, 0x01, 0x31) == 0x9000);
}

TEST_CASE("the master file's EFs are free to read at power-up", "[sim][manager]") {
    auto body = blank();
    CHECK(sw(*body, "00B0000000") == 0x6986);
    CHECK(sw(*body, "00A4020C02011C") == 0x9000);
    CHECK(to_hex(send(*body, "00B0000000").data) == "31143012060A04007F0007020204020202010202010C");
    CHECK(to_hex(send(*body, "00B0000204").data) == "3012060A");
    CHECK(to_hex(send(*body, "00B09C0004").data) == "31143012");
    CHECK(sw(*body, "00B0001600") == 0x6B00);
    CHECK(sw(*body, "00A4000C022F01") == 0x9000);
    CHECK(to_hex(send(*body, "00B0000000").data) == "7F66080202200902022002");
    CHECK(sw(*body, "00A4000C023F00") == 0x9000);
    CHECK(sw(*body, "00A4020C02011E") == 0x6A82);
    CHECK(sw(*body, "00A4050C02011E") == 0x6A86);
}

TEST_CASE("the jcardengine card manager authenticates and does nothing else", "[sim][manager]") {
    auto body = blank("jcardengine");
    CHECK(sw(*body, "00A4040000") == 0x9000);
    CHECK(sw(*body, "00A4040008A00000000300000000") == 0x6A82);
    CHECK(sw(*body, "8050000010 01020304050607080102030405060708 00") == 0x6700);
    for (const unsigned level : {0x03, 0x13, 0x33}) {
        ScpHost host{transport_key()};
        REQUIRE(host.open(*body, static_cast<std::uint8_t>(level), 0x55) == 0x9000);
        CHECK(to_hex(ByteView{host.init_response}.first(13)) == "00010203040506070809FF0370");
        CHECK(send(*body, host.protect("80F28002024F0000")).sw == 0x6D00);
        CHECK(send(*body, host.protect("80E40000084F06A0000002471000")).sw == 0x6A88);
        CHECK(send(*body, host.protect("80E2900080" + to_hex(Bytes(128, 1)))).sw == 0x6F00);
        CHECK(send(*body, host.protect("80E29000")).sw == 0x6985);
        CHECK(send(*body, host.protect("80F28002024F0000")).sw == 0x6985);
    }
    for (const unsigned level : {0x01, 0x11}) {
        ScpHost host{transport_key()};
        REQUIRE(host.open(*body, static_cast<std::uint8_t>(level)) == 0x9000);
        CHECK(send(*body, host.protect("80F28002024F0000")).sw == 0x6A80);
    }
    CHECK(sw(*body, "80CA9F7F00") == 0x6D00);
    CHECK(sw(*body, "80E40000084F06A0000002471000") == 0x6985);
}

TEST_CASE("the jmrtd kind has no card manager and no master file", "[sim][manager]") {
    auto body = blank("jmrtd");
    CHECK(sw(*body, "00A4040008A00000015100000000") == 0x6A82);
    CHECK(sw(*body, "00A4040000") == 0x6A82);
    CHECK(sw(*body, "80CA9F7F00") == 0x6E00);
    CHECK(sw(*body, "8050000008010203040506070800") == 0x6E00);
    CHECK(sw(*body, "00A4020C02011C") == 0x6A82);
    CHECK(sw(*body, "00CA9F7F00") == 0x6D00);
    CHECK(sw(*body, select_passport) == 0x9000);
    CHECK(sw(*body, "8050000008010203040506070800") == 0x6E00);
    CHECK(sw(*body, "0022C1A40F800A04007F00070202040202830101") == 0x6D00);
}

}  // namespace kartsaz::sim::test
