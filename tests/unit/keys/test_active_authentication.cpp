// SPDX-License-Identifier: Apache-2.0
#include <botan/auto_rng.h>
#include <botan/bigint.h>
#include <botan/ec_group.h>
#include <botan/ecdsa.h>
#include <botan/numthry.h>
#include <botan/pubkey.h>
#include <botan/rsa.h>
#include <catch2/catch.hpp>

#include "apdu/error.h"
#include "keys/active_authentication.h"
#include "tests/unit/keys/key_vectors.h"

using namespace kartsaz;
using namespace kartsaz::keys;
using Catch::Contains;
using kartsaz::test::key_vector;
using kartsaz::test::vectors;

namespace {

Bytes plain(const Botan::secure_vector<std::uint8_t>& bytes) {
    return Bytes(bytes.begin(), bytes.end());
}

Bytes seen(const SecretBytes& key) {
    return key.reveal([](ByteView bytes) { return Bytes(bytes.begin(), bytes.end()); });
}

Bytes rsa_spki(const std::string& modulus, const std::string& exponent) {
    const auto number = [](const std::string& hex) { return Botan::BigInt{from_hex(hex)}; };
    return Botan::RSA_PublicKey{number(modulus), number(exponent)}.subject_public_key();
}

/// s = F^d mod n of a derived 1024-bit key, in 128 bytes.
Bytes raw_sign(const AaKeyPair& pair, ByteView f) {
    const Botan::BigInt n{seen(pair.modulus)};
    const Botan::BigInt d{seen(pair.exponent)};
    const Botan::BigInt m{f.data(), f.size()};
    return plain(Botan::BigInt::encode_1363(Botan::power_mod(m, d, n), 128));
}

/// A message representative: header, M1, hash over M1 and challenge, trailer.
Bytes representative(const Bytes& header, HashAlgorithm algorithm, const Bytes& trailer, ByteView challenge) {
    const auto size = hash(algorithm, {}).size();
    const Bytes m1(128 - header.size() - size - trailer.size(), 0x33);
    return concat({header, m1, hash(algorithm, concat({m1, challenge})), trailer});
}

const AaKeyPair& rsa_pair() {
    // Never destroyed: a SecretBytes must not outlive main().
    static const auto& pair =
        *new AaKeyPair{derive_aa_key(SecretBytes{Bytes(32, 0x11)}, AaAlgorithm::rsa_1024, Bytes{1, 2, 3})};
    return pair;
}

const Bytes challenge = from_hex("0102030405060708");

}  // namespace

TEST_CASE("RSA Active Authentication signatures of the vectors are accepted, changed ones are not") {
    unsigned tried = 0;
    for (const auto& v : vectors("emrtd_auth", "aa-iso9796-2-scheme1")) {
        if (!v.has("signature")) continue;
        INFO(v.id());
        const auto key = rsa_spki(v.text("modulus"), v.text("exponent"));
        CHECK(check_active_authentication(key, v.bytes("rnd_ifd"), v.bytes("signature")) == "");
        auto other = v.bytes("rnd_ifd");
        other[0] ^= 0x01;
        CHECK_THAT(check_active_authentication(key, other, v.bytes("signature")), Contains("recovered hash"));
        auto changed = v.bytes("signature");
        changed[5] ^= 0x01;
        CHECK(check_active_authentication(key, v.bytes("rnd_ifd"), changed) != "");
        ++tried;
    }
    CHECK(tried >= 2);
}

TEST_CASE("the signer may send n minus s instead of s") {
    const auto v = key_vector("emrtd_auth", "aa-rsa1024-sha1-bc-key");
    const Botan::BigInt n{v.bytes("modulus")};
    const Botan::BigInt s{v.bytes("signature")};
    const auto other = plain(Botan::BigInt::encode_1363(n - s, 128));
    const auto key = rsa_spki(v.text("modulus"), v.text("exponent"));
    CHECK(check_active_authentication(key, v.bytes("rnd_ifd"), other) == "");
}

TEST_CASE("the hash of the ICAO worked example is that of its message and challenge") {
    const auto v = key_vector("emrtd_auth", "aa-icao-rsa-sha1-recovered");
    CHECK(hash(HashAlgorithm::sha1, concat({v.bytes("m1"), v.bytes("rnd_ifd")})) == v.bytes("hash"));
    // The example has no key pair; its F signed by one of ours must be accepted.
    CHECK(check_active_authentication(rsa_pair().public_key, v.bytes("rnd_ifd"),
                                      raw_sign(rsa_pair(), v.bytes("F"))) == "");
}

