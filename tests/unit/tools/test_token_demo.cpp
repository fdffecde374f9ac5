// SPDX-License-Identifier: Apache-2.0
// The demo with country signer, document signer, citizens' CA and card masters in a token.
#include <cstdlib>

#include "tests/unit/tools/token_desk.h"

namespace kartsaz::test {
namespace {

using Catch::Contains;

constexpr const char* secret_marks[] = {"PRIVATE KEY", "kartsaz-keys-1", "correct-7319", "\"keysets\""};

/// Names of files that hold a key, or the PIN.
std::string files_with_keys(const Desk& desk, const std::string& folder) {
    std::string out;
    for (const auto& [name, content] : desk.everything()) {
        if (!name.starts_with(folder + "/")) continue;
        for (const auto* mark : secret_marks) {
            if (content.find(mark) != std::string::npos) out += name + ": " + mark + "\n";
        }
    }
    return out;
}

}  // namespace

TEST_CASE("the demo runs with every key in a token, and none on the disk") {
    if (!SoftToken::available()) return;
    const TokenDesk t;
    t.fill();
    const auto demo = t.run("demo out --ca-folder ca --json");
    INFO(demo.err);
    REQUIRE(demo.code == 0);
    const auto document = demo.json();
    CHECK(document.at("verification").at("verdict") == "accept");
    CHECK(document.at("verification").at("signed_document").at("verified") == true);
    CHECK_THAT(unwrapped(demo.err),
               Contains("All keys are in the token kartsaz-hsm") && !Contains("DEVELOPMENT"));
    CHECK(files_with_keys(t.desk, "out") == "");
    CHECK(files_with_keys(t.desk, "ca") == "");
    // a stranger, with what the authorities publish
    const auto openssl = fmt::format(
        "cd '{}' && openssl cms -verify -binary -inform DER -in out/contract.txt.p7s -content "
        "out/contract.txt "
        "-CAfile ca/citizen-ca.pem -purpose any -out /dev/null > openssl.log 2>&1",
        (t.desk / "").string());
    const int verified = std::system(openssl.c_str());
    INFO(t.desk.text("openssl.log"));
    CHECK(verified == 0);
    CHECK(t.run("ca list --ca-folder ca --json").json().at("certificates").size() == 1);

    // another card, in the same folder and books
    CHECK(t.run("demo out --ca-folder ca").code == 0);
    CHECK(t.run("ca list --ca-folder ca --json").json().at("certificates").size() == 2);

    // without the token there is nothing that signs
    std::filesystem::rename(t.soft.folder() / "tokens", t.soft.folder() / "away");
    std::filesystem::create_directory(t.soft.folder() / "tokens");
    CHECK(t.run("demo again --ca-folder ca").code == 6);
    CHECK_FALSE(std::filesystem::exists(t.desk / "again"));
}

TEST_CASE("the demo names what the token lacks and the commands that make it, before it writes anything") {
    if (!SoftToken::available()) return;
    const TokenDesk t;
    const auto empty = t.run("demo out --ca-folder ca");
    CHECK(empty.code == 6);
    CHECK_THAT(
        unwrapped(empty.err),
        Contains("lacks transport, issuer, active-authentication, pin, csca, document-signer, citizen-ca") &&
            Contains("kartsaz token init-keys --published-transport --token URI") &&
            Contains("kartsaz ca init ca --token URI"));
    REQUIRE(t.run("token init-keys").code == 0);
    const auto half = t.run("demo out --ca-folder ca");
    CHECK(half.code == 6);
    CHECK_THAT(unwrapped(half.err), Contains("lacks transport, csca, document-signer, citizen-ca"));
    t.fill();
    CHECK(t.run("demo out").code == 2);
    CHECK(t.desk.run("demo out --ca-folder ca").code == 2);
    CHECK(t.desk.run("demo out --token-pin-file pin").code == 2);
    CHECK(t.run("demo out --ca-folder elsewhere").code == 7);
    CHECK_FALSE(std::filesystem::exists(t.desk / "out"));
}

TEST_CASE("published transport keys are brought into the token once, and owned up to") {
    if (!SoftToken::available()) return;
    const TokenDesk t;
    t.fill();
    const auto again = t.run("token init-keys --published-transport");
    CHECK(again.code == 0);
    CHECK_THAT(again.out, Contains("transport v30 is there already and stays"));
    const auto shown = t.run("token show --json").json();
    CHECK(shown.at("weaknesses").size() == 3);
    REQUIRE(t.desk.run("sim new card.body").code == 0);
    const std::string call =
        "personalize record/record.json -r sim:card.body --journal journal --ca-folder ca";
    const auto written = t.run(call + " --receipt receipt.json");
    INFO(written.err);
    CHECK(written.code == 0);
    CHECK(t.desk.json("receipt.json").at("development_keys") == true);
    CHECK(t.run(call).code == 0);
    CHECK(t.run("ca list --ca-folder ca --json").json().at("certificates").size() == 1);
}

}  // namespace kartsaz::test
