// SPDX-License-Identifier: Apache-2.0
// A token as a key store: what is in it, what is not held well, and a key file beside it.
#include <catch2/catch.hpp>

#include <algorithm>

#include "apdu/error.h"
#include "keys/pkcs11_keyset.h"
#include "keys/pkcs11_make.h"
#include "tests/support/token/soft_token.h"
#include "tests/unit/token/token_objects.h"

using namespace kartsaz;
using namespace kartsaz::keys;
using namespace kartsaz::test;
using Catch::Contains;

namespace {

constexpr std::string_view transport_header =
    R"({"format":"kartsaz-keyset-1","type":"aes","diversification":"none","development":false,)"
    R"("roles":{"enc":16,"mac":16,"dek":16}})";

void put_channel_keys(const std::shared_ptr<Pkcs11Token>& token, const std::string& keyset, bool sensitive,
                      bool extractable) {
    for (const auto* role : {"enc", "mac", "dek"}) {
        put_key(token, keyset + "/" + role, CKK_AES, from_hex("404142434445464748494A4B4C4D4E4F"), sensitive,
                extractable);
    }
}

}  // namespace

TEST_CASE("an empty token is an empty key store that says so") {
    if (!SoftToken::available()) return;
    const SoftToken soft;
    const auto store = token_key_store(soft.open());
    CHECK(store->names().empty());
    CHECK(store->versions("issuer").empty());
    CHECK_THROWS_WITH(store->keyset("issuer"),
                      Contains("token kartsaz-test: no keyset \"issuer\"; there is: none"));
    CHECK_THROWS_WITH(store->keyset("issuer", 0x31), Contains("\"issuer\" version 31"));
    CHECK_THROWS_WITH(store->identity("csca"), Contains("no private key \"csca\""));
    CHECK_THROWS_WITH(store->blob("document-signer"), Contains("a token holds keys, not texts"));
    CHECK(store->weaknesses().empty());
    CHECK_FALSE(store->development());
}

TEST_CASE("undiversified keys are read where the token allows it, and the store owns up") {
    if (!SoftToken::available()) return;
    const SoftToken soft;
    const auto token = soft.open();
    put_channel_keys(token, "keyset/transport/30", false, true);
    put_header(token, "keyset/transport/30", transport_header);
    const auto store = token_key_store(token);
    CHECK(store->keyset("transport").scp_keys({}).kcvs() == "504A77 504A77 504A77");
    const auto weak = store->weaknesses();
    REQUIRE(weak.size() == 3);
    CHECK_THAT(weak.front(), Contains("keyset/transport/30/dek") && Contains("its bytes can be read"));
}

TEST_CASE("undiversified keys that do not leave the token are refused in words") {
    if (!SoftToken::available()) return;
    for (const auto& [sensitive, extractable] :
         {std::pair{true, true}, std::pair{true, false}, std::pair{false, false}}) {
        const SoftToken soft;
        const auto token = soft.open();
        put_channel_keys(token, "keyset/transport/30", sensitive, extractable);
        put_header(token, "keyset/transport/30", transport_header);
        CHECK_THROWS_WITH(token_key_store(token),
                          Contains("does not leave the token") && Contains("key file"));
    }
}

TEST_CASE("masters that can be taken out of the token are told as weak") {
    if (!SoftToken::available()) return;
    const SoftToken soft;
    const auto token = soft.open();
    put_key(token, "keyset/active-authentication/01/aa", CKK_AES, Bytes(32, 7), true, true);
    put_header(token, "keyset/active-authentication/01",
               R"({"format":"kartsaz-keyset-1","type":"aes","diversification":"none","development":true,)"
               R"("roles":{"aa":32}})");
    const auto store = token_key_store(token);
    CHECK(store->development());
    REQUIRE(store->weaknesses().size() == 1);
    CHECK_THAT(store->weaknesses().front(), Contains("under any wrapping key"));
    CHECK(store->keyset("active-authentication").held);
}