TEST_CASE("every trailer of ISO/IEC 9796-2 and the padded header are accepted") {
    const std::vector<std::pair<HashAlgorithm, Bytes>> trailers{
        {HashAlgorithm::sha1, {0xBC}},         {HashAlgorithm::sha1, {0x33, 0xCC}},
        {HashAlgorithm::sha224, {0x38, 0xCC}}, {HashAlgorithm::sha256, {0x34, 0xCC}},
        {HashAlgorithm::sha384, {0x36, 0xCC}}, {HashAlgorithm::sha512, {0x35, 0xCC}}};
    for (const auto& [algorithm, trailer] : trailers) {
        for (const auto& header : {Bytes{0x6A}, Bytes{0x6B, 0xBA}, Bytes{0x6B, 0xBB, 0xBB, 0xBA}}) {
            INFO(to_hex(trailer) << " " << to_hex(header));
            const auto s = raw_sign(rsa_pair(), representative(header, algorithm, trailer, challenge));
            CHECK(check_active_authentication(rsa_pair().public_key, challenge, s) == "");
        }
    }
}

TEST_CASE("RSA signatures of wrong form are refused with the rule") {
    const auto answer = [](const Bytes& f) {
        return check_active_authentication(rsa_pair().public_key, challenge, raw_sign(rsa_pair(), f));
    };
    const auto good = representative({0x6A}, HashAlgorithm::sha256, {0x34, 0xCC}, challenge);
    CHECK(answer(good) == "");
    auto header = good;
    header[0] = 0x4A;
    CHECK_THAT(answer(header), Contains("header"));
    header[0] = 0x6C;
    CHECK_THAT(answer(header), Contains("header"));
    CHECK_THAT(answer(concat({Bytes{0x6B}, Bytes(125, 0xBB), Bytes{0x34, 0xCC}})), Contains("header"));
    CHECK_THAT(answer(concat({Bytes{0x6B}, Bytes(100, 0xBB), Bytes{0xBA}, Bytes(24), Bytes{0x34, 0xCC}})),
               Contains("too short for its hash"));
    auto trailer = good;
    trailer[126] = 0x31;
    CHECK_THAT(answer(trailer), Contains("trailer"));
    const auto s = raw_sign(rsa_pair(), good);
    const auto& key = rsa_pair().public_key;
    CHECK_THAT(check_active_authentication(key, challenge, ByteView{s}.first(127)),
               Contains("127 bytes, the modulus 128"));
    CHECK_THAT(check_active_authentication(key, challenge, {}), Contains("0 bytes"));
    CHECK_THAT(check_active_authentication(key, challenge, Bytes(128, 0xFF)),
               Contains("not smaller than the modulus"));
    CHECK(check_active_authentication(key, challenge, Bytes(128)) != "");
}

TEST_CASE("RSA keys that are too short, too long or with a monstrous exponent are refused") {
    const auto modulus = [](std::size_t bytes) { return to_hex(Bytes(bytes, 0xFF)); };
    CHECK_THAT(check_active_authentication(rsa_spki(modulus(64), "010001"), challenge, Bytes(64)),
               Contains("512 bits"));
    CHECK_THAT(check_active_authentication(rsa_spki(modulus(520), "010001"), challenge, Bytes(520)),
               Contains("4160 bits"));
    CHECK_THAT(check_active_authentication(rsa_spki(modulus(128), modulus(100)), challenge, Bytes(128)),
               Contains("not one that is accepted"));
}

TEST_CASE("ECDSA Active Authentication is accepted in plain and in DER form") {
    const auto v = key_vector("emrtd_auth", "aa-ecdsa-p256");
    const auto dg15 = v.bytes("dg15");
    const Bytes key(dg15.begin() + 2, dg15.end());
    CHECK(check_active_authentication(key, v.bytes("rnd_ifd"), v.bytes("signature_plain")) == "");
    CHECK(check_active_authentication(key, v.bytes("rnd_ifd"), v.bytes("signature_der")) == "");
    CHECK(check_active_authentication(key, v.bytes("rnd_ifd"), v.bytes("signature_plain"),
                                      HashAlgorithm::sha1) != "");
    for (const char* form : {"signature_plain", "signature_der"}) {
        const auto good = v.bytes(form);
        for (std::size_t i = 0; i < good.size(); ++i) {
            auto bad = good;
            bad[i] ^= 0x01;
            CHECK(check_active_authentication(key, v.bytes("rnd_ifd"), bad) != "");
            CHECK(check_active_authentication(key, v.bytes("rnd_ifd"), ByteView{good}.first(i)) != "");
        }
    }
    CHECK(check_active_authentication(key, Bytes(8), v.bytes("signature_plain")) != "");
    CHECK(check_active_authentication(key, v.bytes("rnd_ifd"), Bytes(64)) != "");
    CHECK_THAT(check_active_authentication(key, v.bytes("rnd_ifd"), Bytes(200)), Contains("200 bytes"));
}

TEST_CASE("ECDSA works on P-384 and brainpool curves too") {
    Botan::AutoSeeded_RNG random;
    for (const auto* name : {"secp384r1", "brainpool256r1", "secp521r1"}) {
        INFO(name);
        const Botan::ECDSA_PrivateKey key{random, Botan::EC_Group{name}};
        Botan::PK_Signer signer{key, random, "EMSA1(SHA-256)"};
        const auto signature = signer.sign_message(challenge.data(), challenge.size(), random);
        const auto spki = key.subject_public_key();
        CHECK(check_active_authentication(spki, challenge, signature) == "");
        CHECK(check_active_authentication(spki, Bytes(8), signature) != "");
    }
}

