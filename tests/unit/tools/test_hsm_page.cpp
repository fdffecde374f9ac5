// SPDX-License-Identifier: Apache-2.0
// docs/hsm.md as a reader follows it: every block of commands, in order, in one folder.
#include <cstdlib>

#include "tests/support/vectors.h"
#include "tests/unit/tools/token_desk.h"

namespace kartsaz::test {

TEST_CASE("the commands of the page on keys in a token run as they stand") {
    if (!SoftToken::available()) return;
    const Desk desk;
    const auto page = to_text(read_bytes(std::filesystem::path{KARTSAZ_SOURCE_DIR} / "docs" / "hsm.md"));
    std::string script;
    std::size_t blocks = 0;
    for (auto at = page.find("```sh\n"); at != std::string::npos; at = page.find("```sh\n", at)) {
        at += 6;
        const auto end = page.find("```\n", at);
        REQUIRE(end != std::string::npos);
        script += page.substr(at, end - at);
        at = end + 4;
        ++blocks;
    }
    CHECK(blocks == 4);
    // where this machine has the module
    const std::string usual = "/usr/lib/softhsm/libsofthsm2.so";
    const auto at = script.find(usual);
    REQUIRE(at != std::string::npos);
    script.replace(at, usual.size(), SoftToken::module());
    desk.write("page.sh", script);
    std::filesystem::create_directory(desk / "bin");
    std::filesystem::create_symlink(KARTSAZ_PROGRAM, desk / "bin/kartsaz");
    const auto folder = (desk / "").string();
    const auto command = "cd '" + folder + "' && PATH='" + folder + "bin':$PATH HOME='" + folder +
                         "' bash -euo pipefail page.sh > page.out 2> page.err < /dev/null";
    const int status = std::system(command.c_str());
    INFO(desk.text("page.out") << desk.text("page.err"));
    CHECK(status == 0);
    // what the page says happens
    const auto out = unwrapped(desk.text("page.out"));
    CHECK_THAT(out, Catch::Contains("Done: the card is good.") && Catch::Contains("issuer v32"));
    CHECK_THAT(
        out, Catch::Contains("refused by the token, code 6") && Catch::Contains("nothing was tried, code 6"));
    CHECK_THAT(desk.text("card.body") + desk.text("demo/receipt.json"), !Catch::Contains("PRIVATE KEY"));
    CHECK_FALSE(std::filesystem::exists(desk / "masters.json"));
}

}  // namespace kartsaz::test
