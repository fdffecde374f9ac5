// SPDX-License-Identifier: Apache-2.0
// docs/key-ceremony.md as a reader follows it: every block of commands, in order, in one folder.
#include <catch2/catch.hpp>

#include <cstdlib>

#include "tests/support/vectors.h"
#include "tests/unit/tools/program.h"

namespace kartsaz::test {

TEST_CASE("the commands of the page on key ceremonies run as they stand") {
    const Desk desk;
    const auto page =
        to_text(read_bytes(std::filesystem::path{KARTSAZ_SOURCE_DIR} / "docs" / "key-ceremony.md"));
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
    CHECK(blocks >= 9);
    desk.write("page.sh", script);
    std::filesystem::create_directory(desk / "bin");
    std::filesystem::create_symlink(KARTSAZ_PROGRAM, desk / "bin/kartsaz");
    const auto folder = (desk / "").string();
    const auto command = "cd '" + folder + "' && PATH='" + folder + "bin':$PATH HOME='" + folder +
                         "' bash -euo pipefail page.sh > page.out 2> page.err < /dev/null";
    const int status = std::system(command.c_str());
    INFO(desk.text("page.out") << desk.text("page.err"));
    CHECK(status == 0);
    CHECK(wide_lines(desk.text("page.out") + desk.text("page.err")).empty());
    // what the page says happens
    CHECK(desk.text("page.out").find("refused") != std::string::npos);
    CHECK(std::filesystem::exists(desk / "chip.blocks"));
    CHECK(std::filesystem::exists(desk / "trust/index.json"));
}

}  // namespace kartsaz::test
