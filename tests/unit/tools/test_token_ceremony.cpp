// SPDX-License-Identifier: Apache-2.0
// A ceremony that ends in a token: no file ever holds the keys.
#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <sys/stat.h>

#include "tests/support/token/soft_token.h"
#include "tests/unit/tools/program.h"

namespace kartsaz::test {

TEST_CASE("components are combined into a token, and the keys of a chip are derived there") {
    if (!SoftToken::available()) return;
    const SoftToken soft{"kartsaz-hsm"};
    const Desk desk;
    const auto pin = SoftToken::pin().reveal([](ByteView bytes) { return to_text(bytes); });
    for (const auto& [name, text] :
         {std::pair<std::string, std::string>{"pin", pin}, {"pass", "open sesame"}}) {
        desk.write(name, text + "\n");
        ::chmod((desk / name).c_str(), 0600);
    }
    const auto token = fmt::format(" --token pkcs11:token=kartsaz-hsm?module-path={} --token-pin-file pin",
                                   SoftToken::module());
    const auto done = [&](const std::string& line) {
        auto outcome = desk.run(line);
        INFO(line << "\n" << outcome.out << outcome.err);
        REQUIRE(outcome.code == 0);
        return outcome;
    };
    done("keys new-ceremony plan --keyset issuer --key-version 31 --parts 2");
    done("keys new-component plan a --part 1 --passphrase-file pass");
    done("keys new-component plan b --part 2 --passphrase-file pass");
    const std::string open = "keys combine a b --open pass --open pass";
    const auto made = done(open + " --json" + token).json();
    CHECK(made.at("keyset").at("place").get<std::string>().find("kartsaz-hsm") != std::string::npos);
    // the same components into a file give the same check values, there and for a chip
    const auto file = done(open + " --into k.keys --passphrase-file pass --json").json();
    CHECK(made.at("keyset").at("kcvs") == file.at("keyset").at("kcvs"));
    const std::string derive = "keys derive --kdd 4790D3212144C0FFEE01 --json";
    const auto inside = done(derive + token).json();
    CHECK(inside.at("kcvs") == done(derive + " --keys k.keys --passphrase-file pass").json().at("kcvs"));

    // what is in a token does not leave it
    done("keys new-ceremony x --keyset exchange --key-version 01 --for kbpk --parts 2");
    done("keys new-component x c --part 1 --passphrase-file pass");
    done("keys new-component x d --part 2 --passphrase-file pass");
    done("keys combine c d --open pass --open pass --into k.keys --passphrase-file pass");
    const auto refused = desk.run(
        "keys export-block issuer --under exchange -o out --keys k.keys --passphrase-file "
        "pass" +
        token);
    CHECK(refused.code == 6);
    CHECK_FALSE(std::filesystem::exists(desk / "out"));

    CHECK(desk.run(open + token).code == 6);  // is there already
    CHECK(desk.run(open).code == 2);
    CHECK(desk.run(open + " --into other.keys --passphrase-file pass" + token).code == 2);
    CHECK_FALSE(std::filesystem::exists(desk / "other.keys"));
}

}  // namespace kartsaz::test
