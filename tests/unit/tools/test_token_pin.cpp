// SPDX-License-Identifier: Apache-2.0
// What reaches the token: a module before it writes down each call of the program.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/unit/tools/token_desk.h"

namespace kartsaz::test {
namespace {

using Catch::Contains;

/// A desk whose token is behind the module that counts.
struct CountingDesk : TokenDesk {
    CountingDesk() {
        module = Wrapper::path();
        ::setenv("KARTSAZ_WRAPPED", SoftToken::module().c_str(), 1);
        ::setenv("KARTSAZ_WRAPPER_LOG", (soft.folder() / "calls").c_str(), 1);
    }
    ~CountingDesk() {
        ::unsetenv("KARTSAZ_WRAPPED");
        ::unsetenv("KARTSAZ_WRAPPER_LOG");
    }
    /// How often the token was given a PIN since it was made.
    std::size_t tries() const {
        std::ifstream in{soft.folder() / "calls"};
        std::size_t count = 0;
        for (std::string line; std::getline(in, line);) count += line == "C_Login" ? 1 : 0;
        return count;
    }
};

}  // namespace

TEST_CASE("a wrong PIN reaches the token once, whichever commands are given, and never again by itself") {
    if (!SoftToken::available()) return;
    const CountingDesk t;
    t.fill();
    REQUIRE(t.desk.run("sim new card.body").code == 0);
    const auto before = t.tries();
    REQUIRE(before == 2);  // init-keys and ca init: one login each
    const std::string all[] = {
        "personalize record/record.json -r sim:card.body --journal journal --ca-folder ca",
        "personalize record/record.json -r sim:card.body --journal journal --ca-folder ca",
        "demo out --ca-folder ca",
        "token show",
        "token init-keys",
        "keys show",
        "ca init other",
        "ca list --ca-folder ca",
        "ca crl --ca-folder ca --out x.crl"};
    for (const auto& command : all) {
        INFO(command);
        const auto outcome = t.run(command, "--token-pin-file wrong");
        CHECK(outcome.code == 6);
        CHECK_THAT(outcome.out + outcome.err, !Contains("wrong-2222"));
        CHECK(t.tries() == before + 1);
    }
    // not the right one either, before somebody says so
    CHECK(t.run("keys show").code == 6);
    CHECK(t.tries() == before + 1);
    CHECK(t.run("keys show", "--token-pin-file pin --retry-token-pin").code == 0);
    CHECK(t.tries() == before + 2);
    CHECK(t.run("keys show").code == 0);
    CHECK(t.tries() == before + 3);
}

TEST_CASE("a command logs in once, however much it asks of the token") {
    if (!SoftToken::available()) return;
    const CountingDesk t;
    t.fill();
    const auto before = t.tries();
    const auto demo = t.run("demo out --ca-folder ca");
    INFO(demo.err);
    CHECK(demo.code == 0);
    CHECK(t.tries() == before + 1);
}

}  // namespace kartsaz::test
