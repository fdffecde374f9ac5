// SPDX-License-Identifier: Apache-2.0
// The PIV application's keys: the management key against recorded exchanges, key pairs made, imported and
// used.
#include <botan/auto_rng.h>
#include <botan/curve25519.h>
#include <botan/ec_group.h>
#include <botan/ecdh.h>
#include <botan/ecdsa.h>
#include <botan/ed25519.h>
#include <botan/numthry.h>
#include <botan/pubkey.h>
#include <botan/rsa.h>
#include <catch2/catch.hpp>

#include "libcard/sim/piv.h"
#include "piv_card.h"
#include "signature_card.h"
#include "tests/support/vectors.h"

namespace kartsaz::sim::test {
namespace {

Bytes bytes_of(const Botan::BigInt& value, std::size_t size) {
    Bytes out(size);
    Botan::BigInt::encode_1363(out.data(), size, value);
    return out;
}

/// The value of 86 in a public key as GENERATE answers it.
Bytes point_of(const Bytes& made) {
    ByteView rest{made};
    ByteView inner = take_object(rest)->value;
    const auto point = find_object(inner, 0x86);
    REQUIRE(point);
    return {point->begin(), point->end()};
}

/// RSA: the public operation.
Bytes opened(const Bytes& made, const Bytes& signature) {
    ByteView rest{made};
    const ByteView inner = take_object(rest)->value;
    const auto n = find_object(inner, 0x81), e = find_object(inner, 0x82);
    REQUIRE((n && e));
    const Botan::BigInt power =
        Botan::power_mod(Botan::BigInt{signature.data(), signature.size()},
                         Botan::BigInt{e->data(), e->size()}, Botan::BigInt{n->data(), n->size()});
    return bytes_of(power, n->size());
}

bool signed_by(const char* curve, const Bytes& made, const Bytes& hash, const Bytes& signature) {
    const Botan::EC_Group group{curve};
    const Bytes point = point_of(made);
    const Botan::ECDSA_PublicKey key{group, group.OS2ECP(point.data(), point.size())};
    Botan::PK_Verifier verifier{key, "Raw", Botan::DER_SEQUENCE};
    return verifier.verify_message(hash.data(), hash.size(), signature.data(), signature.size());
}

}  // namespace

TEST_CASE("the management key answers recorded challenges as recorded", "[sim][piv]") {
    std::size_t seen = 0;
    for (const auto& v : kartsaz::test::vectors("piv", "piv-general-authenticate")) {
        if (!v.has("steps")) continue;
        INFO(v.file << " " << v.id());
        const Kind& kind = kind_of("kartsaz-piv");
        CardState state;
        Rng rng{Bytes(32, 7)};
        Meter meter{link_model("contact")};
        Chip chip{kind, state, rng, meter};
        state.piv = fresh_piv(kind.piv, rng);
        const Bytes key = v.bytes("key");
        const auto algorithm = v.bytes("alg").front();
        state.piv->management = {algorithm, false, key};
        const auto steps = v.data.at("steps");
        const Bytes second = from_hex(steps.at(1).at("c").get<std::string>());
        const bool mutual = second[7] == 0x80;
        const std::size_t block = algorithm == 0x03 ? 8 : 16;
        const Bytes first = from_hex(steps.at(0).at("r").get<std::string>());
        // the card's challenge is the witness in clear, or stands in the first answer
        const auto from = mutual ? second.begin() + 9 : first.begin() + 4;
        rng.queue(Bytes(from, from + static_cast<std::ptrdiff_t>(block)));
        Piv piv{chip};
        for (const auto& step : steps) {
            const auto in = parse_apdu(from_hex(step.at("c").get<std::string>()));
            REQUIRE(in);
            const Answer answer =
                piv.handle(Command{in->cla, in->ins, in->p1, in->p2, in->data, in->ne, 256, {}});
            CHECK(to_hex(concat({answer.data, big_endian(answer.sw, 2)})) == step.at("r").get<std::string>());
        }
        const Bytes put = from_hex("5C035FC102530101");
        CHECK(piv.handle(Command{0x00, 0xDB, 0x3F, 0xFF, put, 0, 256, {}}).sw == 0x9000);
        ++seen;
    }
    CHECK(seen >= 3);
}

TEST_CASE("the commands recorded from other people's programs are understood", "[sim][piv]") {
    auto body = managed_piv_card("kartsaz-piv");
    const auto only = [](const char* kind) { return kartsaz::test::vectors("piv", kind).front(); };
    CHECK(sw(*body, only("piv-put-data").text("apdu")) == 0x9000);
    CHECK(sw(*body, only("piv-get-data").text("chuid")) == 0x9000);
    CHECK(sw(*body, only("piv-get-data").text("discovery")) == 0x6A82);
    CHECK(sw(*body, only("piv-get-data").text("bit_group")) == 0x6A82);
    const auto generate = only("piv-generate");
    CHECK(fetch(*body, send(*body, generate.text("p384_9d"))).sw == 0x9000);
    const Reply p256 = fetch(*body, send(*body, generate.text("p256_9c")));
    CHECK(to_hex(ByteView{p256.data}.first(5)) == "7F49438641");
    const Reply rsa = fetch(*body, send(*body, generate.text("rsa2048_9a")));
    CHECK(to_hex(ByteView{rsa.data}.first(9)) == "7F4982010981820100");
    CHECK(to_hex(ByteView{rsa.data}.last(5)) == "8203010001");
    const auto verify = only("piv-verify");
    CHECK(sw(*body, verify.text("verify_status_query")) == 0x63C3);
    CHECK(sw(*body, verify.text("verify_123456")) == 0x9000);
    for (const auto& v : kartsaz::test::vectors("piv", "piv-general-authenticate")) {
        if (v.id() == "ga-rsa2048-sign") {
            Reply last;
            for (const auto& part : v.data.at("apdus"))
                last = fetch(*body, send(*body, part.get<std::string>()));
            CHECK(last.sw == 0x9000);
            CHECK(to_hex(ByteView{last.data}.first(8)) == "7C82010482820100");
            const Bytes block = v.bytes("template");
            CHECK(opened(rsa.data, Bytes(last.data.begin() + 8, last.data.end())) ==
                  Bytes(block.end() - 256, block.end()));
        } else if (v.id() == "ga-p256-sign") {
            REQUIRE(sw(*body, verify.text("verify_123456")) == 0x9000);
            const Reply signed_one = send(*body, v.text("apdu"));
            CHECK(signed_one.sw == 0x9000);
            const Bytes wire = v.bytes("apdu");
            CHECK(signed_by("secp256r1", p256.data, Bytes(wire.end() - 33, wire.end() - 1),
                            Bytes(signed_one.data.begin() + 4, signed_one.data.end())));
        }
    }
    CHECK(sw(*body, verify.text("change_pin")) == 0x9000);
    CHECK(sw(*body, verify.text("reset_retry")) == 0x9000);
}

TEST_CASE("random bytes are asked for by algorithm 00, whatever the management key is", "[sim][piv]") {
    for (const std::string key_kind : {"0A", "03"}) {
        auto body = managed_piv_card("kartsaz-piv");
        REQUIRE(sw(*body, "00FFFFFF1B" + key_kind + "9B18101112131415161718191A1B1C1D1E1F2021222324252627") ==
                0x9000);
        const Reply random = send(*body, "0087009B047C02810000");
        CHECK(random.sw == 0x9000);
        CHECK(random.data.size() == (key_kind == "03" ? 12 : 20));
    }
    // PivApplet takes 00 for triple DES
    auto applet = managed_piv_card("pivapplet");
    CHECK(send(*applet, "0087009B047C02810000").sw == 0x9000);
}

TEST_CASE("a wrong proof of the management key opens nothing, and a challenge is good once", "[sim][piv]") {
    for (const auto& kind : piv_kinds) {
        INFO(kind);
        auto body = piv_card(kind);
        const unsigned refused = kind == "pivapplet" ? 0x6A80 : 0x6982;
        CHECK(prove(*body, Bytes(24, 9)) == refused);
        CHECK(put(*body, 0x5FC105, Bytes(1, 1)) == 0x6982);
        // a challenge given in clear is not a witness
        const Reply clear = send(*body, "0087039B047C02810000");
        REQUIRE(clear.sw == 0x9000);
        const Bytes challenge(clear.data.begin() + 4, clear.data.end());
        CHECK(sw(*body, "0087039B167C148008" + to_hex(challenge) + "81080000000000000000 00") == refused);
        CHECK(sw(*body, "0087039B0C7C0A8208" + to_hex(challenge)) == refused);
        CHECK(put(*body, 0x5FC105, Bytes(1, 1)) == 0x6982);
        CHECK(sw(*body, "00870A9B047C02800000") == 0x6A86);
        CHECK(sw(*body, "0087039B047D02800000") == 0x6A80);
        CHECK(sw(*body, "0087039B047C02830000") == 0x6A80);
        // asking for internal authentication needs the proof, too
        const char* internal = "0087039B0E7C0C820081080011223344556677 00";
        CHECK(sw(*body, internal) == 0x6982);
        REQUIRE(prove(*body) == 0x9000);
        CHECK(sw(*body, internal) == 0x9000);
    }
}

TEST_CASE("the management key is replaced by one of each algorithm that the kind knows", "[sim][piv]") {
    const std::vector<std::pair<std::uint8_t, std::size_t>> algorithms{
        {0x08, 16}, {0x0A, 24}, {0x0C, 32}, {0x03, 24}};
    for (const auto& kind : piv_kinds) {
        auto body = managed_piv_card(kind);
        for (const auto& [algorithm, size] : algorithms) {
            INFO(kind << " " << unsigned{algorithm});
            Bytes fresh(size);
            for (std::size_t at = 0; at < size; ++at)
                fresh[at] = static_cast<std::uint8_t>(0x11 * (at % 9) + at);
            const Bytes data = concat({Bytes{algorithm, 0x9B, static_cast<std::uint8_t>(size)}, fresh});
            const bool known = kind != "canokey" || algorithm == 0x03;
            CHECK(send(*body, command("00FFFFFF", data, 0)).sw == (known ? 0x9000 : 0x6A80));
            if (!known) continue;
            body->power_on();
            send(*body, select_piv);
            CHECK(send(*body, command("00FFFFFF", data, 0)).sw == 0x6982);
            CHECK(prove(*body) != 0x9000);
            CHECK(prove(*body, fresh, algorithm) == 0x9000);
            CHECK(piv_of(*body).at("management_key").at("as_delivered") == false);
        }
        CHECK(sw(*body, "00FFFFFF06039B03010203") == 0x6A80);
        CHECK(sw(*body, "00FFFF0006039B03010203") == 0x6A86);
    }
}

TEST_CASE("each kind makes the key pairs it has and refuses the others", "[sim][piv]") {
    const std::vector<std::pair<unsigned, std::string>> wanted{{0x06, "kartsaz-piv pivapplet"},
                                                               {0x11, "kartsaz-piv pivapplet canokey"},
                                                               {0x14, "kartsaz-piv pivapplet canokey"},
                                                               {0xE0, "kartsaz-piv canokey"},
                                                               {0xE1, "kartsaz-piv"}};
    for (const auto& kind : piv_kinds) {
        auto body = managed_piv_card(kind);
        for (const auto& [algorithm, kinds] : wanted) {
            INFO(kind << " " << algorithm);
            const bool has = kinds.find(kind) != std::string::npos;
            CHECK(make_key(*body, 0x9E, algorithm).sw == (has ? 0x9000 : 0x6A80));
        }
        for (const unsigned algorithm : {0x00U, 0x03U, 0x0AU, 0x12U}) {
            CHECK(make_key(*body, 0x9E, algorithm).sw == 0x6A80);
        }
        if (kind == "pivapplet") CHECK(make_key(*body, 0x9E, 0x05).sw == 0x6A80);
        const unsigned last = kind == "kartsaz-piv" ? 0x95 : kind == "pivapplet" ? 0x8C : 0x83;
        CHECK(make_key(*body, last, 0x11).sw == 0x9000);
        CHECK(make_key(*body, last + 1, 0x11).sw == 0x6A86);
        CHECK(make_key(*body, 0x9B, 0x11).sw == 0x6A86);
        CHECK(make_key(*body, 0x81, 0x11).sw == 0x6A86);
        CHECK(sw(*body, "0047009A05AD0380011100") == 0x6A80);
        CHECK(sw(*body, "0047009A0200 0000") == 0x6A80);
        CHECK(sw(*body, "0047019A05AC0380011100") == 0x6A86);
    }
}

TEST_CASE("signatures verify under the public key that GENERATE told", "[sim][piv]") {
    const Bytes hash(32, 0xA7), longer(48, 0x3C);
    auto body = managed_piv_card("kartsaz-piv");
    const Reply p256 = make_key(*body, 0x9E, 0x11);
    CHECK(signed_by("secp256r1", p256.data, hash, use(*body, 0x9E, 0x11, hash).data));
    CHECK(signed_by("secp256r1", p256.data, Bytes(20, 1), use(*body, 0x9E, 0x11, Bytes(20, 1)).data));
    CHECK(use(*body, 0x9E, 0x11, longer).sw == 0x6A80);
    CHECK(use(*body, 0x9E, 0x14, longer).sw == 0x6A86);
    const Reply p384 = make_key(*body, 0x9E, 0x14);
    CHECK(signed_by("secp384r1", p384.data, longer, use(*body, 0x9E, 0x14, longer).data));
    for (const unsigned algorithm : {0x06U, 0x07U}) {
        const Reply rsa = make_key(*body, 0x9E, algorithm);
        Bytes block(algorithm == 0x06 ? 128 : 256, 0xFF);
        block[0] = 0x00;
        block[1] = 0x01;
        CHECK(opened(rsa.data, use(*body, 0x9E, algorithm, block).data) == block);
        block[0] = 0xFF;  // a number above the modulus
        CHECK(use(*body, 0x9E, algorithm, block).sw == 0x6A80);
        block.pop_back();
        CHECK(use(*body, 0x9E, algorithm, block).sw == 0x6A80);
    }
    const Reply edwards = make_key(*body, 0x9E, 0xE0);
    const Bytes message(300, 0x21);
    const Bytes signature = use(*body, 0x9E, 0xE0, message).data;
    const Botan::Ed25519_PublicKey key{point_of(edwards.data)};
    Botan::PK_Verifier verifier{key, "Pure"};
    CHECK(verifier.verify_message(message.data(), message.size(), signature.data(), signature.size()));
    // PivApplet signs what is as long as a hash it knows
    auto applet = managed_piv_card("pivapplet");
    const Reply small = make_key(*applet, 0x9E, 0x11);
    CHECK(signed_by("secp256r1", small.data, hash, use(*applet, 0x9E, 0x11, hash).data));
    CHECK(use(*applet, 0x9E, 0x11, Bytes(31, 1)).sw == 0x6A80);
}

TEST_CASE("key agreement gives both sides the same secret", "[sim][piv]") {
    Botan::AutoSeeded_RNG rng;
    auto body = managed_piv_card("kartsaz-piv");
    REQUIRE(sw(*body, piv_pin) == 0x9000);
    for (const auto& [algorithm, curve] :
         std::vector<std::pair<unsigned, std::string>>{{0x11, "secp256r1"}, {0x14, "secp384r1"}}) {
        const Reply made = make_key(*body, 0x9D, algorithm);
        const Botan::ECDH_PrivateKey mine{rng, Botan::EC_Group{curve}};
        const Bytes card = point_of(made.data);
        const Botan::PK_Key_Agreement agreement{mine, rng, "Raw"};
        const auto secret = agreement.derive_key(0, card.data(), card.size()).bits_of();
        const auto point = mine.public_value();
        CHECK(use(*body, 0x9D, algorithm, point, 0x85).data == Bytes(secret.begin(), secret.end()));
        Bytes off = point;
        off.back() ^= 0x01;
        CHECK(use(*body, 0x9D, algorithm, off, 0x85).sw == 0x6F00);
        off.pop_back();
        CHECK(use(*body, 0x9D, algorithm, off, 0x85).sw == 0x6A80);
    }
    const Reply made = make_key(*body, 0x82, 0xE1);
    const Botan::X25519_PrivateKey mine{rng};
    const Bytes card = point_of(made.data);
    const Botan::PK_Key_Agreement agreement{mine, rng, "Raw"};
    const auto secret = agreement.derive_key(0, card.data(), card.size()).bits_of();
    CHECK(use(*body, 0x82, 0xE1, mine.public_value(), 0x85).data == Bytes(secret.begin(), secret.end()));
    // the signature key agrees on nothing, but PivApplet lets it
    REQUIRE(make_key(*body, 0x9E, 0x11).sw == 0x9000);
    const Bytes point = Botan::ECDH_PrivateKey{rng, Botan::EC_Group{"secp256r1"}}.public_value();
    CHECK(use(*body, 0x9E, 0x11, point, 0x85).sw == 0x6982);
    auto applet = managed_piv_card("pivapplet");
    REQUIRE(make_key(*applet, 0x9E, 0x11).sw == 0x9000);
    CHECK(use(*applet, 0x9E, 0x11, point, 0x85).sw == 0x9000);
}

TEST_CASE("9A wants the PIN once, 9C right before each use, 9E never", "[sim][piv]") {
    const Bytes hash(32, 0x11);
    for (const auto& kind : piv_kinds) {
        INFO(kind);
        auto body = managed_piv_card(kind);
        for (const unsigned reference : {0x9AU, 0x9CU, 0x9DU, 0x9EU, 0x82U}) {
            REQUIRE(make_key(*body, reference, 0x11).sw == 0x9000);
        }
        const auto sign = [&](unsigned reference) { return use(*body, reference, 0x11, hash).sw; };
        CHECK(sign(0x9E) == 0x9000);
        for (const unsigned reference : {0x9AU, 0x9CU, 0x9DU, 0x82U}) CHECK(sign(reference) == 0x6982);
        REQUIRE(sw(*body, piv_pin) == 0x9000);
        for (const unsigned reference : {0x9AU, 0x9DU, 0x82U, 0x9AU}) CHECK(sign(reference) == 0x9000);
        // after other commands: the applets differ in what "always" means
        const bool used_up = kind == "canokey";
        CHECK(sign(0x9C) == (used_up ? 0x9000 : 0x6982));
        REQUIRE(sw(*body, piv_pin) == 0x9000);
        CHECK(sign(0x9C) == 0x9000);
        CHECK(sign(0x9C) == 0x6982);
        CHECK(sign(0x9A) == (used_up ? 0x6982 : 0x9000));
        REQUIRE(sw(*body, piv_pin) == 0x9000);
        CHECK(sw(*body, "0020FF80") == 0x9000);
        CHECK(sign(0x9C) == 0x6982);
        CHECK(sign(0x9A) == 0x6982);
    }
    // a chain is one command
    auto body = managed_piv_card("kartsaz-piv");
    REQUIRE(make_key(*body, 0x9C, 0x07).sw == 0x9000);
    Bytes block(256, 0x01);
    block[0] = 0x00;
    REQUIRE(sw(*body, piv_pin) == 0x9000);
    CHECK(use(*body, 0x9C, 0x07, block).sw == 0x9000);
    CHECK(use(*body, 0x9C, 0x07, block).sw == 0x6982);
}

TEST_CASE("YubiKeys' policies count where the kind knows them", "[sim][piv]") {
    const Bytes hash(32, 0x11);
    for (const auto& kind : piv_kinds) {
        INFO(kind);
        auto body = managed_piv_card(kind);
        REQUIRE(make_key(*body, 0x9A, 0x11, "AA0101").sw == 0x9000);
        CHECK(use(*body, 0x9A, 0x11, hash).sw == (kind == "canokey" ? 0x6982 : 0x9000));
        if (kind == "canokey") continue;
        CHECK(make_key(*body, 0x9A, 0x11, "AA0104").sw == 0x6A81);
        CHECK(make_key(*body, 0x9A, 0x11, "AB0102").sw == 0x6A81);
        CHECK(make_key(*body, 0x9A, 0x11, "AA0103AB0101").sw == 0x9000);
        REQUIRE(sw(*body, piv_pin) == 0x9000);
        CHECK(sw(*body, "00FD0000") == 0x9000);
        CHECK(use(*body, 0x9A, 0x11, hash).sw == 0x6982);
    }
}

TEST_CASE("under SCP03 the application gives no right that its own key would not give", "[sim][piv]") {
    auto body = piv_card("kartsaz-piv");
    ScpHost host{transport_key()};
    REQUIRE(host.open(*body, 0x33) == 0x9000);
    CHECK(host.send(*body, "00DB3FFF085C035FC105530101").sw == 0x6982);
    CHECK(host.send(*body, "0020008008313233343536FFFF").sw == 0x9000);
    CHECK(host.send(*body, "00200080").sw == 0x9000);
    CHECK(host.send(*body, "00FD000000").data == from_hex("050700"));
}

}  // namespace kartsaz::sim::test
