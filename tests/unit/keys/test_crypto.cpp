// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "apdu/error.h"
#include "keys/crypto.h"
#include "tests/unit/keys/key_vectors.h"

using namespace kartsaz;
using namespace kartsaz::keys;
using kartsaz::test::vectors;

namespace {

SecretBytes secret(ByteView bytes) {
    return SecretBytes{bytes};
}

SecretBytes secret(const char* hex) {
    return SecretBytes{from_hex(hex)};
}

Bytes seen(const SecretBytes& key) {
    return key.reveal([](ByteView bytes) { return Bytes(bytes.begin(), bytes.end()); });
}

template <typename Call>
Errc code_of(Call&& call) {
    try {
        call();
    } catch (const Error& e) {
        return e.code();
    }
    throw std::runtime_error{"nothing was thrown"};
}

}  // namespace

TEST_CASE("AES-CMAC gives the published values") {
    const auto all = vectors("mac_kdf", "aes-cmac");
    REQUIRE(all.size() >= 12);
    for (const auto& v : all) {
        INFO(v.id());
        CHECK(to_hex(aes_cmac(secret(v.bytes("key")), v.bytes("message"))) == v.text("mac"));
    }
}

TEST_CASE("the counter-mode KDF gives the published values of NIST") {
    const auto all = vectors("mac_kdf", "sp800-108-counter");
    REQUIRE(all.size() >= 2);
    for (const auto& v : all) {
        INFO(v.id());
        const auto out = kdf_counter_cmac(secret(v.bytes("ki")), v.bytes("fixed_input"), 16);
        CHECK(to_hex(seen(out)) == v.text("ko"));
    }
}

TEST_CASE("a longer KDF output begins with the shorter one and counts on") {
    const auto key = secret("DFF1E50AC0B69DC40F1051D46C2B069C");
    const Bytes fixed{1, 2, 3};
    const auto shorter = seen(kdf_counter_cmac(key, fixed, 16));
    const auto longer = seen(kdf_counter_cmac(key, fixed, 40));
    REQUIRE(longer.size() == 40);
    CHECK(Bytes(longer.begin(), longer.begin() + 16) == shorter);
    CHECK(Bytes(longer.begin() + 16, longer.begin() + 32) == aes_cmac(key, concat({Bytes{2}, fixed})));
    CHECK(code_of([&] { (void)kdf_counter_cmac(key, fixed, 0); }) == Errc::usage);
}

TEST_CASE("hashes give the published values of FIPS 180") {
    const auto abc = to_bytes("abc");
    CHECK(to_hex(hash(HashAlgorithm::sha1, abc)) == "A9993E364706816ABA3E25717850C26C9CD0D89D");
    CHECK(to_hex(hash(HashAlgorithm::sha224, abc)) ==
          "23097D223405D8228642A477BDA255B32AADBCE4BDA0B3F7E36C9DA7");
    CHECK(to_hex(sha256(abc)) == "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD");
    CHECK(to_hex(hash(HashAlgorithm::sha384, {})).substr(0, 16) == "38B060A751AC9638");
    CHECK(to_hex(hash(HashAlgorithm::sha512, abc)).substr(0, 16) == "DDAF35A193617ABA");
}

TEST_CASE("a hash over a secret is that of the joined bytes, cut") {
    const auto out = hash_secret(HashAlgorithm::sha1, secret("6162"), to_bytes("c"), 16);
    CHECK(to_hex(seen(out)) == "A9993E364706816ABA3E25717850C26C");
    CHECK(code_of([&] { (void)hash_secret(HashAlgorithm::sha1, secret("00"), {}, 21); }) == Errc::usage);
}

TEST_CASE("AES in ECB and CBC gives the values of SP 800-38A") {
    const auto key = secret("2B7E151628AED2A6ABF7158809CF4F3C");
    const auto block = from_hex("6BC1BEE22E409F96E93D7E117393172A");
    const auto iv = from_hex("000102030405060708090A0B0C0D0E0F");
    CHECK(to_hex(aes_ecb_encrypt(key, block)) == "3AD77BB40D7A3660A89ECAF32466EF97");
    const auto cbc = aes_cbc_encrypt(key, iv, block);
    CHECK(to_hex(cbc) == "7649ABAC8119B246CEE98E9B12E9197D");
    CHECK(aes_cbc_decrypt(key, iv, cbc) == block);
}

