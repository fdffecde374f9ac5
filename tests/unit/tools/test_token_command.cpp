// SPDX-License-Identifier: Apache-2.0
// Keys in a token, as a user reaches them.
#include <catch2/catch.hpp>

#include "tests/unit/tools/token_desk.h"

namespace {

using Catch::Contains;
using kartsaz::test::SoftToken;
using kartsaz::test::TokenDesk;
using kartsaz::test::write_private;

}  // namespace

TEST_CASE("a token is shown, filled with masters, and shown with what is in it") {
    if (!SoftToken::available()) return;
    const TokenDesk t;
    const auto outside = t.run("token show --json", "");
    REQUIRE(outside.code == 0);
    CHECK(outside.json().at("label") == "kartsaz-hsm");
    CHECK(outside.json().at("logged_in") == false);
    CHECK_FALSE(outside.json().contains("keysets"));

    const auto made = t.run("token init-keys --json");
    REQUIRE(made.code == 0);
    REQUIRE(made.json().at("keysets").size() == 4);
    const auto again = t.run("token init-keys --json");
    CHECK(again.code == 0);
    CHECK(again.json() == made.json());
    CHECK_THAT(again.err, Contains("is there already and stays"));
    const auto next = t.run("token init-keys --issuer-version 32 --json");
    CHECK(next.json().at("keysets").size() == 5);

    const auto shown = t.run("token show --json").json();
    CHECK(shown.at("logged_in") == true);
    CHECK(shown.at("weaknesses").empty());
    CHECK(shown.at("missing").empty());
    for (const auto& keyset : shown.at("keysets")) CHECK(keyset.at("stays_in_token") == true);
    const auto keys = t.run("keys show --json").json();
    CHECK(keys.at("keysets").size() == 5);
    CHECK(t.run("token init-keys --issuer-version 80").code == 2);
    CHECK(t.run("token init-keys --key-size 20").code == 2);
}

TEST_CASE("a wrong PIN costs the token one try, however often the command is given") {
    if (!SoftToken::available()) return;
    const TokenDesk t;
    const auto first = t.run("token show", "--token-pin-file wrong");
    CHECK(first.code == 6);
    CHECK_THAT(first.err, Contains("the PIN is wrong"));
    for (int i = 0; i < 3; ++i) {
        const auto later = t.run("token show", "--token-pin-file wrong");
        CHECK(later.code == 6);
        CHECK_THAT(later.err, Contains("--retry-token-pin"));
    }
    CHECK(t.run("token show").code == 6);
    const auto seen = t.run("token show --json", "");
    CHECK(seen.json().at("pin") == "a wrong PIN was given last");
    CHECK(t.run("token show", "--token-pin-file pin --retry-token-pin").code == 0);
    CHECK(t.run("token show").code == 0);
    CHECK_THAT(first.out + first.err, !Contains("wrong-2222"));
}

TEST_CASE("bad token options are usage errors that repeat no PIN") {
    if (!SoftToken::available()) return;
    const TokenDesk t;
    const auto inside = t.desk.run("token show --token pkcs11:token=t?pin-value=s3cret");
    CHECK(inside.code == 2);
    CHECK_THAT(inside.out + inside.err, Contains("offset 15") && !Contains("s3cret"));
    CHECK(t.desk.run("keys show --token-pin-file pin").code == 2);
    CHECK(t.desk.run("keys show --retry-token-pin").code == 2);
    CHECK(t.desk.run("token show").code == 2);
    CHECK(t.desk.run("keys show --token /etc/keys").code == 2);
    // nobody to ask
    CHECK(t.run("keys show", "").code == 2);
    write_private(t.desk, "open", "correct-7319\n");
    ::chmod((t.desk / "open").c_str(), 0644);
    CHECK(t.run("keys show", "--token-pin-file open").code == 6);
    CHECK(t.desk.run("keys show --token-pin-file pin --token pkcs11:?module-path=/nowhere.so").code == 6);
}

TEST_CASE("masters of a key file are brought into a token, undiversified keys stay in the file") {
    if (!SoftToken::available()) return;
    const TokenDesk t;
    const std::string key = "404142434445464748494A4B4C4D4E4F";
    const auto channel = fmt::format(R"("keys":{{"enc":"{0}","mac":"{0}","dek":"{0}"}}}})", key);
    write_private(
        t.desk, "plain.json",
        R"({"keysets":[{"name":"transport","version":48,"type":"aes","diversification":"none","development":false,)" +
            channel +
            R"(,{"name":"issuer","version":49,"type":"aes","diversification":"kdf3","development":false,)" +
            channel + R"(],"blobs":{}})");
    write_private(t.desk, "pass", "correct horse\n");
    REQUIRE(t.desk.run("keys seal plain.json masters.keys --passphrase-file pass").code == 0);
    const auto brought =
        t.run("token import --json", "--token-pin-file pin --keys masters.keys --passphrase-file pass");
    REQUIRE(brought.code == 0);
    REQUIRE(brought.json().at("keysets").size() == 1);
    CHECK(brought.json().at("keysets").at(0).at("kcvs").at("enc") == "504A77");
    CHECK_THAT(brought.err, Contains("stays in the file"));
    CHECK(t.run("token show --json").json().at("weaknesses").empty());
    // token and file together
    const auto both =
        t.run("keys show --json", "--token-pin-file pin --keys masters.keys --passphrase-file pass");
    CHECK(both.json().at("keysets").size() == 2);
    CHECK(t.run("token import", "--token-pin-file pin").code == 2);
    CHECK(
        t.run("token import", "--token-pin-file pin --keyset bank --keys masters.keys --passphrase-file pass")
            .code == 6);
    const auto readable = t.run("token import",
                                "--token-pin-file pin --readable --keyset transport --keys "
                                "masters.keys --passphrase-file pass");
    CHECK(readable.code == 0);
    CHECK(t.run("token show --json").json().at("weaknesses").size() == 3);
}
