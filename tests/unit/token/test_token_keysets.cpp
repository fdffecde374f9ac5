// SPDX-License-Identifier: Apache-2.0
// Master keys that are made in a token, or brought into it, and never leave it.
#include <catch2/catch.hpp>

#include "apdu/error.h"
#include "keys/active_authentication.h"
#include "keys/crypto.h"
#include "keys/pkcs11_make.h"
#include "tests/support/token/soft_token.h"
#include "tests/unit/token/token_objects.h"

using namespace kartsaz;
using namespace kartsaz::keys;
using namespace kartsaz::test;
using Catch::Contains;

namespace {

Keyset keyset(std::string name, KeyType type, Diversification scheme,
              std::initializer_list<std::pair<const char*, Bytes>> keys) {
    Keyset out;
    out.name = std::move(name);
    out.version = 0x31;
    out.type = type;
    out.diversification = scheme;
    for (const auto& [role, key] : keys) out.keys.emplace(role, SecretBytes{key});
    return out;
}

Bytes counted(std::size_t size, std::uint8_t first) {
    Bytes out(size);
    for (auto& byte : out) byte = first++;
    return out;
}

const Bytes kdd = from_hex("47905168479101500000");

}  // namespace

TEST_CASE("masters in a token give a chip the very keys that the same masters give here") {
    if (!SoftToken::available()) return;
    const SoftToken soft;
    const auto token = soft.open();
    const std::size_t sizes[] = {16, 24, 32};
    for (std::size_t i = 0; i < 3; ++i) {
        const auto name = "issuer-" + std::to_string(sizes[i] * 8);
        const auto here = keyset(name, KeyType::aes, Diversification::kdf3,
                                 {{"enc", counted(sizes[i], 0x10)},
                                  {"mac", counted(sizes[i], 0x40)},
                                  {"dek", counted(sizes[i], 0x80)}});
        CHECK(import_token_keyset(token, here) == here.kcvs());
        const auto store = token_key_store(token);
        const auto& held = store->keyset(name, 0x31);
        CHECK(held.keys.empty());
        REQUIRE(held.held);
        CHECK(held.held->place() == "token kartsaz-test");
        CHECK(held.kcvs() == here.kcvs());
        const auto theirs = held.scp_keys(kdd), ours = here.scp_keys(kdd);
        CHECK(theirs.enc == ours.enc);
        CHECK(theirs.mac == ours.mac);
        CHECK(theirs.dek == ours.dek);
        CHECK(store->weaknesses().empty());
    }
}

TEST_CASE("triple-DES masters in a token diversify as here") {
    if (!SoftToken::available()) return;
    const SoftToken soft;
    const auto token = soft.open();
    for (const auto scheme : {Diversification::emv_cps11, Diversification::visa2}) {
        for (const auto type : {KeyType::aes, KeyType::des3}) {
            const auto name = std::string{keys::name(scheme)} + (type == KeyType::aes ? "-aes" : "-des3");
            // odd parity in each byte: tokens are free to insist on it
            const auto here = keyset(name, type, scheme,
                                     {{"enc", from_hex("0123456789ABCDEFFEDCBA9876543210")},
                                      {"mac", from_hex("1CB53D7F9E2A4C685149C7B0D6E3F28A")},
                                      {"dek", from_hex("404142434445464748494A4B4C4D4E4F")}});
            import_token_keyset(token, here);
            const auto store = token_key_store(token);
            const auto& held = store->keyset(name);
            CHECK(held.kcvs() == here.kcvs());
            CHECK(held.scp_keys(kdd).kcvs() == here.scp_keys(kdd).kcvs());
        }
    }
}