TEST_CASE("the retail MAC gives the values of the BAC example") {
    for (const auto& v : vectors("icao_bac_sm", "bac-external-authenticate")) {
        const auto command = v.bytes("external_authenticate");
        const auto key = secret("7962D9ECE03D1ACD4C76089DCE131543");
        const ByteView cryptogram = ByteView{command}.subspan(5, 32);
        CHECK(retail_mac(key, pad80(cryptogram, 8)) == Bytes(command.begin() + 37, command.begin() + 45));
    }
    const auto key = secret("7962D9ECE03D1ACD4C76089DCE131543");
    CHECK(retail_mac(key, Bytes(8)).size() == 8);
    CHECK(code_of([&] { (void)retail_mac(key, Bytes(9)); }) == Errc::usage);
    CHECK(code_of([&] { (void)retail_mac(key, {}); }) == Errc::usage);
    CHECK(code_of([&] { (void)retail_mac(secret("00"), Bytes(8)); }) == Errc::usage);
}

TEST_CASE("triple DES of two keys is that of three with the first repeated, and decrypts itself") {
    const auto two = secret("0123456789ABCDEFFEDCBA9876543210");
    const auto three = secret("0123456789ABCDEFFEDCBA98765432100123456789ABCDEF");
    const Bytes blocks = from_hex("000102030405060708090A0B0C0D0E0F");
    const Bytes iv = from_hex("A0A1A2A3A4A5A6A7");
    const auto encrypted = des3_cbc_encrypt(two, iv, blocks);
    CHECK(encrypted == des3_cbc_encrypt(three, iv, blocks));
    CHECK(encrypted != blocks);
    CHECK(des3_cbc_decrypt(two, iv, encrypted) == blocks);
    CHECK(des3_ecb_encrypt(two, blocks) == des3_ecb_encrypt(three, blocks));
}

TEST_CASE("keys, blocks and initial values of the wrong length are refused") {
    const Bytes block(16);
    CHECK(code_of([&] { (void)aes_ecb_encrypt(secret(Bytes(15)), block); }) == Errc::usage);
    CHECK(code_of([&] { (void)aes_ecb_encrypt(secret(Bytes(16)), Bytes(17)); }) == Errc::usage);
    CHECK(code_of([&] { (void)aes_cbc_encrypt(secret(Bytes(16)), Bytes(8), block); }) == Errc::usage);
    CHECK(code_of([&] { (void)aes_cmac(secret(Bytes(8)), block); }) == Errc::usage);
    CHECK(code_of([&] { (void)des3_ecb_encrypt(secret(Bytes(8)), block); }) == Errc::usage);
    CHECK(code_of([&] { (void)des3_cbc_decrypt(secret(Bytes(16)), Bytes(8), Bytes(7)); }) == Errc::usage);
    CHECK(aes_ecb_encrypt(secret(Bytes(16)), {}).empty());
}

TEST_CASE("padding 80 00 fills whole blocks and comes off again") {
    for (std::size_t size = 0; size <= 33; ++size) {
        const Bytes data(size, 0x80);
        const auto padded = pad80(data, 16);
        CHECK(padded.size() % 16 == 0);
        CHECK(padded.size() > size);
        CHECK(padded.size() <= size + 16);
        CHECK(unpad80(padded, "test") == data);
    }
    CHECK(code_of([] { (void)unpad80(Bytes(16), "test"); }) == Errc::secure_channel);
    CHECK(code_of([] { (void)unpad80({}, "test"); }) == Errc::secure_channel);
    CHECK(code_of([] { (void)unpad80(Bytes{1, 2, 3}, "test"); }) == Errc::secure_channel);
}

TEST_CASE("comparing in constant time tells equal from different") {
    CHECK(equal_constant_time(Bytes{1, 2}, Bytes{1, 2}));
    CHECK(equal_constant_time({}, {}));
    CHECK_FALSE(equal_constant_time(Bytes{1, 2}, Bytes{1, 3}));
    CHECK_FALSE(equal_constant_time(Bytes{1, 2}, Bytes{1, 2, 3}));
}

TEST_CASE("random bytes have the size that is asked for and do not repeat") {
    CHECK(random_bytes(16) != random_bytes(16));
    CHECK_FALSE(random_secret(32) == random_secret(32));
    CHECK(random_secret(24).size() == 24);
    CHECK(random_bytes(0).empty());
}
