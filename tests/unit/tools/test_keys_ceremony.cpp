// SPDX-License-Identifier: Apache-2.0
// A key ceremony as custodians hold it, each command by itself.
#include <catch2/catch.hpp>
#include <sys/stat.h>

#include "tests/unit/tools/program.h"

namespace kartsaz::test {
namespace {

using Catch::Contains;

void write_private(const Desk& desk, const std::string& name, const std::string& text) {
    desk.write(name, text);
    ::chmod((desk / name).c_str(), 0600);
}

Outcome done(const Desk& desk, const std::string& line) {
    auto outcome = desk.run(line);
    INFO(line << "\n" << outcome.out << outcome.err);
    CHECK(outcome.code == 0);
    CHECK(wide_lines(outcome.err).empty());
    if (line.find("--json") == std::string::npos) CHECK(wide_lines(outcome.out).empty());
    return outcome;
}

/// A desk with the passphrases of three custodians and of the key file.
void prepare(const Desk& desk) {
    for (const auto* name : {"ali", "bahar", "cyrus", "keys"}) {
        write_private(desk, std::string{name} + ".pass", std::string{name} + " knows it\n");
    }
}

void make_components(const Desk& desk, const std::string& plan) {
    for (const auto& [name, part] : {std::pair{"ali", 1}, {"bahar", 2}, {"cyrus", 3}}) {
        done(desk, "keys new-component " + plan + " " + name + ".part --part " + std::to_string(part) +
                       " --passphrase-file " + name + ".pass");
    }
}

const std::string combine =
    "keys combine ali.part bahar.part cyrus.part --open ali.pass --open bahar.pass "
    "--open cyrus.pass --into all.keys --passphrase-file keys.pass";

/// 4041..4F as two shares, as a card maker prints them; KCVs computed with OpenSSL.
const char* const one = "0F0E 0D0C 0B0A 0908 0706 0504 0302 0100";
const char* const other = "4F4F 4F4F 4F4F 4F4F 4F4F 4F4F 4F4F 4F4F";

}  // namespace

TEST_CASE("help of every command of keys fits 80 columns and takes no secret as a word") {
    const Desk desk;
    const auto whole = desk.run("keys --help");
    CHECK(whole.code == 0);
    CHECK(wide_lines(whole.out).empty());
    for (const std::string command :
         {"seal", "show", "kcv", "new-ceremony", "new-component", "show-component", "import-component",
          "combine", "export-block", "import-block", "derive", "rotate", "trust-export"}) {
        INFO(command);
        CHECK_THAT(whole.out, Contains("\n  " + command + " "));
        const auto help = desk.run("keys " + command + " --help");
        CHECK(help.code == 0);
        CHECK(help.err.empty());
        CHECK(wide_lines(help.out).empty());
        CHECK_THAT(help.out, Contains("Usage: kartsaz keys " + command) && Contains("\nOutput:\n  --json ") &&
                                 !Contains("TEXT"));
        CHECK(desk.run("keys " + command + " --bogus").code == 2);
    }
    CHECK_FALSE(desk.everything().contains("state"));
}

TEST_CASE("three custodians make an issuer keyset that none of them has seen") {
    const Desk desk;
    prepare(desk);
    done(desk, "keys new-ceremony issuer.ceremony --keyset issuer --key-version 32");
    make_components(desk, "issuer.ceremony");
    const auto shown = done(desk, "keys show-component ali.part --passphrase-file ali.pass --json").json();
    CHECK(shown.at("part") == 1);
    CHECK(shown.at("parts") == 3);
    CHECK(shown.at("kcvs").size() == 3);
    const auto made = done(desk, combine + " --json").json();
    CHECK(made.at("keyset").at("name") == "issuer");
    CHECK(made.at("keyset").at("version") == 0x32);
    CHECK(made.at("keyset").at("development") == false);
    const auto listed = done(desk, "keys show --keys all.keys --passphrase-file keys.pass --json").json();
    CHECK(listed.at("keysets").at(0) == made.at("keyset"));
    CHECK(listed.at("keysets").at(0).at("purpose") == "channel");
    CHECK(listed.at("keysets").at(0).at("place") == "here");
    struct stat facts {};
    REQUIRE(::stat((desk / "all.keys").c_str(), &facts) == 0);
    CHECK((facts.st_mode & 0777U) == 0600U);
    // a second ceremony goes beside the first one
    done(desk,
         "keys new-ceremony aa.ceremony --keyset active-authentication --key-version 01 --for aa --parts 2");
    done(desk, "keys new-component aa.ceremony a1 --part 1 --passphrase-file ali.pass");
    done(desk, "keys new-component aa.ceremony a2 --part 2 --passphrase-file ali.pass");
    done(desk,
         "keys combine a1 a2 --open ali.pass --open ali.pass --into all.keys --passphrase-file keys.pass");
    const auto both = done(desk, "keys show --keys all.keys --passphrase-file keys.pass");
    CHECK_THAT(both.out, Contains("issuer v32") && Contains("active-authentication v01"));
    // the same keyset again is refused, whatever is in it
    const auto again = desk.run(combine);
    CHECK(again.code == 6);
    CHECK_THAT(again.err, Contains("there already"));
}

TEST_CASE("components of a maker's printed form give the maker's key, and a typing error is found") {
    const Desk desk;
    prepare(desk);
    done(desk,
         "keys new-ceremony maker.ceremony --keyset transport --key-version 30 --diversification none "
         "--bits 128 --parts 2");
    const auto form = [](const std::string& share, const std::string& kcv) {
        std::string out;
        for (int role = 0; role < 3; ++role) out += share + "\n" + kcv + "\n";
        return out;
    };
    const std::string import_one =
        "keys import-component maker.ceremony one.part --part 1 --shares one.form "
        "--passphrase-file ali.pass";
    write_private(desk, "one.form", form(one, "000000"));
    const auto wrong = desk.run(import_one);
    CHECK(wrong.code == 3);
    CHECK_THAT(wrong.err, Contains("component 1, enc: mistyped"));
    // what its KCV is, asked for
    write_private(desk, "share", std::string{one} + "\n");
    const auto kcv = done(desk, "keys kcv share --json").json().at("kcv").at("gp").get<std::string>();
    write_private(desk, "share", std::string{other} + "\n");
    const auto kcv2 = done(desk, "keys kcv share --json").json().at("kcv");
    write_private(desk, "one.form", form(one, kcv.substr(0, 6)));
    write_private(desk, "two.form", form(other, kcv2.at("cmac").get<std::string>()));
    done(desk, import_one);
    CHECK(desk.run("keys import-component maker.ceremony two.part --part 2 --shares two.form "
                   "--passphrase-file bahar.pass")
              .code == 3);  // the form has another kind of KCV
    done(desk,
         "keys import-component maker.ceremony two.part --part 2 --shares two.form --check cmac "
         "--passphrase-file bahar.pass");
    const auto made = done(desk,
                           "keys combine two.part one.part --open bahar.pass --open ali.pass --into all.keys "
                           "--passphrase-file keys.pass --json")
                          .json();
    CHECK(made.at("keyset").at("kcvs").at("enc") == "504A77");  // published, of 4041..4F
}

TEST_CASE("what is wrong with a typed share is said without telling the share") {
    const Desk desk;
    prepare(desk);
    done(desk,
         "keys new-ceremony t.ceremony --keyset transport --key-version 30 --diversification none --bits 128 "
         "--parts 2");
    const auto says = [&](const std::string& form) {
        write_private(desk, "form", form);
        const auto outcome = desk.run(
            "keys import-component t.ceremony p.part --part 1 --shares form "
            "--passphrase-file ali.pass");
        CHECK_THAT(outcome.err, !Contains("0F0E") && !Contains("0C0B"));
        CHECK_FALSE(std::filesystem::exists(desk / "p.part"));
        std::string joined = outcome.err;
        for (auto at = joined.find("\n  "); at != std::string::npos; at = joined.find("\n  "))
            joined.replace(at, 3, " ");
        for (auto at = joined.find("  "); at != std::string::npos; at = joined.find("  "))
            joined.erase(at, 1);
        return std::to_string(outcome.code) + " " + joined;
    };
    CHECK_THAT(says(""), Contains("6 ") && Contains("ended before the first line"));
    CHECK_THAT(says("0F0E\n"), Contains("3 ") && Contains("2 bytes"));
    CHECK_THAT(says("0F0\n"), Contains("3 ") && Contains("odd number"));
    CHECK_THAT(says("0F0E 0D0C 0B0A 0908 0706 0504 0302 01xx\n"), Contains("3 ") && Contains("character 37"));
    CHECK_THAT(says(std::string{one} + "\n"), Contains("6 ") && Contains("its KCV"));
    CHECK_THAT(says(std::string{one} + "\n12\n"), Contains("3 ") && Contains("3 to 5 expected"));
    CHECK_THAT(says(std::string{one} + "\nzzzzzz\n"), Contains("3 ") && Contains("KCV"));
    CHECK_THAT(says(std::string(32, '0') + "\n1234\n"), Contains("3 "));
}

TEST_CASE("components that do not belong together are refused with exit code 6, and nothing is written") {
    const Desk desk;
    prepare(desk);
    done(desk, "keys new-ceremony a.ceremony --keyset issuer --key-version 32");
    done(desk, "keys new-ceremony b.ceremony --keyset issuer --key-version 32");
    make_components(desk, "a.ceremony");
    done(desk, "keys new-component b.ceremony foreign.part --part 3 --passphrase-file cyrus.pass");
    write_private(desk, "three", "ali knows it\nbahar knows it\ncyrus knows it\n");
    const auto refused = [&](const std::string& files, const std::string& says) {
        const auto outcome =
            desk.run("keys combine " + files + " --into all.keys --passphrase-file keys.pass");
        INFO(outcome.err);
        CHECK(outcome.code == 6);
        std::string joined = outcome.err;
        for (auto at = joined.find("\n  "); at != std::string::npos; at = joined.find("\n  "))
            joined.replace(at, 3, " ");
        CHECK_THAT(joined, Contains(says));
        CHECK_FALSE(std::filesystem::exists(desk / "all.keys"));
    };
    refused("ali.part bahar.part foreign.part --open three", "do not belong together");
    refused("ali.part bahar.part --open three", "missing: 3");
    refused("ali.part ali.part bahar.part --open ali.pass --open ali.pass --open bahar.pass", "there twice");
    refused("ali.part bahar.part cyrus.part --open ali.pass --open ali.pass --open cyrus.pass",
            "passphrase does not open it");
    done(desk,
         "keys combine ali.part bahar.part cyrus.part --open three --into all.keys --passphrase-file "
         "keys.pass");
}

TEST_CASE("a ceremony's command line is checked before anything is written") {
    const Desk desk;
    prepare(desk);
    const auto line =
        GENERATE(as<std::string>{}, "keys new-ceremony x --keyset issuer --key-version 00",
                 "keys new-ceremony x --keyset issuer --key-version 3",
                 "keys new-ceremony x --keyset issuer --key-version 80",
                 "keys new-ceremony x --keyset issuer --key-version zz",
                 "keys new-ceremony x --keyset issuer --key-version 32 --bits 100",
                 "keys new-ceremony x --keyset issuer --key-version 32 --parts 1",
                 "keys new-ceremony x --keyset issuer --key-version 32 --parts 10",
                 "keys new-ceremony x --keyset issuer --key-version 32 --type rsa",
                 "keys new-ceremony x --keyset issuer --key-version 32 --for all",
                 "keys new-ceremony x --keyset issuer --key-version 32 --type des3 --diversification kdf3",
                 "keys new-ceremony x --keyset issuer --key-version 32 --for aa --type des3",
                 "keys new-ceremony x --key-version 32",
                 "keys combine a b --open ali.pass --open ali.pass --open ali.pass "
                 "--into k --passphrase-file keys.pass");
    INFO(line);
    const auto before = desk.everything();
    CHECK(desk.run(line).code == 2);
    CHECK(desk.everything() == before);
}

TEST_CASE("a name that key files do not take leaves no plan") {
    const Desk desk;
    const auto outcome = desk.run("keys new-ceremony x --keyset Issuer! --key-version 32");
    CHECK(outcome.code != 0);
    CHECK_FALSE(std::filesystem::exists(desk / "x"));
}

TEST_CASE("no secret of a ceremony is ever taken from or told on a terminal line") {
    const Desk desk;
    prepare(desk);
    done(desk, "keys new-ceremony a.ceremony --keyset issuer --key-version 32 --parts 2");
    const auto outcome = desk.run("keys new-component a.ceremony x.part --part 1");
    CHECK(outcome.code == 2);  // no terminal here, and nothing else was said
    CHECK_THAT(outcome.err, Contains("no terminal") || Contains("terminal"));
    CHECK_FALSE(std::filesystem::exists(desk / "x.part"));
    CHECK(desk.run("keys new-component a.ceremony x.part --part 3 --passphrase-file ali.pass").code == 2);
    CHECK(desk.run("keys new-component a.ceremony x.part --part 1 --passphrase-file -").code == 2);
    CHECK(desk.run("keys new-component a.ceremony x.part --part 1 --passphrase-file fd:0").code ==
          6);  // /dev/null
}

}  // namespace kartsaz::test