TEST_CASE("the master of Active Authentication and those of PINs are used inside the token") {
    if (!SoftToken::available()) return;
    const SoftToken soft;
    const auto token = soft.open();
    const auto here =
        keyset("active-authentication", KeyType::aes, Diversification::none, {{"aa", counted(32, 0x21)}});
    const auto pins = keyset("pin", KeyType::aes, Diversification::none,
                             {{"pin", counted(32, 0x51)}, {"puk", counted(32, 0x71)}});
    import_token_keyset(token, here);
    import_token_keyset(token, pins);
    const auto store = token_key_store(token);
    const auto& held = store->keyset("active-authentication");
    CHECK(held.has("aa"));
    CHECK_FALSE(held.has("enc"));
    const auto chip = to_bytes("chip 1");
    CHECK(derive_aa_key(held, AaAlgorithm::ecdsa_p256, chip).scalar ==
          derive_aa_key(here, AaAlgorithm::ecdsa_p256, chip).scalar);
    CHECK(derive_aa_key(held, AaAlgorithm::rsa_1024, chip).modulus ==
          derive_aa_key(here, AaAlgorithm::rsa_1024, chip).modulus);
    for (const std::size_t size : {1U, 16U, 17U, 40U, 256U}) {
        CHECK(store->keyset("pin").kdf_counter_cmac("puk", chip, size) ==
              pins.kdf_counter_cmac("puk", chip, size));
    }
    CHECK_THROWS_WITH(held.kdf_counter_cmac("pin", chip, 16),
                      Contains("keyset/active-authentication/31 has no key"));
}

TEST_CASE("masters are made in a token, are all different, and cannot be read") {
    if (!SoftToken::available()) return;
    const SoftToken soft;
    const auto token = soft.open();
    const auto kcvs = generate_token_keyset(token, {"issuer", 0x31, {"enc", "mac", "dek"}});
    CHECK(kcvs.size() == 3);
    CHECK(kcvs.at("enc") != kcvs.at("mac"));
    CHECK(kcvs.at("enc") != kcvs.at("dek"));
    const auto second = generate_token_keyset(token, {"issuer", 0x32, {"enc", "mac", "dek"}});
    CHECK(second.at("enc") != kcvs.at("enc"));
    const auto store = token_key_store(token);
    CHECK(store->keyset("issuer").version == 0x32);
    CHECK(store->keyset("issuer", 0x31).kcvs() == kcvs);
    CHECK(store->keyset("issuer").held->key_size("enc") == 32);
    CHECK(store->weaknesses().empty());
    CHECK_FALSE(store->development());
    CHECK_THROWS_WITH(generate_token_keyset(token, {"issuer", 0x32, {"enc", "mac", "dek"}}),
                      Contains("it has keyset/issuer/32 already") && Contains("never replaced"));
    in_session(*token, Access::read, [&](const Session& session) {
        const auto key = session.only({CKO_SECRET_KEY, "keyset/issuer/31/enc"});
        CHECK_THROWS_WITH(session.attribute(key, CKA_VALUE), Contains("does not give it out"));
    });
}

TEST_CASE("a keyset that cannot be is not made") {
    if (!SoftToken::available()) return;
    const SoftToken soft;
    const auto token = soft.open();
    const auto make = [&](NewTokenKeyset wanted) { generate_token_keyset(token, wanted); };
    CHECK_THROWS_WITH(make({"Issuer", 0x31, {"aa"}, Diversification::none}), Contains("a-z 0-9"));
    CHECK_THROWS_WITH(make({"issuer", 0, {"aa"}, Diversification::none}), Contains("01 to 7F"));
    CHECK_THROWS_WITH(make({"issuer", 0x31, {"enc", "mac"}}), Contains("either enc, mac and dek"));
    CHECK_THROWS_WITH(make({"issuer", 0x31, {"aa"}}), Contains("diversification \"none\""));
    CHECK_THROWS_WITH(make({"issuer", 0x31, {"enc", "mac", "dek"}, Diversification::none}),
                      Contains("kdf3 only"));
    CHECK_THROWS_WITH(make({"issuer", 0x31, {"enc", "mac", "dek"}, Diversification::emv_cps11}),
                      Contains("kdf3 only"));
    CHECK_THROWS_WITH(make({"issuer", 0x31, {"enc", "mac", "dek"}, Diversification::kdf3, 20}),
                      Contains("an AES key has 16, 24 or 32"));
    CHECK(token_key_store(token)->names().empty());
}

