// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "apdu/error.h"
#include "keys/keyset.h"
#include "keys/scp03.h"
#include "tests/unit/keys/key_vectors.h"

using namespace kartsaz;
using namespace kartsaz::keys;
using kartsaz::test::vectors;

namespace {

std::string seen(const SecretBytes& key) {
    return key.reveal([](ByteView bytes) { return to_hex(bytes); });
}

Keyset master(KeyType type, Diversification scheme, ByteView key) {
    Keyset keyset;
    keyset.name = "test";
    keyset.version = 0x31;
    keyset.type = type;
    keyset.diversification = scheme;
    for (const auto* role : {"enc", "mac", "dek"}) keyset.keys.emplace(role, SecretBytes{key});
    return keyset;
}

const Bytes kdd = from_hex("00010203040506070809");

}  // namespace

TEST_CASE("key check values are those published") {
    const auto all = vectors("gp_keys", "kcv");
    REQUIRE(all.size() >= 5);
    for (const auto& v : all) {
        INFO(v.id());
        const auto type = v.text("alg") == "AES" ? KeyType::aes : KeyType::des3;
        CHECK(to_hex(kcv(SecretBytes{v.bytes("key")}, type)) == v.text("kcv"));
    }
}

TEST_CASE("diversified keys are those published, by KDF3, by EMV CPS 1.1 and by VISA2") {
    unsigned tried = 0;
    for (const auto& v : vectors("gp_keys", "key-diversification")) {
        const auto scheme = v.text("scheme");
        if (scheme != "kdf3" && scheme != "emv" && scheme != "visa2") continue;
        INFO(v.id());
        const auto des = scheme == "emv" ? Diversification::emv_cps11 : Diversification::visa2;
        const auto keyset = scheme == "kdf3" ? master(KeyType::aes, Diversification::kdf3, v.bytes("master"))
                                             : master(KeyType::des3, des, v.bytes("master"));
        const auto keys = keyset.scp_keys(v.bytes("kdd"));
        CHECK(seen(keys.enc) == v.text("enc"));
        if (v.has("mac")) CHECK(seen(keys.mac) == v.text("mac"));
        if (v.has("dek")) CHECK(seen(keys.dek) == v.text("dek"));
        const char* kcvs = scheme == "kdf3" ? "kcv_aes" : "kcv_3des";
        if (v.has(kcvs)) {
            const auto expected = v.data.at(kcvs).get<std::vector<std::string>>();
            CHECK(keys.kcvs() == expected.at(0) + " " + expected.at(1) + " " + expected.at(2));
        }
        ++tried;
    }
    CHECK(tried >= 5);
}

TEST_CASE("EMV CPS 1.1 under a triple-DES master can make AES-128 keys of an SCP03 card") {
    const auto key = from_hex("404142434445464748494A4B4C4D4E4F");
    const auto as_aes = master(KeyType::aes, Diversification::emv_cps11, key).scp_keys(kdd);
    const auto as_des = master(KeyType::des3, Diversification::emv_cps11, key).scp_keys(kdd);
    CHECK(as_aes.enc == as_des.enc);
    CHECK(as_aes.type == KeyType::aes);
    CHECK(as_aes.kcvs() != as_des.kcvs());
    CHECK_NOTHROW(Scp03Session(as_aes, Bytes(8), [] {
        InitializeUpdateResponse answer;
        answer.card_challenge = Bytes(8);
        answer.card_cryptogram = Bytes(8);
        return answer;
    }()));
    // The master is a triple-DES key whatever the card holds, and so is its check value.
    CHECK(master(KeyType::aes, Diversification::emv_cps11, key).kcvs().at("enc") == "8BAF47");
}

TEST_CASE("a keyset without diversification gives its keys as they are") {
    const auto keyset =
        master(KeyType::aes, Diversification::none, from_hex("404142434445464748494A4B4C4D4E4F"));
    const auto keys = keyset.scp_keys({});
    CHECK(seen(keys.dek) == "404142434445464748494A4B4C4D4E4F");
    CHECK(keys.kcvs() == "504A77 504A77 504A77");
    CHECK(keyset.kcvs() ==
          std::map<std::string, std::string>{{"dek", "504A77"}, {"enc", "504A77"}, {"mac", "504A77"}});
    CHECK(keys.clone().enc == keys.enc);
    CHECK_THROWS_AS(diversify(keyset, kdd), Error);
}

