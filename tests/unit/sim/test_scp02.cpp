// SPDX-License-Identifier: Apache-2.0
// SCP02 as the simulated card manager speaks it.
#include <catch2/catch.hpp>

#include "apdu/error.h"
#include "libcard/sim/kinds.h"
#include "libcard/sim/scp02_session.h"
#include "scp02_host.h"
#include "tests/support/vectors.h"

namespace kartsaz::sim::test {
namespace {

using kartsaz::test::Vector;
using kartsaz::test::vectors;

ApduIn parsed(const nlohmann::json& hex) {
    const auto in = parse_apdu(from_hex(hex.get<std::string>()));
    REQUIRE(in);
    return *in;
}

std::vector<Vector> sessions() {
    std::vector<Vector> out;
    for (auto& v : vectors("scp02", "scp02-session")) {
        if (v.has("host_challenge")) out.push_back(std::move(v));
    }
    return out;
}

Scp02Session card_of(const Vector& v) {
    const auto counter = static_cast<std::uint32_t>(big_endian(v.bytes("sequence_counter")));
    const Keyset keyset{.version = v.bytes("kvn").at(0),
                        .keys = {v.bytes("key_enc"), v.bytes("key_mac"), v.bytes("key_dek")},
                        .counter = counter};
    return {keyset, v.bytes("host_challenge"), v.bytes("card_challenge_6")};
}

std::unique_ptr<Body> blank(std::uint8_t i = 0x15) {
    NewBody options;
    options.scp = 2;
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

TEST_CASE("the card answers recorded SCP02 handshakes and opens recorded commands", "[sim][scp02]") {
    std::size_t commands = 0;
    for (const auto& v : sessions()) {
        INFO(v.file << " " << v.id());
        Meter meter{link_model("contact")};
        Scp02Session card = card_of(v);
        CHECK(to_hex(card.card_cryptogram()) == v.text("card_cryptogram"));
        REQUIRE(card.authenticate(parsed(v.data.at("external_authenticate"))));
        for (const auto& step : v.data.at("steps")) {
            INFO(step.dump());
            Command out;
            REQUIRE(card.unwrap(parsed(step.at("wrapped")), out, meter) == 0x9000);
            const ApduIn plain = parsed(step.at("plain"));
            CHECK(out.cla == plain.cla);
            CHECK(out.ins == plain.ins);
            CHECK(out.p1p2() == static_cast<std::uint16_t>(plain.p1 << 8 | plain.p2));
            CHECK(to_hex(out.data) == to_hex(plain.data));
            ++commands;
        }
    }
    CHECK(commands >= 11);
}

TEST_CASE("the card's R-MAC is the one of the vector, on an error word, too", "[sim][scp02]") {
    for (const auto& v : vectors("scp02", "scp02-session")) {
        if (!v.has("s_rmac") || v.has("host_challenge")) continue;
        Meter meter{link_model("contact")};
        Scp02Session card = card_of(sessions().front());
        REQUIRE(card.authenticate(parsed(v.data.at("external_authenticate"))));
        for (const auto& step : v.data.at("steps")) {
            Command out;
            REQUIRE(card.unwrap(parsed(step.at("wrapped")), out, meter) == 0x9000);
            const Reply plain = reply_of(from_hex(step.at("response_plain").get<std::string>()));
            const Reply wire = reply_of(from_hex(step.at("response_wire").get<std::string>()));
            const Answer answer{plain.data, static_cast<std::uint16_t>(plain.sw)};
            CHECK(to_hex(card.wrap(answer, meter)) == to_hex(wire.data));
        }
        CHECK(card.room(256) == 248);
        CHECK(card.room(8) == 0);
    }
}

TEST_CASE("a key of PUT KEY is opened under the session DEK of the vector", "[sim][scp02]") {
    for (const auto& v : vectors("gp_keys", "putkey-key-encryption")) {
        if (!v.has("s_dek")) continue;
        const Bytes key = from_hex("404142434445464748494A4B4C4D4E4F");
        const Scp02Session card{{.version = 1, .keys = {key, key, key}}, Bytes(8), Bytes(6)};
        CHECK(to_hex(card.open_key(v.bytes("ciphertext"))) == v.text("new_key"));
    }
}

TEST_CASE("a changed bit anywhere in a recorded SCP02 command is refused", "[sim][scp02]") {
    for (const auto& v : sessions()) {
        const Bytes good = from_hex(v.data.at("steps").at(0).at("wrapped").get<std::string>());
        const std::size_t end = 5U + good.at(4);
        for (std::size_t byte = 0; byte < end; ++byte) {
            if (byte == 4) continue;  // Lc: no longer a command
            Meter meter{link_model("contact")};
            Scp02Session card = card_of(v);
            REQUIRE(card.authenticate(parsed(v.data.at("external_authenticate"))));
            Bytes bad = good;
            bad[byte] ^= 0x01;
            Command out;
            CHECK(card.unwrap(*parse_apdu(bad), out, meter) == 0x6982);
        }
        Scp02Session card = card_of(v);
        auto other = parsed(v.data.at("external_authenticate"));
        for (std::size_t byte = 0; byte < other.data.size(); ++byte) {
            other.data[byte] ^= 0x80;
            CHECK_FALSE(card.authenticate(other));
            other.data[byte] ^= 0x80;
        }
        CHECK_FALSE(card.is_open());
    }
}

TEST_CASE("an SCP02 card tells protocol, version and counter, and its parameter in GET DATA 66",
          "[sim][scp02]") {
    auto body = blank(0x55);
    const Reply first = send(*body, "8050000008010203040506070800");
    REQUIRE(first.data.size() == 28);
    CHECK(to_hex(ByteView{first.data}.subspan(10, 4)) == "20020000");
    // the challenge of i = 55 follows from counter and AID: it stays until a session was opened
    const Reply second = send(*body, "8050200008080706050403020100");
    CHECK(Bytes(first.data.begin(), first.data.begin() + 20) ==
          Bytes(second.data.begin(), second.data.begin() + 20));
    Scp02Host host{transport_key()};
    REQUIRE(host.open(*body, 0x01) == 0x9000);
    const Reply third = send(*body, "8050000008010203040506070800");
    CHECK(to_hex(ByteView{third.data}.subspan(10, 4)) == "20020001");
    CHECK(Bytes(first.data.begin() + 14, first.data.begin() + 20) !=
          Bytes(third.data.begin() + 14, third.data.begin() + 20));
    CHECK_THAT(to_hex(send(*body, "80CA006600").data), Catch::Contains("06092A864886FC6B040255"));
    CHECK(to_hex(send(*body, "80CA00E000").data) == "E012C00401208010C00402208010C00403208010");
    CHECK(to_hex(send(*body, "80CA00C100").data) == "C1020001");
    auto random = blank(0x15);
    const Reply one = send(*random, "8050000008010203040506070800");
    const Reply two = send(*random, "8050000008010203040506070800");
    CHECK(one.data != two.data);
    CHECK(sw(*random, "80502100080102030405060708") == 0x6A88);
    CHECK(sw(*random, "805000000701020304050607") == 0x6700);
    CHECK(sw(*random, "80500000100102030405060708010203040506070800") == 0x6700);
}

TEST_CASE("a wrong SCP02 cryptogram or MAC costs a try, a success gives it back", "[sim][scp02]") {
    auto body = blank();
    const auto tries = [&] {
        const auto text = body->describe_json();
        const auto at = text.find("\"tries_left\": ") + 14;
        return std::stoi(text.substr(at));
    };
    Scp02Host wrong{transport_key()};
    wrong.spoil_cryptogram = true;
    CHECK(wrong.open(*body, 0x01) == 0x6300);
    CHECK(tries() == 9);
    Scp02Host mac{transport_key()};
    mac.spoil_mac = true;
    CHECK(mac.open(*body, 0x01) == 0x6300);
    CHECK(tries() == 8);
    CHECK(sw(*body, "84F280020A4F000102030405060708") == 0x6985);
    Scp02Host right{transport_key()};
    CHECK(right.open(*body, 0x01) == 0x9000);
    CHECK(tries() == 10);
    // the same EXTERNAL AUTHENTICATE once more: counter and challenge have moved on
    CHECK(send(*body, right.authentication).sw == 0x6985);
    send(*body, "8050000008" + to_hex(Bytes(8, 0x5A)) + "00");
    CHECK(send(*body, right.authentication).sw == 0x6300);
}

TEST_CASE("security levels that SCP02 or the card's parameter lack are refused", "[sim][scp02]") {
    for (const auto& [i, level, word] :
         std::vector<std::tuple<unsigned, unsigned, unsigned>>{{0x15, 0x00, 0x9000},
                                                               {0x15, 0x01, 0x9000},
                                                               {0x15, 0x03, 0x9000},
                                                               {0x15, 0x11, 0x6985},
                                                               {0x55, 0x13, 0x6985},
                                                               {0x55, 0x33, 0x6985},
                                                               {0x75, 0x33, 0x6985},
                                                               {0x75, 0x13, 0x9000},
                                                               {0x35, 0x11, 0x9000},
                                                               {0x35, 0x02, 0x6A86},
                                                               {0x35, 0x10, 0x6A86}}) {
        CAPTURE(i, level);
        auto body = blank(static_cast<std::uint8_t>(i));
        CHECK(Scp02Host{transport_key()}.open(*body, static_cast<std::uint8_t>(level)) == word);
    }
}

TEST_CASE("inside SCP02 a wrong MAC ends the session, and extended commands are refused", "[sim][scp02]") {
    for (const std::uint8_t level : {std::uint8_t{0x01}, std::uint8_t{0x03}}) {
        auto body = blank();
        Scp02Host host{transport_key()};
        REQUIRE(host.open(*body, level) == 0x9000);
        CHECK(host.send(*body, "80F28002024F0000").sw == 0x9000);
        Bytes bad = host.protect("80F28002024F0000");
        bad[bad.size() - 2] ^= 1;
        CHECK(send(*body, bad).sw == 0x6982);
        CHECK(host.send(*body, "80F28002024F0000").sw == 0x6985);
        REQUIRE(host.open(*body, level) == 0x9000);
        CHECK(sw(*body,
                 "84F280020000"
                 "0A4F000102030405060708"
                 "0000") == 0x6700);
        CHECK(sw(*body,
                 "84F2800207"
                 "01020304050607") == 0x6985);
        REQUIRE(host.open(*body, level) == 0x9000);
        CHECK(sw(*body,
                 "84F2800207"
                 "01020304050607") == 0x6982);
    }
}

TEST_CASE("PUT KEY under SCP02 replaces triple-DES keys as a whole and takes no others", "[sim][scp02]") {
    auto body = blank();
    const Bytes fresh = from_hex("00112233445566778899AABBCCDDEEFF");
    Scp02Host host{transport_key()};
    REQUIRE(host.open(*body, 0x03) == 0x9000);
    const Bytes good = host.put_key_data(0x21, fresh);
    REQUIRE(good.size() == 67);
    const auto put = [&](const Bytes& data) { return host.send(*body, "80D82081" + hex_of(data) + "00").sw; };
    for (std::size_t size = 0; size < good.size(); ++size) {
        Bytes cut(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size));
        if (cut.empty()) continue;  // no data: another command
        CAPTURE(size);
        CHECK(put(cut) == 0x6A80);
    }
    auto changed = good;
    changed[1] = 0x88;
    CHECK(put(changed) == 0x9484);
    changed = good;
    changed[2] = 0x18;
    CHECK(put(changed) == 0x6A80);
    changed = good;
    changed[20] ^= 0x01;  // KCV
    CHECK(put(changed) == 0x6A80);
    changed = good;
    changed.push_back(0x00);
    CHECK(put(changed) == 0x6A80);
    CHECK(host.send(*body, "80D83081" + hex_of(good) + "00").sw == 0x6A88);

    const Reply done = host.send(*body, "80D82081" + hex_of(good) + "00");
    CHECK(done.sw == 0x9000);
    Bytes kcv = TripleDes{fresh}.cbc_encrypt(Bytes(8, 0));
    kcv.resize(3);
    CHECK(done.data == concat({Bytes{0x21}, kcv, kcv, kcv}));
    body->power_on();
    CHECK(sw(*body, "8050200008010203040506070800") == 0x6A88);
    Scp02Host after{fresh};
    CHECK(after.open(*body, 0x03, 0x21) == 0x9000);
    CHECK(to_hex(ByteView{after.init_response}.subspan(10, 4)) == "21020000");
    CHECK(Scp02Host{transport_key()}.open(*body, 0x01) == 0x6300);
}

TEST_CASE("the snapshot of an SCP02 body holds protocol, parameter and keys", "[sim][scp02]") {
    auto body = blank(0x75);
    Scp02Host host{transport_key()};
    REQUIRE(host.open(*body, 0x01) == 0x9000);
    const auto kept = body->snapshot();
    auto other = blank(0x15);
    other->restore(kept);
    other->power_on();
    CHECK(other->describe_json() == body->describe_json());
    CHECK_THAT(other->describe_json(), Catch::Contains("\"scp\": \"02\"") &&
                                           Catch::Contains("\"scp_i\": \"75\"") &&
                                           Catch::Contains("\"type\": \"DES\""));
}

TEST_CASE("bodies that cannot be are refused", "[sim][scp02]") {
    const auto refused = [](const std::function<void(NewBody&)>& change) {
        NewBody options;
        options.scp = 2;
        change(options);
        try {
            Body::create(options);
        } catch (const Error& error) {
            return error.code() == Errc::usage;
        }
        return false;
    };
    CHECK(refused([](NewBody& b) { b.scp_i = 0x0A; }));
    CHECK(refused([](NewBody& b) { b.scp_i = 0x70; }));
    CHECK(refused([](NewBody& b) { b.kind = "jcardengine"; }));
    CHECK(refused([](NewBody& b) { b.kind = "jmrtd"; }));
    CHECK(refused([](NewBody& b) { b.scp = 1; }));
    CHECK(refused([](NewBody& b) {
        b.scp = 3;
        b.scp_i = 0x15;
    }));
    CHECK(refused([](NewBody& b) {
        b.scp = 3;
        b.kind = "jcardengine";
        b.bare = true;
    }));
    CHECK_FALSE(refused([](NewBody& b) { b.bare = true; }));
}

}  // namespace kartsaz::sim::test
