// SPDX-License-Identifier: Apache-2.0
// Key blocks, keys of one chip, keys changed on a card, trust for verifiers.
#include <catch2/catch.hpp>
#include <sys/stat.h>

#include "tests/unit/tools/program.h"

namespace kartsaz::test {
namespace {

using Catch::Contains;
using nlohmann::json;

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

json keyset(const std::string& name, int version, const std::string& diversification, const json& keys,
            const std::string& type = "aes") {
    return {{"name", name},         {"version", version},
            {"type", type},         {"diversification", diversification},
            {"development", false}, {"keys", keys}};
}

const std::string key_a = "000102030405060708090A0B0C0D0E0F", key_b = "101112131415161718191A1B1C1D1E1F",
                  key_c = "202122232425262728292A2B2C2D2E2F", key_d = "303132333435363738393A3B3C3D3E3F";
const std::string kbpk = "88E1AB2A2E3DD38C1FA039A536500CC8A87AB9D62DC92C01058FA79F44657DE6";

/// house.keys holds two issuer versions and the transport key "exchange"; maker.keys only that.
void prepare(const Desk& desk) {
    const auto exchange = keyset("exchange", 1, "none", {{"kbpk", kbpk}});
    write_private(
        desk, "house.plain",
        json{{"keysets",
              {keyset("issuer", 0x31, "kdf3", {{"enc", key_a}, {"mac", key_b}, {"dek", key_c}}),
               keyset("issuer", 0x32, "kdf3", {{"enc", key_d}, {"mac", key_a}, {"dek", key_b}}),
               keyset("transport", 0x30, "none",
                      {{"enc", "404142434445464748494A4B4C4D4E4F"},
                       {"mac", "404142434445464748494A4B4C4D4E4F"},
                       {"dek", "404142434445464748494A4B4C4D4E4F"}}),
               keyset("old-stock", 1, "none", {{"enc", key_a}, {"mac", key_b}, {"dek", key_c}}, "des3"),
               keyset("next", 1, "none", {{"kbpk", key_a + key_b}}), exchange}}}
            .dump());
    write_private(desk, "maker.plain", json{{"keysets", {exchange}}}.dump());
    write_private(desk, "pass", "correct horse\n");
    for (const auto* name : {"house", "maker"}) {
        done(desk, std::string{"keys seal "} + name + ".plain " + name + ".keys --passphrase-file pass");
    }
}

const std::string house = " --keys house.keys --passphrase-file pass";
const std::string maker = " --keys maker.keys --passphrase-file pass";

void no_key_in(const Desk& desk, const Outcome& outcome) {
    for (const auto& key : {key_a, key_b, key_c, key_d, kbpk}) {
        CHECK((outcome.out + outcome.err).find(key) == std::string::npos);
        CHECK(desk.text("out.blocks").find(key) == std::string::npos);
    }
}

}  // namespace

TEST_CASE("a keyset goes to another house in key blocks and arrives with its check values") {
    const Desk desk;
    prepare(desk);
    for (const auto& [name, options] :
         {std::pair<std::string, std::string>{"issuer", "--diversification kdf3"},
          {"old-stock", "--type des3"}}) {
        INFO(name);
        const auto sent =
            done(desk, "keys export-block " + name + " --under exchange -o out.blocks --json" + house);
        no_key_in(desk, sent);
        CHECK(sent.json().at("blocks").size() == 3);
        const auto got = done(desk, "keys import-block out.blocks --under exchange --keyset their-" + name +
                                        " --key-version 05 --json " + options + maker);
        no_key_in(desk, got);
        const auto house_keysets = done(desk, "keys show --json" + house).json().at("keysets");
        const auto before =
            *std::find_if(house_keysets.begin(), house_keysets.end(),
                          [&, wanted = name](const json& k) { return k.at("name") == wanted; });
        CHECK(got.json().at("keyset").at("kcvs") == before.at("kcvs"));
    }
}

TEST_CASE("one key goes alone, and a block without a role gets it on the command line") {
    const Desk desk;
    prepare(desk);
    // who has a key can read it from under itself: not an export
    CHECK(desk.run("keys export-block exchange kbpk --under exchange -o out.blocks" + house).code == 2);
    done(desk, "keys export-block next kbpk --under exchange --exportability E -o out.blocks" + house);
    const auto line = desk.text("out.blocks");
    const auto block = line.substr(line.find("kbpk ") + 5);
    CHECK(block.substr(0, 1) == "D");
    CHECK(block.substr(5, 7) == "K1AB01E");
    desk.write("bare.block", block);
    done(desk, "keys import-block kbpk=bare.block --under exchange --keyset second --key-version 02" + maker);
    // its label says what it is
    const auto wrong =
        desk.run("keys import-block aa=bare.block --under exchange --keyset third --key-version 02" + maker);
    CHECK(wrong.code == 6);
    CHECK_THAT(wrong.err, Contains("label says"));
}

TEST_CASE("key blocks that cannot be taken leave the key file as it was") {
    const Desk desk;
    prepare(desk);
    done(desk, "keys export-block issuer --under exchange -o out.blocks" + house);
    const auto good = desk.text("out.blocks");
    const auto before = desk.text("maker.keys");
    const auto refused = [&](const std::string& text, int code, const std::string& says,
                             const std::string& more = "--diversification kdf3") {
        desk.write("bad.blocks", text);
        const auto outcome = desk.run(
            "keys import-block bad.blocks --under exchange --keyset x --key-version 05 " + more + maker);
        INFO(outcome.err);
        std::string joined = outcome.err;
        for (auto at = joined.find("\n  "); at != std::string::npos; at = joined.find("\n  "))
            joined.replace(at, 3, " ");
        CHECK(outcome.code == code);
        CHECK_THAT(joined, Contains(says));
        CHECK(desk.text("maker.keys") == before);
    };
    auto changed = good;
    changed[good.size() - 2] = changed[good.size() - 2] == '0' ? '1' : '0';
    refused(changed, 6, "MAC is wrong");
    refused(good.substr(0, good.size() - 20), 3, "offset 1");
    refused("", 3, "no key block");
    refused("enc\n", 3, "a role and a key block expected");
    refused("enc D0016\n", 3, "offset 5");
    refused(good.substr(0, good.find("mac ")), 3, "blocks for enc, mac and dek");
    refused(good + good.substr(good.find("enc ")), 3, "a second key for enc");
    auto swapped = good;
    swapped.replace(good.find("enc "), 3, "mac").replace(good.find("mac "), 3, "enc");
    refused(swapped, 6, "label says");
    refused(good, 6, "a key of algorithm A", "--type des3");
    CHECK(desk.run("keys import-block out.blocks --under exchange --keyset x --key-version 05").code == 2);
    CHECK(desk.run("keys import-block out.blocks --under nowhere --keyset x --key-version 05" + maker).code ==
          6);
    CHECK(desk.run("keys export-block issuer --under issuer -o x" + house).code == 6);
    CHECK(desk.run("keys export-block issuer aa --under exchange -o x" + house).code == 6);
    CHECK_FALSE(std::filesystem::exists(desk / "x"));
}

TEST_CASE("the keys of a chip are told by check value, for its data and for the card in the reader") {
    const Desk desk;
    prepare(desk);
    done(desk, "sim new card.body --serial 00C0FFEE");
    const auto card = done(desk, "keys derive -r sim:card.body --json" + house).json();
    const auto kdd = card.at("kdd").get<std::string>();
    CHECK(kdd.size() == 20);
    const auto data = done(desk, "keys derive --json --kdd " + kdd + house).json();
    CHECK(data == card);
    CHECK(card.at("version") == 0x32);
    const auto older = done(desk, "keys derive --json --key-version 31 --kdd " + kdd + house).json();
    CHECK(older.at("kcvs") != card.at("kcvs"));

    const auto blocks = done(desk, "keys derive --kdd " + kdd + " --under exchange -o out.blocks" + house);
    no_key_in(desk, blocks);
    const auto got = done(desk,
                          "keys import-block out.blocks --under exchange --keyset chip --key-version 32 "
                          "--json" +
                              maker);
    CHECK(got.json().at("keyset").at("kcvs") == card.at("kcvs"));

    CHECK(desk.run("keys derive --kdd 00" + house).code == 2);
    CHECK(desk.run("keys derive --kdd zz" + house).code != 0);
    CHECK(desk.run("keys derive --kdd " + kdd + " --under exchange" + house).code == 2);
    CHECK(desk.run("keys derive --kdd " + kdd + " -r sim:card.body" + house).code == 2);
}

TEST_CASE("keys are changed on an issued card, once, and personalize goes on with it") {
    const Desk desk;
    prepare(desk);
    done(desk, "sim new card.body --serial 00C0FFEE");
    const auto blank = desk.run("keys rotate -r sim:card.body --to 32" + house);
    CHECK(blank.code == 5);
    CHECK_THAT(blank.err, Contains("personalize"));

    // the development keys have one version only: a card of theirs is no card of this house
    done(desk, "personalize record/record.json -r sim:card.body");
    CHECK(desk.run("keys rotate -r sim:card.body --to 32" + house).code == 6);
    CHECK(desk.run("keys rotate -r sim:card.body --to 44" + house).code == 6);
    CHECK(desk.run("keys rotate -r sim:card.body --to 3" + house).code == 2);

    const auto told = done(desk, "keys rotate -r sim:card.body --to 31 --json").json();
    CHECK(told.at("done").empty());
    CHECK(told.at("development_keys") == true);
}

TEST_CASE("trust for verifiers is a public folder that verify takes") {
    const Desk desk;
    const auto told = done(desk, "keys trust-export trust --json").json();
    CHECK(told.at("files").size() == 4);
    CHECK(desk.json("trust/index.json") == told);
    for (const auto& file : told.at("files")) {
        const auto path = "trust/" + file.at("file").get<std::string>();
        CHECK(desk.text(path).find("PRIVATE KEY") == std::string::npos);
        struct stat facts {};
        REQUIRE(::stat((desk / path).c_str(), &facts) == 0);
        CHECK((facts.st_mode & 0777U) == 0644U);
    }
    done(desk, "sim new card.body");
    done(desk, "personalize record/record.json -r sim:card.body");
    const auto judged =
        done(desk, "verify -r sim:card.body --expect record/record.json --trust trust --demand-crl --json")
            .json();
    CHECK(judged.at("verdict") == "accept");
    desk.write("bad.crl", "no CRL");
    CHECK(desk.run("keys trust-export other --crl bad.crl").code == 3);
    CHECK(desk.run("keys trust-export other --crl nowhere.crl").code == 3);
    CHECK_FALSE(std::filesystem::exists(desk / "other"));
    desk.write("file", "x");
    CHECK(desk.run("keys trust-export file").code == 7);
}

}  // namespace kartsaz::test
