// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "apdu/error.h"
#include "keys/key_file.h"
#include "keys/key_store.h"
#include "tests/support/vectors.h"

using namespace kartsaz;
using namespace kartsaz::keys;
using Catch::Contains;
namespace fs = std::filesystem;

namespace {

const std::string key_hex = "0123456789ABCDEF0123456789abcdef";

std::string store_text() {
    return R"({"keysets":[{"name":"issuer","version":49,"type":"aes","diversification":"kdf3",
"development":false,"keys":{"enc":")" +
           key_hex +
           R"(","mac":"00000000000000000000000000000001","dek":"00000000000000000000000000000002"}}],
"blobs":{"document-signer":"line 1\nline 2\n"}})";
}

SecretBytes secret(const std::string& text) {
    return SecretBytes{to_bytes(text)};
}

/// Made anew for each use: a SecretBytes must not outlive main().
SecretBytes passphrase() {
    return secret("correct horse battery staple");
}

fs::path scratch(const std::string& name) {
    return kartsaz::test::scratch_dir() / name;
}

/// A key file that is written once for all tests: Argon2id takes its time.
const fs::path& written() {
    static const fs::path file = [] {
        auto path = scratch("good.kartsaz-keys");
        write_key_file(path, secret(store_text()), passphrase());
        return path;
    }();
    return file;
}

nlohmann::json document() {
    return nlohmann::json::parse(kartsaz::test::read_bytes(written()));
}

Error opening(const std::string& text) {
    const auto file = scratch("bad.kartsaz-keys");
    kartsaz::test::write_bytes(file, to_bytes(text));
    try {
        (void)open_key_file(file, passphrase());
    } catch (const Error& e) {
        CHECK_THAT(e.what(), Contains("bad.kartsaz-keys"));
        return e;
    }
    throw std::runtime_error{"nothing was thrown"};
}

unsigned mode_of(const fs::path& file) {
    struct stat facts {};
    REQUIRE(::stat(file.c_str(), &facts) == 0);
    return facts.st_mode & 07777U;
}

}  // namespace

TEST_CASE("a key file gives back what was put in, and none of it stands in the file") {
    const auto store = open_key_file(written(), passphrase());
    const auto& issuer = store->keyset("issuer");
    CHECK(issuer.version == 0x31);
    CHECK_FALSE(issuer.development);
    CHECK_FALSE(store->development());
    CHECK(issuer.keys.at("enc") == SecretBytes{from_hex(key_hex)});
    CHECK(store->blob("document-signer") == secret("line 1\nline 2\n"));
    const auto text = to_text(kartsaz::test::read_bytes(written()));
    CHECK(text.find("issuer") == std::string::npos);
    CHECK(text.find(key_hex) == std::string::npos);
    CHECK(mode_of(written()) == 0600);
}

TEST_CASE("a key file is replaced as a whole, mode 0600, and nothing is left beside it") {
    const auto folder = scratch("replace");
    fs::create_directories(folder);
    const auto file = folder / "keys";
    kartsaz::test::write_bytes(file, to_bytes("old"));
    ::chmod(file.c_str(), 0644);
    write_key_file(file, secret(store_text()), passphrase());
    CHECK(mode_of(file) == 0600);
    CHECK(std::distance(fs::directory_iterator{folder}, fs::directory_iterator{}) == 1);
    CHECK_NOTHROW(open_key_file(file, passphrase()));
}

TEST_CASE("a store that breaks a rule is not written, and an old file stays as it is") {
    const auto file = scratch("kept");
    kartsaz::test::write_bytes(file, to_bytes("old"));
    CHECK_THROWS_AS(write_key_file(file, secret("{\"keysets\":[1]}"), passphrase()), Error);
    CHECK_THROWS_AS(write_key_file(file, secret(store_text()), SecretBytes{}), Error);
    CHECK(to_text(kartsaz::test::read_bytes(file)) == "old");
    try {
        write_key_file(scratch("no/such/folder/keys"), secret(store_text()), passphrase());
        FAIL("written");
    } catch (const Error& e) {
        CHECK(e.code() == Errc::store_failed);
    }
}

TEST_CASE("a wrong passphrase and a missing file are key faults") {
    try {
        (void)open_key_file(written(), secret("wrong"));
        FAIL("opened");
    } catch (const Error& e) {
        CHECK(e.code() == Errc::keys_failed);
        CHECK_THAT(e.what(), Contains("passphrase does not open it"));
    }
    CHECK_THROWS_WITH(open_key_file(scratch("missing"), passphrase()), Contains("cannot open"));
    CHECK_THROWS_AS(open_key_file(written(), SecretBytes{}), Error);
    CHECK_THROWS_AS(open_key_file(kartsaz::test::scratch_dir(), passphrase()), Error);
}

TEST_CASE("a truncated key file is refused at every length with the offset") {
    const auto text = to_text(kartsaz::test::read_bytes(written()));
    const auto end = text.rfind('}');
    for (std::size_t size = 0; size <= end; size += 1) {
        const auto e = opening(text.substr(0, size));
        CHECK(e.code() == Errc::input_invalid);
        CHECK_THAT(e.what(), Contains("offset"));
    }
}

