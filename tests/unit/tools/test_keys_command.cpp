// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <sys/stat.h>

#include "tests/unit/tools/program.h"

namespace {

using kartsaz::test::Desk;

const char* const plain =
    R"({"keysets":[{"name":"transport","version":48,"type":"aes","diversification":"none","development":true,)"
    R"("keys":{"enc":"404142434445464748494A4B4C4D4E4F","mac":"404142434445464748494A4B4C4D4E4F",)"
    R"("dek":"404142434445464748494A4B4C4D4E4F"}}],"blobs":{}})";

void write_private(const Desk& desk, const std::string& name, const std::string& text) {
    desk.write(name, text);
    ::chmod((desk / name).c_str(), 0600);
}

}  // namespace

TEST_CASE("a sealed key file opens with its passphrase and shows check values, never a key") {
    const Desk desk;
    write_private(desk, "plain.json", plain);
    write_private(desk, "pass", "correct horse\n");
    write_private(desk, "wrong", "battery staple\n");
    const auto sealed = desk.run("keys seal plain.json keys.json --passphrase-file pass");
    REQUIRE(sealed.code == 0);
    CHECK(desk.text("keys.json").find("404142434445464748494A4B4C4D4E4F") == std::string::npos);
    struct stat facts {};
    REQUIRE(::stat((desk / "keys.json").c_str(), &facts) == 0);
    CHECK((facts.st_mode & 0777U) == 0600U);
    const auto shown = desk.run("keys show --keys keys.json --passphrase-file pass --json");
    REQUIRE(shown.code == 0);
    CHECK(shown.json().at("keysets").at(0).at("kcvs").at("enc") == "504A77");
    CHECK((shown.out + shown.err + sealed.out).find("404142") == std::string::npos);
    CHECK(desk.run("keys show --keys keys.json --passphrase-file wrong").code == 6);
}

TEST_CASE("a plain key file with a fault or open to others is not sealed, and leaves nothing") {
    const Desk desk;
    write_private(desk, "pass", "correct horse\n");
    write_private(desk, "broken.json", R"({"keysets":[{"name":"x"}]})");
    desk.write("open.json", plain);
    ::chmod((desk / "open.json").c_str(), 0644);
    CHECK(desk.run("keys seal broken.json keys.json --passphrase-file pass").code == 3);
    CHECK(desk.run("keys seal open.json keys.json --passphrase-file pass").code == 6);
    CHECK_FALSE(std::filesystem::exists(desk / "keys.json"));
    write_private(desk, "plain.json", plain);
    REQUIRE(desk.run("keys seal plain.json keys.json --passphrase-file pass").code == 0);
    CHECK(desk.run("keys seal plain.json keys.json --passphrase-file pass").code == 2);
}