TEST_CASE("an interrupted making of masters is completed by the same call") {
    if (!SoftToken::available()) return;
    const SoftToken soft;
    const Wrapper wrapper;
    const auto token = soft.open(true);
    wrapper.fail("C_GenerateKey", 2, CKR_DEVICE_MEMORY);
    const NewTokenKeyset wanted{"issuer", 0x31, {"enc", "mac", "dek"}};
    CHECK_THROWS_WITH(generate_token_keyset(token, wanted), Contains("C_GenerateKey: CKR_DEVICE_MEMORY"));
    CHECK(token_key_store(token)->names().empty());
    wrapper.fail("C_CreateObject", 1, CKR_DEVICE_MEMORY);
    CHECK_THROWS_WITH(generate_token_keyset(token, wanted), Contains("C_CreateObject: CKR_DEVICE_MEMORY"));
    CHECK(token_key_store(token)->names().empty());
    CHECK(generate_token_keyset(token, wanted).size() == 3);
    CHECK(wrapper.calls("C_GenerateKey") == 4);  // one failed
    // a key that someone else brought is not taken for one of ours
    put_key(token, "keyset/issuer/33/mac", CKK_AES, counted(32, 1), true, false);
    CHECK_THROWS_WITH(generate_token_keyset(token, {"issuer", 0x33, {"enc", "mac", "dek"}}),
                      Contains("keyset/issuer/33/mac") && Contains("was not made by this call"));
}

TEST_CASE("keys are brought in wrapped, and as objects where the token cannot unwrap") {
    if (!SoftToken::available()) return;
    const SoftToken soft;
    const Wrapper wrapper;
    const auto token = soft.open(true);
    const auto first = keyset("first", KeyType::aes, Diversification::kdf3,
                              {{"enc", counted(32, 1)}, {"mac", counted(32, 2)}, {"dek", counted(32, 3)}});
    import_token_keyset(token, first);
    CHECK(wrapper.calls("C_UnwrapKey") == 3);
    CHECK(wrapper.calls("C_CreateObject") == 1);  // the header
    const auto second = keyset("second", KeyType::aes, Diversification::kdf3,
                               {{"enc", counted(32, 4)}, {"mac", counted(32, 5)}, {"dek", counted(32, 6)}});
    wrapper.fail("C_UnwrapKey", 1, CKR_FUNCTION_NOT_SUPPORTED, 99);
    CHECK(import_token_keyset(token, second) == second.kcvs());
    CHECK(token_key_store(token)->weaknesses().empty());
    CHECK_THROWS_WITH(import_token_keyset(token, second), Contains("already"));
}

TEST_CASE("an interrupted import goes on with the same keys only") {
    if (!SoftToken::available()) return;
    const SoftToken soft;
    const Wrapper wrapper;
    const auto token = soft.open(true);
    const auto wanted = keyset("issuer", KeyType::aes, Diversification::kdf3,
                               {{"enc", counted(16, 1)}, {"mac", counted(16, 2)}, {"dek", counted(16, 3)}});
    const auto other = keyset("issuer", KeyType::aes, Diversification::kdf3,
                              {{"enc", counted(16, 4)}, {"mac", counted(16, 2)}, {"dek", counted(16, 5)}});
    wrapper.fail("C_CreateObject", 1, CKR_DEVICE_MEMORY);
    CHECK_THROWS_AS(import_token_keyset(token, wanted), Error);
    CHECK_THROWS_WITH(import_token_keyset(token, other), Contains("is there already"));
    CHECK(import_token_keyset(token, wanted) == wanted.kcvs());
}

TEST_CASE("a key whose check value differs in the token is taken out again") {
    if (!SoftToken::available()) return;
    const SoftToken soft;
    const Wrapper wrapper;
    const auto token = soft.open(true);
    const auto wanted =
        keyset("active-authentication", KeyType::aes, Diversification::none, {{"aa", counted(16, 1)}});
    wrapper.lie("encrypt-bit", 1);
    CHECK_THROWS_WITH(import_token_keyset(token, wanted),
                      Contains("another key check value") && Contains("removed"));
    wrapper.lie("encrypt-bit", 0);
    CHECK(import_token_keyset(token, wanted) == wanted.kcvs());
}