TEST_CASE("a keyset in a token whose objects do not fit is refused with token and object") {
    if (!SoftToken::available()) return;
    const auto with = [](const std::function<void(const std::shared_ptr<Pkcs11Token>&)>& fill) {
        const SoftToken soft;
        const auto token = soft.open();
        fill(token);
        (void)token_key_store(token);
    };
    const std::string kdf3 =
        R"({"format":"kartsaz-keyset-1","type":"aes","diversification":"kdf3","development":false,)"
        R"("roles":{"enc":16,"mac":16,"dek":16}})";
    CHECK_THROWS_WITH(with([&](const auto& token) { put_header(token, "keyset/issuer/31", kdf3); }),
                      Contains("no secret key \"keyset/issuer/31/dek\""));
    CHECK_THROWS_WITH(with([&](const auto& token) {
                          put_channel_keys(token, "keyset/issuer/31", true, false);
                          put_key(token, "keyset/issuer/31/mac", CKK_AES, Bytes(16, 9));
                          put_header(token, "keyset/issuer/31", kdf3);
                      }),
                      Contains("2 objects") && Contains("keyset/issuer/31/mac"));
    CHECK_THROWS_WITH(with([&](const auto& token) {
                          for (const auto* role : {"enc", "mac", "dek"}) {
                              put_key(token, std::string{"keyset/issuer/31/"} + role, CKK_DES2,
                                      from_hex("0123456789ABCDEFFEDCBA9876543210"));
                          }
                          put_header(token, "keyset/issuer/31", kdf3);
                      }),
                      Contains("not of the type"));
    CHECK_THROWS_WITH(with([&](const auto& token) {
                          for (const auto* role : {"enc", "mac", "dek"}) {
                              put_key(token, std::string{"keyset/issuer/31/"} + role, CKK_GENERIC_SECRET,
                                      Bytes(16, 1));
                          }
                          put_header(token, "keyset/issuer/31", kdf3);
                      }),
                      Contains("neither AES nor triple DES"));
    CHECK_THROWS_WITH(with([&](const auto& token) {
                          put_channel_keys(token, "keyset/issuer/31", true, false);
                          put_header(token, "keyset/issuer/31", kdf3);
                          put_header(token, "keyset/issuer/31", kdf3);
                      }),
                      Contains("two objects keyset/issuer/31"));
}

TEST_CASE("a header of a keyset is read by every rule, and no rule is left out") {
    const auto read = [](std::string_view label, std::string_view json) {
        return parse_keyset_header(label, to_bytes(json), "token t");
    };
    const auto good = read("keyset/issuer/31", R"({"format":"kartsaz-keyset-1","type":"des3",
        "diversification":"emv-cps11","development":true,"roles":{"enc":16,"mac":16,"dek":16}})");
    CHECK(good.name == "issuer");
    CHECK(good.version == 0x31);
    CHECK(good.type == KeyType::des3);
    CHECK(good.development);
    CHECK(good.key_label("mac") == "keyset/issuer/31/mac");
    CHECK(read(good.label(), good.json()).json() == good.json());

    const std::string plain =
        R"({"format":"kartsaz-keyset-1","type":"aes","diversification":"none","development":false,"roles":{"aa":32}})";
    CHECK(read("keyset/a/01", plain).roles.at("aa") == 32);
    CHECK(read("keyset/a/FF", plain).version == 0xFF);
    for (const auto* label : {"keyset/", "keyset/01", "keyset//01", "keyset/a", "keyset/a/1", "keyset/a/001",
                              "keyset/a/0g", "keyset/a/1f", "keyset/a/00", "keyset/a/80", "keyset/A/01",
                              "keyset/a b/01", "keyset/a/b/01", "key/a/01", ""}) {
        INFO(label);
        CHECK_THROWS_AS(read(label, plain), Error);
    }
    const auto changed = [&](const std::string& from, const std::string& to) {
        auto text = plain;
        const auto at = text.find(from);
        REQUIRE(at != text.npos);
        return text.replace(at, from.size(), to);
    };
    const std::pair<std::string, const char*> bad[] = {
        {"", "no JSON object"},
        {"[]", "no JSON object"},
        {"{", "no JSON object"},
        {std::string(5000, ' '), "5000 bytes, at most 4096"},
        {changed("kartsaz-keyset-1", "kartsaz-keyset-2"), "format"},
        {changed("\"aes\"", "\"rsa\""), "type"},
        {changed("\"aes\"", "\"des3\""), "a triple-DES key has 16 or 24"},
        {changed("\"aes\"", "1"), "type"},
        {changed("\"none\"", "\"kdf9\""), "diversification"},
        {changed("\"none\"", "\"kdf3\""), "diversification \"none\""},
        {changed("false", "0"), "development"},
        {changed("{\"aa\":32}", "[\"aa\"]"), "roles: an object"},
        {changed("{\"aa\":32}", "{\"aa\":\"32\"}"), "roles: lengths"},
        {changed("{\"aa\":32}", "{\"aa\":-16}"), "roles: lengths"},
        {changed("32", "20"), "an AES key has 16, 24 or 32"},
        {changed("32", "0"), "an AES key has 16, 24 or 32"},
        {changed("{\"aa\":32}", "{}"), "either enc, mac and dek"},
        {changed("{\"aa\":32}", "{\"aa\":32,\"pin\":32}"), "either enc, mac and dek"},
        {changed("{\"aa\":32}", "{\"pin\":32}"), "either enc, mac and dek"},
        {changed("{\"aa\":32}", "{\"enc\":32,\"mac\":32}"), "either enc, mac and dek"},
        {changed("\"development\":false,", ""), "\"development\" is missing"},
        {changed("\"format\"", "\"more\":1,\"format\""), "not known"},
    };
    for (const auto& [text, rule] : bad) {
        INFO(text);
        CHECK_THROWS_WITH(read("keyset/a/01", text),
                          Contains("token t, object keyset/a/01") && Contains(rule));
    }
    for (std::size_t size = 0; size < plain.size(); ++size) {
        CHECK_THROWS_AS(read("keyset/a/01", plain.substr(0, size)), Error);
    }
}