TEST_CASE("a scheme that does not fit the keys is refused, naming keyset and rule") {
    const Bytes key16(16, 1);
    const Bytes key32(32, 1);
    const auto message = [](const Keyset& keyset, ByteView data) -> std::string {
        try {
            (void)keyset.scp_keys(data);
        } catch (const Error& e) {
            CHECK(e.code() == Errc::keys_failed);
            return e.what();
        }
        return "nothing was thrown";
    };
    using Catch::Contains;
    CHECK_THAT(message(master(KeyType::des3, Diversification::kdf3, key16), kdd), Contains("AES keys"));
    CHECK_THAT(message(master(KeyType::aes, Diversification::emv_cps11, key32), kdd), Contains("16 bytes"));
    CHECK_THAT(message(master(KeyType::aes, Diversification::kdf3, key16), Bytes(9)),
               Contains("9 bytes, 10 expected"));
    auto incomplete = master(KeyType::aes, Diversification::none, key16);
    incomplete.keys.erase("dek");
    CHECK_THAT(message(incomplete, {}), Contains("\"test\" version 31 has no key \"dek\""));
}

TEST_CASE("the data of PUT KEY and the answer to it are those of the vector") {
    unsigned tried = 0;
    for (const auto& v : vectors("gp_keys", "put-key")) {
        INFO(v.id());
        // one under the static DEK of SCP03, one under the session DEK of SCP02
        const auto type = v.has("s_dek") ? KeyType::des3 : KeyType::aes;
        const auto version = v.bytes("new_kvn").at(0);
        const auto keys = v.data.at("new_keys").get<std::vector<std::string>>();
        const ScpKeys set{SecretBytes{from_hex(keys.at(0))}, SecretBytes{from_hex(keys.at(1))},
                          SecretBytes{from_hex(keys.at(2))}, type};
        const auto command = v.bytes("apdu_before_scp");
        const SecretBytes dek{v.bytes(type == KeyType::des3 ? "s_dek" : "dek")};
        const auto data = put_key_data(set, version, dek);
        CHECK(seen(data) == to_hex(ByteView{command}.subspan(5, command.at(4))));
        CHECK(data.size() == put_key_data_size(16, type));
        CHECK(to_hex(put_key_answer(set, version)) == v.text("expected_response_data"));
        ++tried;
    }
    CHECK(tried >= 2);
}

TEST_CASE("a key in PUT KEY under a session DEK of SCP02 is the ciphertext of the vector") {
    const auto v = kartsaz::test::key_vector("gp_keys", "putkey-wrap-scp02");
    const auto key = [&] { return SecretBytes{v.bytes("new_key")}; };
    const auto data = put_key_data({key(), key(), key(), KeyType::des3}, 0x01, SecretBytes{v.bytes("s_dek")});
    const auto block = "8010" + v.text("ciphertext") + "038BAF47";
    CHECK(seen(data) == "01" + block + block + block);
}

TEST_CASE("AES-192 and AES-256 keys in PUT KEY are the blocks of the vectors") {
    const auto all = vectors("gp_keys", "put-key-block");
    REQUIRE(all.size() >= 2);
    for (const auto& v : all) {
        INFO(v.id());
        const SecretBytes key{v.bytes("key")};
        const ScpKeys set{key.clone(), key.clone(), key.clone(), KeyType::aes};
        const auto data = put_key_data(set, 0x01, SecretBytes{v.bytes("dek")});
        CHECK(seen(data) == "01" + v.text("block") + v.text("block") + v.text("block"));
        CHECK(data.size() == put_key_data_size(key.size()));
    }
}

TEST_CASE("PUT KEY refuses a version out of range and triple-DES keys of three parts") {
    const SecretBytes key{Bytes(16, 1)};
    const ScpKeys aes{key.clone(), key.clone(), key.clone(), KeyType::aes};
    const ScpKeys des{key.clone(), key.clone(), key.clone(), KeyType::des3};
    CHECK_THROWS_AS(put_key_data(aes, 0x00, key), Error);
    CHECK_THROWS_AS(put_key_data(aes, 0x80, key), Error);
    CHECK_NOTHROW(put_key_data(des, 0x31, key));
    const SecretBytes long_key{Bytes(24, 1)};
    const ScpKeys three{long_key.clone(), long_key.clone(), long_key.clone(), KeyType::des3};
    CHECK_THROWS_AS(put_key_data(three, 0x31, key), Error);
    CHECK_NOTHROW(put_key_data(aes, 0x7F, key));
}
