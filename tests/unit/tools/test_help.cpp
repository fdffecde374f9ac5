// SPDX-License-Identifier: Apache-2.0
// Help, version and the command line itself.
#include <catch2/catch.hpp>

#include "tests/unit/tools/program.h"

namespace kartsaz::test {
namespace {

using Catch::Contains;
using Catch::StartsWith;

const std::vector<std::string> commands{
    "demo",     "readers", "inspect",    "personalize", "read",        "verify",
    "update",   "sim",     "doctor",     "sim new",     "sim plug",    "sim show",
    "sim flip", "card",    "card state", "card lock",   "card unlock", "card terminate"};

}  // namespace

TEST_CASE("help of the program and of each command is complete, exits 0 and fits 80 columns") {
    const Desk desk;
    const auto whole = desk.run("--help");
    CHECK(whole.code == 0);
    CHECK(whole.err.empty());
    CHECK(wide_lines(whole.out).empty());
    for (const auto& command : commands) {
        INFO(command);
        const auto help = desk.run(command + " --help");
        CHECK(help.code == 0);
        CHECK(help.err.empty());
        CHECK_THAT(help.out, Contains("Usage: kartsaz " + command));
        if (command != "sim" && command != "card") CHECK_THAT(help.out, Contains("\nOutput:\n  --json "));
        CHECK_THAT(help.out,
                   !Contains("TEXT") && !Contains("--json NUMBER") && !Contains(KARTSAZ_BINARY_DIR));
        CHECK(wide_lines(help.out).empty());
        if (command.find(' ') == std::string::npos) CHECK_THAT(whole.out, Contains("\n  " + command + " "));
    }
    CHECK(desk.everything().contains("record/record.json"));
    CHECK_FALSE(desk.everything().contains("state"));
}

TEST_CASE("the options of personalize stand in groups") {
    const Desk desk;
    const auto help = desk.run("personalize --help").out;
    const auto options = help.find("\nOptions:\n"), card = help.find("\nCard:\n"),
               keys = help.find("\nKeys:\n"), output = help.find("\nOutput:\n");
    REQUIRE(options != std::string::npos);
    REQUIRE(card != std::string::npos);
    REQUIRE(keys != std::string::npos);
    REQUIRE(output != std::string::npos);
    CHECK(options < help.find("--dry-run"));
    CHECK(help.find("--dry-run") < card);
    CHECK(card < help.find("--reader"));
    CHECK(output < help.find("--receipt"));
    CHECK(keys < help.find("--passphrase-file"));
}

TEST_CASE("the version is one line") {
    const Desk desk;
    const auto version = desk.run("--version");
    CHECK(version.code == 0);
    CHECK(version.out == "kartsaz 0.1.0\n");
}

TEST_CASE("a command line that is not understood exits 2, says which word and where help is") {
    const auto [line, says] = GENERATE(table<std::string, std::string>({
        {"", "kartsaz needs a command: demo, readers"},
        {"personlize", "no command is named personlize; did you mean personalize?"},
        {"fly", "no command is named fly; there are demo"},
        {"--fast", "no option is named --fast"},
        {"sim", "kartsaz sim needs a command: new, plug"},
        {"sim nev", "sim: no command is named nev; did you mean new?"},
        {"personalize", "personalize: RECORD is required"},
        {"personalize a b", "nothing is to be done with \"b\""},
        {"personalize a --dryrun", "no option is named --dryrun; did you mean --dry-run?"},
        {"read --wait soon", "--wait"},
        {"sim plug x --port 99999", "--port"},
        {"sim flip x EF.DG1 y", "OFFSET"},
    }));
    INFO(line);
    const Desk desk;
    const auto before = desk.everything();
    const auto plain = desk.run(line);
    CHECK(plain.code == 2);
    CHECK(plain.out.empty());
    std::string joined = plain.err;
    for (auto at = joined.find("\n  "); at != std::string::npos; at = joined.find("\n  "))
        joined.replace(at, 3, " ");
    CHECK_THAT(joined, StartsWith("kartsaz: ") && Contains(says) && Contains("--help` explains"));
    CHECK(wide_lines(plain.err).empty());
    const auto as_json = desk.run(line.empty() ? "--json" : line + " --json");
    CHECK(as_json.code == 2);
    CHECK(as_json.json()["error"]["exit_code"] == 2);
    CHECK_FALSE(as_json.json()["error"]["text"].get<std::string>().empty());
    CHECK(desk.everything() == before);
}

TEST_CASE("every command knows --json, --help and no --bogus") {
    for (const auto& command : commands) {
        INFO(command);
        const Desk desk;
        const auto outcome = desk.run(command + " --bogus --json");
        CHECK(outcome.code == 2);
        CHECK_THAT(outcome.json()["error"]["text"].get<std::string>(), Contains("--bogus"));
    }
}

}  // namespace kartsaz::test
