// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <cstring>

#include "apdu/error.h"
#include "keys/memory_key_store.h"
#include "keys/secret_json.h"

using namespace kartsaz;
using namespace kartsaz::keys;
using Catch::Contains;

namespace {

const std::string key16 = "000102030405060708090A0B0C0D0E0F";

std::string keyset(const std::string& fields, const std::string& keys) {
    return "{" + fields + ",\"development\":false,\"keys\":{" + keys + "}}";
}
const std::string good_fields = R"("name":"issuer","version":49,"type":"aes","diversification":"none")";
const std::string good_keys = "\"enc\":\"" + key16 + "\",\"mac\":\"" + key16 + "\",\"dek\":\"" + key16 + "\"";

std::string store(const std::string& keysets, const std::string& more = "") {
    return "{\"keysets\":[" + keysets + "]" + more + "}";
}

std::string refusal(const std::string& text) {
    try {
        (void)parse_key_store(to_bytes(text), "test.json");
    } catch (const Error& e) {
        CHECK(e.code() == Errc::input_invalid);
        CHECK(std::string{e.what()}.find("test.json:") == 0);
        CHECK(std::string{e.what()}.find("0001020304") == std::string::npos);
        return e.what();
    }
    return "nothing was thrown";
}

std::string with(const std::string& from, const std::string& to) {
    auto text = keyset(good_fields, good_keys);
    text.replace(text.find(from), from.size(), to);
    return refusal(store(text));
}

}  // namespace

TEST_CASE("a plain key store is read with all its kinds of keysets") {
    const auto content = parse_key_store(
        to_bytes(store(
            keyset(good_fields, good_keys) + "," +
                keyset(R"("name":"issuer","version":50,"type":"aes","diversification":"emv-cps11")",
                       good_keys) +
                "," +
                keyset(R"("name":"old","version":255,"type":"des3","diversification":"none")", good_keys) +
                "," +
                keyset(R"("name":"aa","version":1,"type":"aes","diversification":"none")",
                       "\"aa\":\"" + key16 + key16 + "\""),
            ",\"blobs\":{\"a\":\"x\\ty\\u0041\"}")),
        "test.json");
    CHECK(content.keysets.size() == 4);
    CHECK(content.keysets[1].diversification == Diversification::emv_cps11);
    CHECK(content.keysets[2].type == KeyType::des3);
    CHECK(content.blobs.at("a") == SecretBytes{to_bytes("x\tyA")});
    CHECK(parse_key_store(to_bytes("{\"keysets\":[]}"), "test.json").keysets.empty());
}

TEST_CASE("without a version the newest keyset is given; a factory set counts as the oldest") {
    KeyStoreContent content;
    for (const unsigned version : {0x30U, 0xFFU, 0x32U, 0x31U}) {
        Keyset set;
        set.name = "issuer";
        set.version = static_cast<std::uint8_t>(version);
        set.development = version == 0x31;
        content.keysets.push_back(std::move(set));
    }
    const auto held = memory_key_store(std::move(content), "test");
    CHECK(held->keyset("issuer").version == 0x32);
    CHECK(held->keyset("issuer", 0x30).version == 0x30);
    std::vector<unsigned> order;
    for (const auto* set : held->versions("issuer")) order.push_back(set->version);
    CHECK(order == std::vector<unsigned>{0x32, 0x31, 0x30, 0xFF});
    CHECK(held->development());
    CHECK(held->names().size() == 1);
}

TEST_CASE("faults of a key store name file, field and rule, and show no key") {
    CHECK_THAT(with(key16, "0001"), Contains("keysets[0].keys.enc: 2 bytes; an AES key has 16, 24 or 32"));
    CHECK_THAT(with(key16, key16 + "0"), Contains("keys.enc: odd number"));
    CHECK_THAT(with(key16, "0x" + key16), Contains("keys.enc: not a hexadecimal digit at character 1"));
    CHECK_THAT(with(key16, ""), Contains("0 bytes"));
    CHECK_THAT(with(key16, key16 + key16), Contains("not of one length"));
    CHECK_THAT(with("\"" + key16 + "\"", "5"), Contains("keys.enc: a text"));
    CHECK_THAT(with("\"enc\"", "\"sig\""), Contains("keys.sig: unknown field"));
    CHECK_THAT(with("\"enc\"", "\"aa\""), Contains("either enc, mac and dek, or aa alone"));
    CHECK_THAT(with("\"version\":49", "\"version\":0"), Contains("version: a key version is 1 to 127"));
    CHECK_THAT(with("\"version\":49", "\"version\":128"), Contains("version"));
    CHECK_THAT(with("\"version\":49", "\"version\":-1"), Contains("version"));
    CHECK_THAT(with("\"version\":49", "\"version\":\"49\""), Contains("an integer expected"));
    CHECK_THAT(with("\"aes\"", "\"rsa\""), Contains("type: \"aes\" or \"des3\" expected"));
    CHECK_THAT(with("\"none\"", "\"visa\""), Contains("diversification"));
    CHECK_THAT(with("\"name\":\"issuer\"", "\"name\":\"\""), Contains("name: a name of 1 to 64"));
    CHECK_THAT(with("\"name\":\"issuer\"", "\"name\":\"Issuer\""), Contains("name"));
    CHECK_THAT(with("\"name\":\"issuer\",", ""), Contains("\"name\" is missing"));
    CHECK_THAT(with("\"development\":false", "\"development\":1"), Contains("true or false"));
    CHECK_THAT(with("\"development\":false", "\"comment\":\"x\""), Contains("comment: unknown field"));
    CHECK_THAT(with(",\"development\":false", ""), Contains("\"development\" is missing"));
}

