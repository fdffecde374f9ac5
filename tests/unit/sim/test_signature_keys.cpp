// SPDX-License-Identifier: Apache-2.0
// Keys of the signature application: made in the card, imported, used, and what the card refuses.
#include <botan/auto_rng.h>
#include <botan/ec_group.h>
#include <botan/ecdsa.h>
#include <botan/numthry.h>
#include <botan/pubkey.h>
#include <botan/rsa.h>
#include <catch2/catch.hpp>

#include "signature_card.h"

namespace kartsaz::sim::test {
namespace {

const Bytes hash(32, 0x5A);
constexpr std::string_view sign_hash =
    "002A9E9A20 5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A 00";

unsigned environment(Body& body, std::string_view use, std::string_view algorithm, unsigned slot = 0) {
    return sw(body, "002241" + std::string{use} + "068001" + std::string{algorithm} + "8401" +
                        to_hex(big_endian(slot, 1)));
}

Reply generate_rsa(Body& body, std::string_view algorithm) {
    REQUIRE(environment(body, "00", algorithm) == 0x9000);
    return send(body, "00464200000000");
}

Bytes number(const Botan::BigInt& value, std::size_t size) {
    Bytes out(size);
    Botan::BigInt::encode_1363(out.data(), size, value);
    return out;
}

/// DigestInfo of SHA-256 around `hash`.
Bytes digest_info() {
    return concat({from_hex("3031300D060960864801650304020105000420"), hash});
}

/// 7F48 with the five parts of a private key.
Bytes private_rsa(const Botan::RSA_PrivateKey& key) {
    Bytes inner;
    std::uint8_t tag = 0x92;
    for (const auto& part : {key.get_p(), key.get_q(), key.get_c(), key.get_d1(), key.get_d2()}) {
        append(inner, Bytes{tag++, 0x81, 0x80});
        append(inner, number(part, 128));
    }
    return concat({Bytes{0x7F, 0x48, 0x82}, big_endian(inner.size(), 2), inner});
}

Bytes private_ec(const std::string& curve, const Botan::BigInt& scalar) {
    const std::size_t size = Botan::EC_Group{curve}.get_p_bytes();
    const Bytes inner =
        concat({curve_parameters(curve), Bytes{0x88, static_cast<std::uint8_t>(size)}, number(scalar, size)});
    return concat({Bytes{0xE0, 0x81, static_cast<std::uint8_t>(inner.size())}, inner});
}

}  // namespace

TEST_CASE("a pair of each curve signs a hash that its public key verifies", "[sim][signature]") {
    for (const char* kind : {"isoapplet", "isoapplet-v0"}) {
        auto body = signature_card(kind);
        for (const char* curve : {"secp192r1", "secp192k1", "brainpool192r1", "secp224r1", "brainpool224r1",
                                  "secp256r1", "secp256k1", "brainpool256r1", "brainpool320r1", "secp384r1",
                                  "brainpool384r1", "brainpool512r1", "secp521r1"}) {
            INFO(kind << " " << curve);
            REQUIRE(environment(*body, "00", "EC", 15) == 0x9000);
            const Reply made = generate_ec(*body, curve);
            REQUIRE(made.sw == 0x9000);
            CHECK(part_of(made.data, 0x87) == Bytes{0x00, 0x01});
            REQUIRE(environment(*body, "B6", "21", 15) == 0x9000);
            const Reply signature = send(*body, sign_hash);
            REQUIRE(signature.sw == 0x9000);
            // the older command set hashes with SHA-1 first
            const bool raw = std::string_view{kind} == "isoapplet";
            CHECK(ec_verifies(curve, made.data, hash, signature.data, raw ? "Raw" : "EMSA1(SHA-1)"));
            CHECK_FALSE(
                ec_verifies(curve, made.data, Bytes(32, 0x5B), signature.data, raw ? "Raw" : "EMSA1(SHA-1)"));
        }
    }
}

TEST_CASE("RSA 2048 signs by PKCS#1 and PSS, and deciphers", "[sim][signature]") {
    auto body = signature_card("isoapplet");
    const Reply made = generate_rsa(*body, "F3");
    REQUIRE(made.sw == 0x9000);
    CHECK(made.data.size() == 270);
    CHECK(part_of(made.data, 0x82) == from_hex("010001"));
    REQUIRE(environment(*body, "B6", "11") == 0x9000);
    const Reply signature = send(*body, command("002A9E9A", digest_info(), 256));
    REQUIRE(signature.sw == 0x9000);
    CHECK(rsa_verifies(made.data, hash, signature.data, "EMSA3(Raw,SHA-256)"));
    for (const auto& [size, name] : std::vector<std::pair<std::size_t, std::string>>{
             {20, "SHA-1"}, {28, "SHA-224"}, {32, "SHA-256"}, {48, "SHA-384"}, {64, "SHA-512"}}) {
        REQUIRE(environment(*body, "B6", "12") == 0x9000);
        const Reply pss = send(*body, command("002A9E9A", Bytes(size, 0x33), 256));
        REQUIRE(pss.sw == 0x9000);
        CHECK(rsa_verifies(made.data, Bytes(size, 0x33), pss.data, "PSSR_Raw(" + name + ")"));
    }
    CHECK(send(*body, command("002A9E9A", Bytes(33, 1), 256)).sw == 0x6700);

    const Bytes n = part_of(made.data, 0x81), e = part_of(made.data, 0x82);
    const Botan::RSA_PublicKey key{Botan::BigInt{n.data(), n.size()}, Botan::BigInt{e.data(), e.size()}};
    Botan::AutoSeeded_RNG rng;
    const Botan::PK_Encryptor_EME encryptor{key, rng, "PKCS1v15"};
    const auto cryptogram = encryptor.encrypt(hash.data(), hash.size(), rng);
    REQUIRE(environment(*body, "B8", "11") == 0x9000);
    Bytes data{0x00};
    data.insert(data.end(), cryptogram.begin(), cryptogram.end());
    CHECK(send(*body, command("002A8086", data, 256)).data == hash);
    data[0] = 0x81;
    CHECK(send(*body, command("002A8086", data, 256)).sw == 0x6A80);
    data[0] = 0x00;
    data.pop_back();
    CHECK(send(*body, command("002A8086", data, 256)).sw == 0x6700);
    CHECK(send(*body, command("102A8086", Bytes(255, 0), 0)).sw == 0x6884);
}

TEST_CASE("the older command set deciphers a cryptogram that came in a chain", "[sim][signature]") {
    auto body = signature_card("isoapplet-v0");
    REQUIRE(environment(*body, "00", "F3") == 0x9000);
    const Reply made = fetch(*body, send(*body, "0046420000"));
    REQUIRE(made.sw == 0x9000);
    const Bytes n = part_of(made.data, 0x81), e = part_of(made.data, 0x82);
    const Botan::RSA_PublicKey key{Botan::BigInt{n.data(), n.size()}, Botan::BigInt{e.data(), e.size()}};
    Botan::AutoSeeded_RNG rng;
    const Botan::PK_Encryptor_EME encryptor{key, rng, "PKCS1v15"};
    const auto cryptogram = encryptor.encrypt(hash.data(), hash.size(), rng);
    REQUIRE(environment(*body, "B8", "11") == 0x9000);
    Bytes data{0x00};
    data.insert(data.end(), cryptogram.begin(), cryptogram.end());
    CHECK(send_chained(*body, "002A8086", data, true).data == hash);
    SECTION("a command that is no part of the chain") {
        CHECK(send(*body, command("102A8086", Bytes(200, 0), 0)).sw == 0x9000);
        CHECK(sw(*body, "00200001") == 0x6884);
        CHECK(sw(*body, "0046420000") == 0x6900);
        CHECK(sw(*body, "002A9E9A00") == 0x6900);
        CHECK(sw(*body, select_signature) == 0x9000);
        CHECK(sw(*body, verify_pin) == 0x9000);
        CHECK(sw(*body, "002A9E9A00") == 0x6985);
    }
    SECTION("a chain that is longer than the card's buffer") {
        CHECK(send(*body, command("102A8086", Bytes(255, 0), 0)).sw == 0x9000);
        CHECK(send(*body, command("102A8086", Bytes(255, 0), 0)).sw == 0x9000);
        CHECK(send(*body, command("102A8086", Bytes(255, 0), 0)).sw == 0x6700);
    }
}

TEST_CASE("an RSA signature wants room in the answer, and says so", "[sim][signature]") {
    auto body = signature_card("isoapplet");
    REQUIRE(generate_rsa(*body, "F3").sw == 0x9000);
    REQUIRE(environment(*body, "B6", "11") == 0x9000);
    CHECK(send(*body, command("002A9E9A", digest_info(), 256)).sw == 0x9000);
    CHECK(send(*body, command("002A9E9A", digest_info(), 1000)).data.size() == 256);
    CHECK(send(*body, command("002A9E9A", digest_info(), 255)).sw == 0x6C00);
    CHECK(send(*body, command("002A9E9A", digest_info(), 0)).sw == 0x6C00);
    CHECK(send(*body, command("002A9E9A", digest_info(), 65536)).sw == 0x6C00);
    CHECK(send(*body, command("002A9E9A", Bytes(245, 1), 256)).sw == 0x9000);
    CHECK(send(*body, command("002A9E9A", Bytes(246, 1), 256)).sw == 0x6700);
}

TEST_CASE("RSA 3072 is made by kartsaz alone", "[sim][signature]") {
    for (const char* kind : {"isoapplet", "isoapplet-v0"}) {
        CHECK(environment(*signature_card(kind), "00", "F4") == 0x6A81);
    }
    auto body = signature_card("kartsaz");
    const Reply made = generate_rsa(*body, "F4");
    REQUIRE(made.sw == 0x9000);
    CHECK(made.data.size() == 398);
    REQUIRE(environment(*body, "B6", "11") == 0x9000);
    const Reply signature = send(*body, command("002A9E9A", digest_info(), 384));
    CHECK(rsa_verifies(made.data, hash, signature.data, "EMSA3(Raw,SHA-256)"));
    CHECK(send(*body, command("002A9E9A", digest_info(), 256)).sw == 0x6C00);
}

TEST_CASE("a seed makes the same keys again, no seed other ones", "[sim][signature]") {
    const auto public_key = [](const std::optional<Bytes>& seed) {
        NewBody options;
        options.kind = "isoapplet";
        options.seed = seed;
        auto body = Body::create(options);
        body->power_on();
        send(*body, select_signature);
        send(*body, "0024010106313233343536");
        send(*body, verify_pin);
        environment(*body, "00", "EC");
        return part_of(generate_ec(*body, "secp256r1").data, 0x86);
    };
    CHECK(public_key(Bytes(32, 1)) == public_key(Bytes(32, 1)));
    CHECK(public_key(Bytes(32, 1)) != public_key(Bytes(32, 2)));
    CHECK(public_key(std::nullopt) != public_key(std::nullopt));
    const auto rsa = [] {
        auto body = signature_card("isoapplet");
        return part_of(generate_rsa(*body, "F3").data, 0x81);
    };
    CHECK(rsa() == rsa());
}

TEST_CASE("keys are worked with only while the PIN is given", "[sim][signature]") {
    auto body = signature_card("isoapplet");
    REQUIRE(environment(*body, "00", "EC") == 0x9000);
    REQUIRE(generate_ec(*body, "secp256r1").sw == 0x9000);
    REQUIRE(environment(*body, "B6", "21") == 0x9000);
    REQUIRE(sw(*body, sign_hash) == 0x9000);
    REQUIRE(sw(*body, "0020000106313233343537") == 0x63C2);
    CHECK(sw(*body, sign_hash) == 0x6982);
    CHECK(environment(*body, "B6", "21") == 0x6982);
    CHECK(sw(*body, "0046000000") == 0x6982);
    CHECK(sw(*body, "00DB3FFF0100") == 0x6982);
    // the environment outlives the PIN, not the selection
    REQUIRE(sw(*body, verify_pin) == 0x9000);
    CHECK(sw(*body, sign_hash) == 0x9000);
    REQUIRE(sw(*body, select_signature) == 0x9000);
    REQUIRE(sw(*body, verify_pin) == 0x9000);
    CHECK(sw(*body, sign_hash) == 0x6985);
    // and the key outlives the power
    body->power_on();
    send(*body, select_signature);
    send(*body, verify_pin);
    REQUIRE(environment(*body, "B6", "21") == 0x9000);
    CHECK(sw(*body, sign_hash) == 0x9000);
}

TEST_CASE("domain parameters are looked at", "[sim][signature]") {
    auto body = signature_card("isoapplet");
    const Bytes good = curve_parameters("secp256r1");
    REQUIRE(environment(*body, "00", "EC") == 0x9000);
    // every part is needed, and every byte of it
    for (std::size_t at = 0; at < good.size(); ++at) {
        Bytes bad = good;
        bad[at] ^= 0x01;
        const unsigned answer = send(*body, command("00460000", bad, 1000)).sw;
        INFO("byte " << at << " answer " << answer);
        CHECK((answer == 0x6984 || answer == 0x6A81));
        const unsigned cut = send(*body, command("00460000", ByteView{good}.first(at), 1000)).sw;
        INFO("cut at " << at << " answer " << cut);
        CHECK((cut == 0x6984 || cut == 0x6A81));
    }
    CHECK(sw(*body, "00460000 05 8103010203 00") == 0x6A81);
    CHECK(send(*body, command("00460000", good, 1000)).sw == 0x9000);
}

TEST_CASE("private keys come in only where that was allowed", "[sim][signature]") {
    Botan::AutoSeeded_RNG rng;
    const Botan::RSA_PrivateKey rsa{rng, 2048};
    const Botan::ECDSA_PrivateKey ec{rng, Botan::EC_Group{"secp256r1"}};
    auto closed = signature_card("isoapplet");
    REQUIRE(environment(*closed, "00", "F3") == 0x9000);
    CHECK(send(*closed, command("00DB3FFF", private_rsa(rsa), 0)).sw == 0x6900);
    CHECK(send(*closed, command("00DB3FFE", private_rsa(rsa), 0)).sw == 0x6A86);

    for (const char* kind : {"isoapplet", "isoapplet-v0"}) {
        INFO(kind);
        auto body = signature_card(kind, true);
        const auto import = [&](const Bytes& data) { return send(*body, command("00DB3FFF", data, 0)).sw; };
        CHECK(import(private_rsa(rsa)) == 0x6985);
        REQUIRE(environment(*body, "00", "F3") == 0x9000);
        CHECK(import(private_ec("secp256r1", ec.private_value())) == 0x6A80);
        Bytes bad = private_rsa(rsa);
        bad[200] ^= 0x04;
        CHECK(import(bad) == 0x6984);
        bad = private_rsa(rsa);
        bad.pop_back();
        CHECK(import(bad) == 0x6984);
        CHECK((std::string_view{kind} == "isoapplet"
                   ? import(private_rsa(rsa))
                   : send_chained(*body, "00DB3FFF", private_rsa(rsa), false).sw) == 0x9000);
        REQUIRE(environment(*body, "B6", "11") == 0x9000);
        const Reply signature = send(*body, command("002A9E9A", digest_info(), 256));
        Botan::PK_Verifier verifier{rsa, "EMSA3(Raw,SHA-256)"};
        CHECK(
            verifier.verify_message(hash.data(), hash.size(), signature.data.data(), signature.data.size()));

        REQUIRE(environment(*body, "00", "EC", 1) == 0x9000);
        CHECK(import(private_rsa(rsa)) == 0x6A80);
        CHECK(import(private_ec("secp256r1", 0)) == 0x6984);
        CHECK(import(private_ec("secp256r1", Botan::EC_Group{"secp256r1"}.get_order())) == 0x6984);
        CHECK(import(private_ec("secp256r1", ec.private_value())) == 0x9000);
        REQUIRE(environment(*body, "B6", "21", 1) == 0x9000);
        const Reply second = send(*body, sign_hash);
        Botan::PK_Verifier other{ec, std::string_view{kind} == "isoapplet" ? "Raw" : "EMSA1(SHA-1)",
                                 Botan::DER_SEQUENCE};
        CHECK(other.verify_message(hash.data(), hash.size(), second.data.data(), second.data.size()));
        CHECK(body->describe_json().find("\"made_in_card\": false") != std::string::npos);
    }
}

}  // namespace kartsaz::sim::test