TEST_CASE("every field of the header is authenticated") {
    const auto changed = [](auto&& change) {
        auto copy = document();
        change(copy);
        return opening(copy.dump()).code();
    };
    CHECK(changed([](auto& d) { d["kdf"]["iterations"] = 2; }) == Errc::keys_failed);
    CHECK(changed([](auto& d) { d["kdf"]["memory_kib"] = 65537; }) == Errc::keys_failed);
    CHECK(changed([](auto& d) { d["kdf"]["salt"] = std::string(32, '0'); }) == Errc::keys_failed);
    CHECK(changed([](auto& d) { d["nonce"] = std::string(24, '0'); }) == Errc::keys_failed);
    CHECK(changed([](auto& d) {
              auto text = d["ciphertext"].template get<std::string>();
              text[0] = text[0] == '0' ? '1' : '0';
              d["ciphertext"] = text;
          }) == Errc::keys_failed);
}

TEST_CASE("hostile or wrong header fields are refused before any work, naming the field") {
    const auto refusal = [](auto&& change) -> std::string {
        auto copy = document();
        change(copy);
        const auto e = opening(copy.dump());
        CHECK(e.code() == Errc::input_invalid);
        return e.what();
    };
    CHECK_THAT(refusal([](auto& d) { d["kdf"]["memory_kib"] = 1U << 30U; }), Contains("memory_kib"));
    CHECK_THAT(refusal([](auto& d) { d["kdf"]["memory_kib"] = 8; }), Contains("memory_kib"));
    CHECK_THAT(refusal([](auto& d) { d["kdf"]["iterations"] = 1000000; }), Contains("1 to 10"));
    CHECK_THAT(refusal([](auto& d) { d["kdf"]["iterations"] = -1; }), Contains("iterations"));
    CHECK_THAT(refusal([](auto& d) { d["kdf"]["iterations"] = 1.5; }), Contains("iterations"));
    CHECK_THAT(refusal([](auto& d) { d["kdf"]["parallelism"] = 0; }), Contains("parallelism"));
    CHECK_THAT(refusal([](auto& d) { d["kdf"]["salt"] = "00"; }), Contains("salt: 1 bytes"));
    CHECK_THAT(refusal([](auto& d) { d["kdf"]["name"] = "md5"; }), Contains("\"argon2id\" expected"));
    CHECK_THAT(refusal([](auto& d) { d["kdf"]["more"] = 1; }), Contains("kdf.more: unknown field"));
    CHECK_THAT(refusal([](auto& d) { d["kdf"] = 1; }), Contains("kdf: an object"));
    CHECK_THAT(refusal([](auto& d) { d.erase("nonce"); }), Contains("nonce: the field is missing"));
    CHECK_THAT(refusal([](auto& d) { d["nonce"] = "0x"; }), Contains("not a hexadecimal digit"));
    CHECK_THAT(refusal([](auto& d) { d["ciphertext"] = ""; }), Contains("ciphertext: 0 bytes"));
    CHECK_THAT(refusal([](auto& d) { d["ciphertext"] = 5; }), Contains("hexadecimal"));
    CHECK_THAT(refusal([](auto& d) { d["format"] = "kartsaz-keys-2"; }), Contains("kartsaz-keys-1"));
    CHECK_THAT(refusal([](auto& d) { d["extra"] = 1; }), Contains("extra: unknown field"));
    CHECK_THAT(refusal([](auto& d) { d = nlohmann::json::array(); }), Contains("object expected"));
}

TEST_CASE("a plain key store put in the place of a key file is refused without showing anything of it") {
    for (const auto& text : {store_text(), store_text().substr(0, 200)}) {
        const std::string message = opening(text).what();
        CHECK(message.find(key_hex) == std::string::npos);
        CHECK(message.find("0123456789") == std::string::npos);
    }
}

TEST_CASE("a passphrase file gives its first line and must be closed to others") {
    const auto file = scratch("passphrase");
    const auto write = [&](const std::string& text, ::mode_t mode) {
        kartsaz::test::write_bytes(file, to_bytes(text));
        ::chmod(file.c_str(), mode);
    };
    write("secret words\r\nsecond line\n", 0600);
    CHECK(read_passphrase_file(file) == secret("secret words"));
    write("no newline", 0400);
    CHECK(read_passphrase_file(file) == secret("no newline"));
    fs::remove(file);
    for (const ::mode_t mode : {0644U, 0640U, 0604U, 0620U}) {
        write("secret", mode);
        try {
            (void)read_passphrase_file(file);
            FAIL("read with mode " << mode);
        } catch (const Error& e) {
            CHECK(e.code() == Errc::keys_failed);
            CHECK_THAT(e.what(), Contains("chmod 600"));
        }
    }
    write("\nsecret\n", 0600);
    CHECK_THROWS_WITH(read_passphrase_file(file), Contains("is empty"));
    write(std::string(5000, 'x'), 0600);
    CHECK_THROWS_WITH(read_passphrase_file(file), Contains("more than 4096 bytes"));
    CHECK_THROWS_AS(read_passphrase_file(scratch("missing")), Error);
}

TEST_CASE("two that change one key file at the same time lose nothing of each other's") {
    const auto file = scratch("shared.kartsaz-keys");
    fs::remove(file);
    std::atomic<int> failed{0};
    const auto add = [&](const std::string& who) {
        for (const auto* number : {"1", "2"}) {
            try {
                std::map<std::string, SecretBytes> one;
                one.emplace(who + number, secret("text"));
                add_identities(file, passphrase(), std::move(one));
            } catch (const std::exception&) {
                ++failed;
            }
        }
    };
    std::thread one{add, "one"}, other{add, "other"};
    one.join();
    other.join();
    CHECK(failed == 0);
    const auto store = open_key_file(file, passphrase());
    for (const auto* name : {"one1", "one2", "other1", "other2"}) {
        INFO(name);
        CHECK_NOTHROW(store->blob(name));
    }
}