TEST_CASE("public keys that are none are refused") {
    const auto v = key_vector("emrtd_auth", "aa-ecdsa-p256");
    const auto dg15 = v.bytes("dg15");
    const Bytes key(dg15.begin() + 2, dg15.end());
    for (std::size_t size = 0; size < key.size(); ++size) {
        CHECK_THAT(check_active_authentication(ByteView{key}.first(size), challenge, Bytes(64)),
                   Contains("not a SubjectPublicKeyInfo"));
    }
    auto longer = key;
    longer.push_back(0);
    CHECK_THAT(check_active_authentication(longer, challenge, Bytes(64)),
               Contains("not a SubjectPublicKeyInfo"));
    const auto ed25519 =
        from_hex("302A300506032B6570032100D75A980182B10AB7D54BFED3C964073A0EE172F3DAA62325AF021A68F707511A");
    CHECK_THAT(check_active_authentication(ed25519, challenge, Bytes(64)), Contains("neither RSA nor EC"));
}

TEST_CASE("a chip's ECDSA key is a function of master and chip, and signs") {
    const SecretBytes master{Bytes(32, 0x42)};
    const auto chip = from_hex("47905168479101500000ABCD");
    const auto pair = derive_aa_key(master, AaAlgorithm::ecdsa_p256, chip);
    const auto again = derive_aa_key(master, AaAlgorithm::ecdsa_p256, chip);
    CHECK(pair.scalar == again.scalar);
    CHECK(pair.public_key == again.public_key);
    CHECK(pair.scalar.size() == 32);
    CHECK(pair.public_key.size() == 91);
    CHECK_FALSE(derive_aa_key(master, AaAlgorithm::ecdsa_p256, Bytes{1}).scalar == pair.scalar);
    CHECK_FALSE(derive_aa_key(SecretBytes{Bytes(32, 0x43)}, AaAlgorithm::ecdsa_p256, chip).scalar ==
                pair.scalar);
    Botan::AutoSeeded_RNG random;
    const Botan::ECDSA_PrivateKey key{random, Botan::EC_Group{"secp256r1"}, Botan::BigInt{seen(pair.scalar)}};
    Botan::PK_Signer signer{key, random, "EMSA1(SHA-256)"};
    const auto signature = signer.sign_message(challenge.data(), challenge.size(), random);
    CHECK(check_active_authentication(pair.public_key, challenge, signature) == "");
}

TEST_CASE("the ECDSA scalar is the KDF output reduced as FIPS 186-5 A.2.1 says") {
    const SecretBytes master{Bytes(16, 0x42)};
    const Bytes chip{9, 8, 7};
    const auto fixed = concat({to_bytes("KARTSAZ AA ECDSA P-256"), Bytes{0}, chip, from_hex("00000140")});
    const Botan::BigInt wide{seen(kdf_counter_cmac(master, fixed, 40))};
    const auto n = Botan::EC_Group{"secp256r1"}.get_order();
    const auto expected = plain(Botan::BigInt::encode_1363(wide % (n - 1) + 1, 32));
    CHECK(seen(derive_aa_key(master, AaAlgorithm::ecdsa_p256, chip).scalar) == expected);
}

TEST_CASE("a chip's RSA key is a function of master and chip, of 1024 bits exactly") {
    const auto again = derive_aa_key(SecretBytes{Bytes(32, 0x11)}, AaAlgorithm::rsa_1024, Bytes{1, 2, 3});
    CHECK(again.modulus == rsa_pair().modulus);
    CHECK(again.exponent == rsa_pair().exponent);
    CHECK(again.public_key == rsa_pair().public_key);
    CHECK(again.modulus.size() == 128);
    CHECK(again.exponent.size() == 128);
    CHECK(Botan::BigInt{seen(again.modulus)}.bits() == 1024);
    CHECK(again.public_key == rsa_spki(to_hex(seen(again.modulus)), "010001"));
    const auto other = derive_aa_key(SecretBytes{Bytes(32, 0x11)}, AaAlgorithm::rsa_1024, Bytes{1, 2, 4});
    CHECK_FALSE(other.modulus == again.modulus);
}

TEST_CASE("an Active Authentication key is not derived from a bad master or no chip") {
    const SecretBytes master{Bytes(16)};
    CHECK_THROWS_AS(derive_aa_key(master, AaAlgorithm::ecdsa_p256, {}), Error);
    CHECK_THROWS_AS(derive_aa_key(master, AaAlgorithm::ecdsa_p256, Bytes(65)), Error);
    CHECK_THROWS_AS(derive_aa_key(SecretBytes{Bytes(17)}, AaAlgorithm::ecdsa_p256, Bytes{1}), Error);
}
