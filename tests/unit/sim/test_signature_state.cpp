// SPDX-License-Identifier: Apache-2.0
// What the signature application keeps: when power goes, in the body file, in a snapshot, told to people.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <filesystem>

#include "libcard/sim/power_lost.h"
#include "libcard/sim/state.h"
#include "signature_card.h"
#include "tests/support/vectors.h"

namespace kartsaz::sim::test {
namespace {

namespace fs = std::filesystem;

fs::path place(const std::string& name) {
    const fs::path file = kartsaz::test::scratch_dir() / name;
    fs::remove(file);
    return file;
}

}  // namespace

TEST_CASE("a write that loses power leaves what was written, and nothing after it",
          "[sim][signature][faults]") {
    for (const char* kind : {"kartsaz", "isoapplet", "isoapplet-v0"}) {
        for (const std::uint32_t cut : {0U, 1U, 63U, 64U, 99U, 100U, 101U}) {
            INFO(kind << " cut after " << cut);
            auto body = with_file(kind);
            body->set_faults({{Faults::Kind::cut_in_write, 1, cut}});
            CHECK_THROWS_AS(send(*body, command("00D6000A", Bytes(100, 0xAA), 0)), PowerLost);
            CHECK_THROWS_AS(send(*body, "00B0000000"), PowerLost);
            body->power_on();
            REQUIRE(sw(*body, select_signature) == 0x9000);
            REQUIRE(sw(*body, "00A40000024402") == 0x9000);
            Bytes expected(300, 0);
            std::fill_n(expected.begin() + 10, std::min(cut, 100U), std::uint8_t{0xAA});
            CHECK(to_hex(send(*body, "00B0000000012C").data) == to_hex(expected));
        }
    }
}

TEST_CASE("a command cut before does nothing, one cut after has done all of it", "[sim][signature][faults]") {
    const std::vector<std::string> steps{
        std::string{create_5015},
        std::string{create_4401},
        "00D6000004DEADBEEF",
        "0024010210 39393939393939393939393939393939",
        "0024010106 313233343536",
        "0020000106 313131313131",
        "002C000114 39393939393939393939393939393939 34333231",
        "002C000114 38383838383838383838383838383838 34333231",
        "0024000120 34333231000000000000000000000000 31323334000000000000000000000000",
        "00E40000024401"};
    auto body = blank_signature_card("isoapplet");
    for (const std::string& step : steps) {
        INFO(step);
        const Bytes before = body->snapshot();
        const auto answered = [&](Faults::Kind kind) {
            body->set_faults({{kind, 1, 0}});
            try {
                send(*body, step);
                return true;
            } catch (const PowerLost&) {
                return false;
            }
        };
        // without power nothing but the state is left: each fault starts from the same selection
        const auto again = [&] {
            body->power_on();
            send(*body, select_signature);
            if (step.starts_with("00E00000 17")) send(*body, "00A40000025015");
            if (step.starts_with("00D6")) send(*body, "00A40000024401");
            if (step.starts_with("00E4")) send(*body, "0020000104 31323334");
        };
        again();
        CHECK_FALSE(answered(Faults::Kind::cut_before));
        CHECK(body->snapshot() == before);
        again();
        CHECK_FALSE(answered(Faults::Kind::cut_after));
        const Bytes after = body->snapshot();
        CHECK(after != before);
        body->restore(before);
        again();
        CHECK(answered(Faults::Kind::none));
        CHECK(body->snapshot() == after);
    }
}

TEST_CASE("a wrong PIN is counted before the answer, whatever becomes of the answer",
          "[sim][signature][faults]") {
    const fs::path file = place("tries.body");
    {
        NewBody options;
        options.kind = "isoapplet";
        auto body = Body::create(file, options);
        body->power_on();
        send(*body, select_signature);
        send(*body, "0024010106313233343536");
        for (unsigned left = 2; left < 3; --left) {
            body->set_faults({{Faults::Kind::drop_response, 1, 0}});
            CHECK_THROWS_AS(send(*body, "0020000106313131313131"), PowerLost);
            CHECK(kartsaz::test::read_bytes(file) == body->snapshot());
            body->power_on();
            send(*body, select_signature);
            CHECK(sw(*body, "00200001") == 0x63C0 + left);
        }
    }
    auto body = Body::open(file);
    body->power_on();
    send(*body, select_signature);
    CHECK(sw(*body, verify_pin) == 0x63C0);
    CHECK(signature_of(*body).at("pin_tries_left") == 0);
}

TEST_CASE("a key that was made is there whether its public key arrived or not", "[sim][signature][faults]") {
    auto body = signature_card("isoapplet");
    const Bytes before = body->snapshot();
    const auto make = [&](Faults::Kind kind) {
        body->set_faults({});
        body->power_on();
        send(*body, select_signature);
        send(*body, verify_pin);
        REQUIRE(sw(*body, "00224100068001EC840103") == 0x9000);
        body->set_faults({{kind, 1, 0}});
        CHECK_THROWS_AS(generate_ec(*body, "secp384r1"), PowerLost);
        return signature_of(*body).at("keys");
    };
    CHECK(make(Faults::Kind::cut_before).empty());
    CHECK(body->snapshot() == before);
    const auto keys = make(Faults::Kind::cut_after);
    REQUIRE(keys.size() == 1);
    CHECK(keys.at(0).at("reference") == 3);
    CHECK(keys.at(0).at("algorithm") == "EC secp384r1");
    CHECK(keys.at(0).at("made_in_card") == true);
}

TEST_CASE("a body tells its signature application, but no PIN, no PUK and no key", "[sim][signature]") {
    auto body = with_file("kartsaz");
    REQUIRE(sw(*body, "00224100068001EC840101") == 0x9000);
    REQUIRE(generate_ec(*body, "secp256r1").sw == 0x9000);
    const auto told = signature_of(*body);
    CHECK(told.at("state") == "operational");
    CHECK(told.at("command_set") == 1);
    CHECK(told.at("pin_tries_left") == 3);
    CHECK(told.at("puk_tries_left") == 5);
    CHECK(told.at("files").size() == 2);
    CHECK(told.at("files").at(0).at("type") == "DF");
    CHECK(told.at("files").at(1).at("path") == "/5015/4402");
    CHECK(told.at("files").at(1).at("size") == 300);
    CHECK(told.at("keys").at(0).at("algorithm") == "EC secp256r1");
    const CardState state = decode(body->snapshot(), "test");
    const std::string text = body->describe_json();
    CHECK(text.find("313233343536") == std::string::npos);
    CHECK(text.find("123456") == std::string::npos);
    CHECK(text.find("3939393939") == std::string::npos);
    CHECK(text.find(to_hex(ByteView{state.signature.keys.at(1).pkcs8}.last(16))) == std::string::npos);
    CHECK(signature_of(*blank_signature_card("isoapplet")).at("state") == "creation");
}

TEST_CASE("the state of the signature application is decoded as it was encoded, or refused by a rule",
          "[sim][signature][file]") {
    auto body = with_file("isoapplet");
    REQUIRE(sw(*body, "00224100068001EC840101") == 0x9000);
    REQUIRE(generate_ec(*body, "secp256r1").sw == 0x9000);
    REQUIRE(sw(*body, "0020000106313131313131") == 0x63C2);
    const SignatureState state = decode(body->snapshot(), "test").signature;
    const Bytes whole = encode_signature(state);
    SignatureState again;
    CHECK(decode_signature(whole, again).empty());
    CHECK(encode_signature(again) == whole);
    CHECK(again.pin.tries == 2);
    // cut anywhere: a rule, unless between two fields
    std::size_t sound = 0;
    for (std::size_t size = 0; size < whole.size(); ++size) {
        SignatureState cut;
        if (decode_signature(ByteView{whole}.first(size), cut).empty()) ++sound;
    }
    CHECK(sound == 7);  // nothing, s, i, p, u, two files
    const auto broken = [](std::string_view hex) {
        SignatureState out;
        return decode_signature(from_hex(hex), out);
    };
    CHECK(broken("7A 00000000") == "a field of the signature application has an unknown name");
    CHECK(broken("73 00000002 0000") == "the state has one byte");
    CHECK(broken("69 00000000") == "import has one byte");
    CHECK(broken("70 00000002 0300") == "a PIN or PUK has 17 bytes");
    CHECK(broken("6B 00000003 100100") == "a key has a slot below 16 and a value");
    CHECK(broken("6B 00000004 10010030") == "a key has a slot below 16 and a value");
    CHECK(broken("66 00000006 440150150100") == "a file of the signature application has at least 7 bytes");
    CHECK(broken("66 00000009 4401 5015 01 0002 6F00") ==
          "a file stands in a directory that was not before it");
    CHECK(broken("66 00000009 4401 3F00 03 0002 6F00") == "a file's type is 01, 02 or 38");
    CHECK(broken("66 00000009 4401 3F00 01 0003 6F00") == "a file ends inside its control parameters");
    CHECK(broken("66 00000009 3F00 3F00 01 0002 6F00") == "a file identifier is there twice");
    CHECK(broken("66 00000009 4401 3F00 01 0002 6F00 66 00000009 4401 3F00 01 0002 6F00") ==
          "a file identifier is there twice");
    CHECK(broken("66 00000009 4401 3F00 01 0002 6F00 66 00000009 4402 4401 01 0002 6F00") ==
          "a file stands in a directory that was not before it");
}

TEST_CASE("a snapshot put back takes selection, key and PIN with it", "[sim][signature]") {
    auto body = blank_signature_card("isoapplet");
    const Bytes empty = body->snapshot();
    REQUIRE(sw(*body, create_5015) == 0x9000);
    REQUIRE(create(*body, 0x4402, 8) == 0x9000);
    REQUIRE(sw(*body, "0024010106313233343536") == 0x9000);
    REQUIRE(sw(*body, verify_pin) == 0x9000);
    REQUIRE(sw(*body, "00224100068001EC840100") == 0x9000);
    REQUIRE(generate_ec(*body, "secp256r1").sw == 0x9000);
    REQUIRE(sw(*body, "002241B606800121840100") == 0x9000);
    body->restore(empty);
    CHECK(sw(*body, "00B0000000") == 0x6981);
    CHECK(sw(*body, "002A9E9A010100") == 0x6F00);
    CHECK(create(*body, 0x4402, 8) == 0x9000);
    CHECK(sw(*body, "00A40300") == 0x6A82);
}

}  // namespace kartsaz::sim::test