TEST_CASE("keysets whose parts do not go together are refused") {
    const auto fields = [](const char* type, const char* diversification) {
        return std::string{"\"name\":\"x\",\"version\":1,\"type\":\""} + type + "\",\"diversification\":\"" +
               diversification + "\"";
    };
    CHECK_THAT(refusal(store(keyset(fields("des3", "kdf3"), good_keys))), Contains("goes with type \"aes\""));
    const auto aa = "\"aa\":\"" + key16 + "\"";
    CHECK_THAT(refusal(store(keyset(fields("aes", "kdf3"), aa))), Contains("an aa key has type"));
    CHECK_THAT(refusal(store(keyset(fields("des3", "none"), aa))), Contains("an aa key has type"));
    const auto holder = "\"pin\":\"" + key16 + "\",\"puk\":\"" + key16 + "\"";
    CHECK(parse_key_store(to_bytes(store(keyset(fields("aes", "none"), holder))), "t").keysets.size() == 1);
    CHECK_THAT(refusal(store(keyset(fields("aes", "kdf3"), holder))), Contains("pin and puk keys have type"));
    CHECK_THAT(refusal(store(keyset(fields("aes", "none"), "\"pin\":\"" + key16 + "\""))),
               Contains("or pin and puk expected"));
    const auto long_keys = "\"aa\":\"" + key16 + key16 + "\"";
    CHECK_THAT(refusal(store(keyset(fields("aes", "emv-cps11"), long_keys))), Contains("has 16"));
    CHECK_THAT(refusal(store(keyset(fields("des3", "none"), long_keys))), Contains("has 16 or 24"));
    const auto one = keyset(good_fields, good_keys);
    CHECK_THAT(refusal(store(one + "," + one)),
               Contains("keysets[1]: keyset \"issuer\" version 49 is there twice"));
}

TEST_CASE("a document of another shape is refused") {
    CHECK_THAT(refusal("[]"), Contains("an object expected"));
    CHECK_THAT(refusal("{}"), Contains("\"keysets\" is missing"));
    CHECK_THAT(refusal("{\"keysets\":{}}"), Contains("an array expected"));
    CHECK_THAT(refusal("{\"keysets\":[],\"more\":1}"), Contains("more: unknown field"));
    CHECK_THAT(refusal("{\"keysets\":[],\"blobs\":[]}"), Contains("blobs: an object"));
    CHECK_THAT(refusal("{\"keysets\":[],\"blobs\":{\"a\":1}}"), Contains("blobs.a: a text"));
}

TEST_CASE("a key store truncated at any byte is refused with the offset") {
    const auto text = store(keyset(good_fields, good_keys), ",\"blobs\":{\"a\":\"b\"}");
    for (std::size_t size = 0; size < text.size(); ++size) {
        const auto message = refusal(text.substr(0, size));
        // Inside `false` the offset is that of the word.
        const auto word = text.find("false");
        const auto at = size > word && size < word + 5 ? word : size;
        CHECK_THAT(message, Contains("offset " + std::to_string(at) + ":"));
    }
}

TEST_CASE("text that is no JSON of the kinds that are used is refused with the offset") {
    for (const auto* text :
         {"{\"keysets\":null}", "{\"keysets\":[1.5]}", "{\"keysets\":[1e3]}", "{\"keysets\":[]}x",
          "{'keysets':[]}", "{\"a\\x\":1}", "{\"a\\u00zz\":1}", "{\"a\\u0100\":1}",
          "{\"keysets\":[1234567890123456]}", "{\"keysets\":[-]}", "{\"a\":1,\"a\":2}", "{\"a\"=1}",
          "[[[[[[[[[[1]]]]]]]]]]", "{\"a\n\":1}", "tru"}) {
        INFO(text);
        CHECK_THAT(refusal(text), Contains("offset "));
    }
    CHECK_THAT(refusal("{\"" + std::string(65, 'n') + "\":1}"), Contains("more than 64 bytes"));
    CHECK_THAT(refusal(std::string((4U << 20U) + 1, ' ')), Contains("larger than 4 MiB"));
}

TEST_CASE("escapes, blanks and signs of JSON are read") {
    const auto value = parse_secret_json(
        to_bytes(
            " { \"t\" : \"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u007E\" ,\t\"n\":-12 , \"y\":true, \"a\":[ ] }\r\n"),
        "test");
    REQUIRE(value.members.size() == 4);
    CHECK(value.members[0].value.text == SecretBytes{to_bytes("\"\\/\b\f\n\r\t~")});
    CHECK(value.members[1].value.integer == -12);
    CHECK(value.members[2].value.boolean);
    CHECK(value.members[3].value.items.empty());
}