TEST_CASE("a key file stands in for what the token lacks, never for what it has") {
    if (!SoftToken::available()) return;
    const SoftToken soft;
    const auto token = soft.open();
    generate_token_keyset(token, {"issuer", 0x31, {"enc", "mac", "dek"}});
    generate_token_keyset(token, {"issuer", 0x40, {"enc", "mac", "dek"}});
    const auto store = token_key_store(token, development_keys());
    CHECK(store->names() == development_keys()->names());
    CHECK(store->keyset("transport").version == 0x30);
    CHECK(store->keyset("issuer").version == 0x40);
    const auto versions = store->versions("issuer");
    CHECK(std::count_if(versions.begin(), versions.end(),
                        [](const Keyset* one) { return one->version == 0x31; }) == 1);  // it is in both
    CHECK(store->keyset("issuer", 0x31).held);
    CHECK_FALSE(store->keyset("transport").held);
    CHECK(store->development());  // of the file
    CHECK_THAT(store->identity("document-signer").key->place(), Contains("key file"));
    generate_token_key(token, "document-signer", KeyAlgorithm::ec_p256);
    // a key without its certificate is an error, no reason to sign with another one
    CHECK_THROWS_WITH(store->identity("document-signer"), Contains("none of the 0 certificates"));
    CHECK_THROWS_WITH(store->keyset("bank"), Contains("issuer version 40, issuer version 31"));
}

TEST_CASE("private keys that can be taken out of the token are told as weak") {
    if (!SoftToken::available()) return;
    const SoftToken soft;
    const auto token = soft.open();
    generate_token_key(token, "csca", KeyAlgorithm::ec_p256);
    CHECK(token_key_store(token)->weaknesses().empty());
    in_session(*token, Access::write, [&](const Session& session) {
        Template open_half, closed_half;
        open_half.flag(CKA_TOKEN, true)
            .text(CKA_LABEL, "citizen-ca")
            .put(CKA_EC_PARAMS, from_hex("06052B81040022"));
        closed_half.flag(CKA_TOKEN, true)
            .text(CKA_LABEL, "citizen-ca")
            .flag(CKA_SENSITIVE, false)
            .flag(CKA_EXTRACTABLE, true)
            .flag(CKA_SIGN, true);
        auto a = open_half.attributes();
        auto b = closed_half.attributes();
        CK_MECHANISM how{CKM_EC_KEY_PAIR_GEN, nullptr, 0};
        CK_OBJECT_HANDLE one = 0, two = 0;
        session.check(session.functions().C_GenerateKeyPair(session.handle(), &how, a.data(), a.size(),
                                                            b.data(), b.size(), &one, &two),
                      "C_GenerateKeyPair");
    });
    const auto weak = token_key_store(token)->weaknesses();
    REQUIRE(weak.size() == 1);
    CHECK_THAT(weak.front(), Contains("private key \"citizen-ca\": its bytes can be read"));
}
