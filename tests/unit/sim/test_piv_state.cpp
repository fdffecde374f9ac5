// SPDX-License-Identifier: Apache-2.0
// What the PIV application keeps: when power goes, in the body file, in a snapshot, told to people.
#include <catch2/catch.hpp>

#include <filesystem>
#include <random>

#include "apdu/error.h"
#include "libcard/sim/apdu_in.h"
#include "libcard/sim/power_lost.h"
#include "libcard/sim/state.h"
#include "piv_card.h"
#include "signature_card.h"
#include "tests/support/vectors.h"

namespace kartsaz::sim::test {
namespace {

namespace fs = std::filesystem;

void again(Body& body) {
    body.power_on();
    REQUIRE(sw(body, select_piv) == 0x9000);
}

Errc piv_code(const std::function<void()>& action) {
    try {
        action();
    } catch (const Error& error) {
        return error.code();
    }
    return Errc::internal;
}

}  // namespace

TEST_CASE("a container written without enough power begins anew and ends as it was", "[sim][piv][faults]") {
    const Bytes old(300, 0x0D), fresh(200, 0xF5);
    for (const auto& kind : piv_kinds) {
        for (const std::uint32_t cut : {0U, 1U, 64U, 199U, 200U, 900U}) {
            INFO(kind << " cut after " << cut);
            auto body = managed_piv_card(kind);
            REQUIRE(put(*body, 0x5FC105, old) == 0x9000);
            body->set_faults({{Faults::Kind::cut_in_write, 1, cut}});
            CHECK_THROWS_AS(put_at_once(*body, 0x5FC105, fresh), PowerLost);
            CHECK_THROWS_AS(send(*body, "00200080"), PowerLost);
            again(*body);
            Bytes expected = old;
            if (cut >= fresh.size()) {
                expected = fresh;
            } else {
                std::fill_n(expected.begin(), cut, std::uint8_t{0xF5});
            }
            CHECK(get(*body, 0x5FC105).data == expected);
        }
    }
    // the last command of a chain writes, the ones before do not
    auto body = managed_piv_card("kartsaz-piv");
    REQUIRE(put(*body, 0x5FC105, old) == 0x9000);
    for (const std::uint64_t at : {1ULL, 2ULL}) {
        body->set_faults({{Faults::Kind::cut_in_write, at, 10}});
        CHECK_THROWS_AS(put(*body, 0x5FC105, Bytes(400, 0xF5)), PowerLost);
        again(*body);
        CHECK(get(*body, 0x5FC105).data[0] == (at == 1 ? 0x0D : 0xF5));
        REQUIRE(prove(*body) == 0x9000);
    }
    CHECK(get(*body, 0x5FC105).data == concat({Bytes(10, 0xF5), Bytes(290, 0x0D)}));
}

TEST_CASE("a PIV command cut before does nothing, one cut after has done all of it", "[sim][piv][faults]") {
    const std::vector<std::string> steps{"00DB3FFF0A5C035FC10553034142 43",
                                         "0047009A05AC0380011100",
                                         "00FFFFFF13089B10101112131415161718191A1B1C1D1E1F",
                                         "0020008008393939393939FFFF",
                                         "0024008010313233343536FFFF363534333231FFFF",
                                         "002C0080103132333435363738313233343536FFFF",
                                         "002C0080103939393939393939363534333231FFFF",
                                         "00DB3FFF075C035FC1055300"};
    auto body = piv_card("kartsaz-piv");
    const auto ready = [&] {
        again(*body);
        const bool replaced = piv_of(*body).at("management_key").at("algorithm") == "AES-128";
        REQUIRE(prove(*body, replaced ? from_hex("101112131415161718191A1B1C1D1E1F") : Bytes{},
                      replaced ? 0x08 : 0x03) == 0x9000);
    };
    for (const std::string& step : steps) {
        INFO(step);
        const Bytes before = body->snapshot();
        ready();
        body->set_faults({{Faults::Kind::cut_before, 1, 0}});
        CHECK_THROWS_AS(send(*body, step), PowerLost);
        CHECK(body->snapshot() == before);
        ready();
        body->set_faults({{Faults::Kind::cut_after, 1, 0}});
        CHECK_THROWS_AS(send(*body, step), PowerLost);
        CHECK(body->snapshot() != before);
    }
    CHECK(piv_of(*body).at("keys").size() == 1);
    CHECK(piv_of(*body).at("objects").empty());
    CHECK(piv_of(*body).at("puk_tries_left") == 2);
}

TEST_CASE("a wrong PIV PIN is in the body file before the answer is given", "[sim][piv][faults]") {
    const fs::path file = kartsaz::test::scratch_dir() / "piv-tries.body";
    fs::remove(file);
    {
        NewBody options;
        options.kind = "pivapplet";
        auto body = Body::create(file, options);
        for (unsigned left = 4; left < 5; --left) {
            again(*body);
            body->set_faults({{Faults::Kind::drop_response, 1, 0}});
            CHECK_THROWS_AS(send(*body, piv_wrong_pin), PowerLost);
            CHECK(kartsaz::test::read_bytes(file) == body->snapshot());
            CHECK(piv_of(*body).at("pin_tries_left") == left);
        }
    }
    auto body = Body::open(file);
    again(*body);
    CHECK(sw(*body, piv_pin) == 0x6983);
}

TEST_CASE("a body tells its PIV application, but no PIN, no PUK and no key", "[sim][piv]") {
    auto body = managed_piv_card("kartsaz-piv");
    REQUIRE(make_key(*body, 0x9C, 0x14).sw == 0x9000);
    REQUIRE(put(*body, 0x5FC102, Bytes(59, 1)) == 0x9000);
    const auto told = piv_of(*body);
    CHECK(told.at("version") == "5.7.0");
    CHECK(told.at("instance") == "A000000308000010000100");
    CHECK(told.at("pin_tries_left") == 3);
    CHECK(told.at("pin_as_delivered") == true);
    CHECK(told.at("management_key").at("algorithm") == "3DES");
    CHECK(told.at("keys").at(0).at("reference") == "9C");
    CHECK(told.at("keys").at(0).at("algorithm") == "EC P-384");
    CHECK(told.at("keys").at(0).at("pin") == "always");
    CHECK(told.at("objects").at(0).at("tag") == "5FC102");
    CHECK(told.at("objects").at(0).at("name") == "CHUID");
    CHECK(told.at("objects").at(0).at("size") == 59);
    const std::string text = body->describe_json();
    for (const char* secret : {"313233343536", "123456", "12345678", "0102030405060708"}) {
        CHECK(text.find(secret) == std::string::npos);
    }
    const CardState state = decode(body->snapshot(), "test");
    CHECK(text.find(to_hex(ByteView{state.piv->keys.at(0x9C).pkcs8}.last(16))) == std::string::npos);
    // kinds without the application do not tell of it
    NewBody passport;
    passport.kind = "jmrtd";
    CHECK(Body::create(passport)->describe_json().find("piv") == std::string::npos);
}

TEST_CASE("containers are listed among the body's files, and one byte of them is flipped", "[sim][piv]") {
    auto body = managed_piv_card("kartsaz-piv");
    REQUIRE(put(*body, 0x5FC102, Bytes(59, 1)) == 0x9000);
    const auto files = body->files();
    REQUIRE(files.size() == 1);
    CHECK(files[0].fid == 0xC102);
    CHECK(files[0].name == "CHUID");
    CHECK(files[0].size == 59);
    body->flip(0xC102, 58, 0x80);
    CHECK(get(*body, 0x5FC102).data.back() == 0x81);
    CHECK(piv_code([&] { body->flip(0xC102, 59, 1); }) == Errc::usage);
    CHECK(piv_code([&] { body->flip(0xC103, 0, 1); }) == Errc::usage);
    // no file of the signature application takes such an identifier
    REQUIRE(sw(*body, select_signature) == 0x9000);
    CHECK(create(*body, 0xC105, 8) == 0x6984);
    CHECK(create(*body, 0x4405, 8) == 0x9000);
}

TEST_CASE("bodies of one seed have the same first objects and make the same keys", "[sim][piv]") {
    for (const char* kind : {"pivapplet", "canokey"}) {
        auto one = managed_piv_card(kind), other = managed_piv_card(kind);
        CHECK(get(*one, 0x5FC102).data == get(*other, 0x5FC102).data);
        CHECK(get(*one, 0x5FC102).data.size() == 59);
        CHECK(make_key(*one, 0x9A, 0x11).data == make_key(*other, 0x9A, 0x11).data);
        NewBody options;
        options.kind = kind;
        auto random = Body::create(options);
        again(*random);
        CHECK(get(*random, 0x5FC102).data != get(*one, 0x5FC102).data);
    }
}

TEST_CASE("the state of the PIV application is decoded as it was encoded, or refused by a rule",
          "[sim][piv][file]") {
    auto body = managed_piv_card("pivapplet");
    REQUIRE(make_key(*body, 0x9A, 0x11).sw == 0x9000);
    REQUIRE(put(*body, 0x5FC105, Bytes(9, 1)) == 0x9000);
    REQUIRE(sw(*body, piv_wrong_pin) == 0x63C4);
    const Bytes whole = encode_piv(*decode(body->snapshot(), "test").piv);
    PivState back;
    CHECK(decode_piv(whole, back).empty());
    CHECK(encode_piv(back) == whole);
    CHECK(back.pin.tries == 4);
    std::size_t sound = 0;
    for (std::size_t size = 0; size < whole.size(); ++size) {
        PivState cut;
        if (decode_piv(ByteView{whole}.first(size), cut).empty()) ++sound;
    }
    // after p, u, a and each of four objects and the attestation key; the last byte ends the key 9A
    CHECK(sound == 1 + back.objects.size() + 1);
    const auto broken = [&](std::string_view hex) {
        PivState out;
        return decode_piv(concat({from_hex(hex), whole}), out);
    };
    CHECK(broken("7A 00000000") == "a field of the PIV application has an unknown name");
    CHECK(broken("70 00000002 0303") == "a PIN or PUK of the PIV application has 11 bytes");
    CHECK(broken("75 0000000B 0403013132333435363738") ==
          "a PIN or PUK of the PIV application has more tries than it began with");
    CHECK(broken("61 00000012 0301 00000000000000000000000000000000") ==
          "a management key is as long as its algorithm (03, 08, 0A, 0C) wants");
    CHECK(broken("61 00000003 110101") ==
          "a management key is as long as its algorithm (03, 08, 0A, 0C) wants");
    CHECK(broken("6F 00000002 5FC1") == "a container has a tag of three bytes and at most 65535 more");
    CHECK(broken("6F 00000004 5FC201 01") == "a container's tag is 5FC1xx, 5FFFxx, 7E or 7F61");
    CHECK(broken("6F 00000004 5FC105 01") == "a container is there twice");
    CHECK(broken("6B 00000005 9A11000201") == "a PIV key has five bytes and a value");
    CHECK(broken("6B 00000006 9B1100020130") == "a PIV key's reference is 9A, 9C, 9D, 9E, 82 to 95 or F9");
    CHECK(broken("6B 00000006 9C0300020130") == "a PIV key has an algorithm of key pairs");
    CHECK(broken("6B 00000006 9C1100040130") == "a PIV key's PIN policy is 01, 02 or 03");
    CHECK(broken("6B 00000006 9A1100020130") == "a PIV key is there twice");
    CHECK(broken("6B 00000FFF 9A") == "a field of the PIV application is too long");
    PivState none;
    CHECK(decode_piv({}, none) == "the PIV application needs a PIN, a PUK and a management key");
}

TEST_CASE("a body file with a PIV key that is none, or another one's, is opened, and the key does not work",
          "[sim][piv][file]") {
    auto body = managed_piv_card("kartsaz-piv");
    REQUIRE(make_key(*body, 0x9E, 0x11).sw == 0x9000);
    CardState state = decode(body->snapshot(), "test");
    const Bytes ec = state.piv->keys.at(0x9E).pkcs8;
    state.piv->keys[0x9E] = {.algorithm = piv_rsa_2048, .pin = piv_never, .pkcs8 = ec};
    state.piv->keys[0x82] = {.algorithm = piv_p256, .pin = piv_never, .pkcs8 = from_hex("3003020100")};
    body->restore(encode(state));
    again(*body);
    Bytes block(256, 0x01);
    CHECK(use(*body, 0x9E, 0x07, block).sw == 0x6F00);
    CHECK(use(*body, 0x82, 0x11, Bytes(32, 1)).sw == 0x6F00);
    CHECK(sw(*body, "00F7009E00") == 0x6F00);
    CHECK(piv_of(*body).at("keys").size() == 2);
}

TEST_CASE("a body file older than the PIV application gets it as its maker delivers it", "[sim][piv][file]") {
    auto body = managed_piv_card("kartsaz-piv");
    REQUIRE(put(*body, 0x5FC105, Bytes(9, 1)) == 0x9000);
    CardState state = decode(body->snapshot(), "test");
    state.piv.reset();
    body->restore(encode(state));
    again(*body);
    CHECK(get(*body, 0x5FC105).sw == 0x6A82);
    CHECK(prove(*body) == 0x9000);
}

TEST_CASE("a snapshot put back takes containers, keys and tries with it", "[sim][piv]") {
    auto body = managed_piv_card("kartsaz-piv");
    const Bytes empty = body->snapshot();
    REQUIRE(put(*body, 0x5FC105, Bytes(9, 1)) == 0x9000);
    REQUIRE(make_key(*body, 0x9E, 0x11).sw == 0x9000);
    const Bytes full = body->snapshot();
    body->restore(empty);
    CHECK(get(*body, 0x5FC105).sw == 0x6A82);
    CHECK(use(*body, 0x9E, 0x11, Bytes(32, 1)).sw == 0x6A86);
    body->restore(full);
    CHECK(body->snapshot() == full);
    CHECK(use(*body, 0x9E, 0x11, Bytes(32, 1)).sw == 0x9000);
}

TEST_CASE("a write pays its pages, a signature and a key pair their time", "[sim][piv]") {
    auto body = managed_piv_card("kartsaz-piv");
    const auto cost = [&](const auto& action) {
        body->reset_time();
        action();
        return body->time();
    };
    const auto small = cost([&] { put_at_once(*body, 0x5FC105, Bytes(64, 1)); });
    const auto large = cost([&] { put_at_once(*body, 0x5FC101, Bytes(6400, 1)); });
    CHECK(small.write == Approx(2e-3));
    CHECK(large.write == Approx(200e-3));
    CHECK(large.link > small.link);
    CHECK(cost([&] { make_key(*body, 0x9E, 0x11); }).write == Approx(4e-3));
    CHECK(cost([&] { use(*body, 0x9E, 0x11, Bytes(32, 1)); }).compute == Approx(40e-3).margin(1e-3));
}

TEST_CASE("changed and random commands to the PIV application are all answered", "[sim][fuzz][piv]") {
    std::mt19937 random{20261123};
    const auto pick = [&](std::size_t below) { return static_cast<std::uint8_t>(random() % below); };
    const std::vector<Bytes> seeds{
        from_hex(select_piv),
        from_hex("00CB3FFF055C035FC10200"),
        from_hex("00CB3FFF035C017E00"),
        from_hex("00DB3FFF0A5C035FC1055303414243"),
        from_hex("10DB3FFF085C035FC105538201"),
        from_hex("00DB3FFF067F6103020100"),
        from_hex(piv_pin),
        from_hex("00200080"),
        from_hex("0024008010313233343536FFFF313233343536FFFF"),
        from_hex("002C0080103132333435363738313233343536FFFF"),
        from_hex("0047009A05AC0380011100"),
        from_hex("0047009E0BAC098001E0AA0102AB010100"),
        from_hex("0087039B047C02800000"),
        from_hex("0087039B047C02810000"),
        command("0087119A", concat({from_hex("7C2482008120"), Bytes(32, 7)}), 256),
        command("0087119D", concat({from_hex("7C4582008541"), Bytes(65, 4)}), 256),
        command("00FE119E", object(6, Bytes(32, 7)), 0),
        from_hex("00FFFFFF1B039B18010203040506070801020304050607080102030405060708"),
        from_hex("00F7009A00"),
        from_hex("00F99A0000"),
        from_hex("00FB0000"),
        from_hex("00FA0303"),
        from_hex("00C0000000")};
    for (const auto& kind : piv_kinds) {
        auto body = managed_piv_card(kind);
        REQUIRE(make_key(*body, 0x9A, 0x11).sw == 0x9000);
        REQUIRE(make_key(*body, 0x9D, 0x11).sw == 0x9000);
        const Bytes start = body->snapshot();
        std::size_t good = 0;
        for (unsigned n = 0; n < 6000; ++n) {
            if (n % 40 == 0) {
                body->restore(start);
                again(*body);
                REQUIRE(prove(*body) == 0x9000);
                send(*body, piv_pin);
            }
            Bytes wire = seeds[pick(seeds.size())];
            for (unsigned changes = pick(4); changes > 0; --changes) {
                const std::size_t at = random() % wire.size();
                wire[at] = pick(2) == 0 ? pick(256) : static_cast<std::uint8_t>(wire[at] ^ (1U << pick(8)));
            }
            if (pick(8) == 0) wire.resize(random() % wire.size());
            // RSA keys take too long to be made by chance
            const bool makes = wire.size() > 9 && wire[1] == 0x47;
            if (makes && (wire[9] < 0x10 || wire[9] == 0x16)) wire[9] = 0x11;
            const Bytes response = body->transmit(wire);
            if (response.size() < 2) FAIL("an answer of " << response.size() << " bytes to " << to_hex(wire));
            if (response[response.size() - 2] == 0x90) ++good;
        }
        CHECK(good > 500);
        body->restore(start);
        again(*body);
        CHECK(prove(*body) == 0x9000);
    }
}

}  // namespace kartsaz::sim::test
