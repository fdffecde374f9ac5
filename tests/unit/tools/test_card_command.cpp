// SPDX-License-Identifier: Apache-2.0
// kartsaz card: the life cycle of a card, and bodies of old stock and bare ones, from the command line.
#include <catch2/catch.hpp>

#include "tests/unit/tools/program.h"

namespace kartsaz::test {
namespace {

using Catch::Contains;

const std::string chip = "4790-D321-5340-6417-00C0FFEE";

/// A desk with card.body of this kind.
void make_body(const Desk& desk, const std::string& options) {
    REQUIRE(desk.run("sim new card.body --serial 00C0FFEE " + options).code == 0);
}

std::string life_cycle(const Desk& desk) {
    return desk.run("sim show card.body").json().at("life_cycle").get<std::string>();
}

}  // namespace

TEST_CASE("card state, lock and unlock tell what they found and did, as text and as JSON") {
    for (const std::string scp : {"02", "03"}) {
        INFO(scp);
        const Desk desk;
        make_body(desk, "--scp " + scp);
        const auto blank = desk.run("card state -r sim:card.body --json");
        CHECK(blank.code == 0);
        CHECK(blank.json()["state"] == "OP_READY");
        CHECK(blank.json()["chip"] == chip);
        CHECK(blank.json()["scp"] == scp);
        CHECK(blank.json()["keyset"] == "transport");
        const auto early = desk.run("card lock -r sim:card.body");
        CHECK(early.code == 5);
        CHECK_THAT(early.err, Contains("SECURED card can be locked"));

        REQUIRE(desk.run("personalize record/record.json -p card.toml -r sim:card.body").code == 3);
        desk.write(
            "card.toml",
            "name = \"old\"\ntitle = \"old\"\napplications = [\"globalplatform\", \"emrtd\"]\n[emrtd]\n"
            "fingerprint = \"omit\"\n");
        REQUIRE(desk.run("personalize record/record.json -p ./card.toml -r sim:card.body").code == 0);
        const auto lock = desk.run("card lock -r sim:card.body --json");
        CHECK(lock.code == 0);
        CHECK(lock.json()["before"] == "SECURED");
        CHECK(lock.json()["state"] == "CARD_LOCKED");
        CHECK(lock.json()["changed"] == true);
        CHECK(lock.json()["irreversible"] == false);
        CHECK(life_cycle(desk) == "CARD_LOCKED");
        CHECK(desk.run("card lock -r sim:card.body --json").json()["changed"] == false);
        CHECK_THAT(desk.run("inspect -r sim:card.body").out, Contains("CARD_LOCKED (SELECT: SW 6283)"));
        for (const std::string reading : {"read -o folder --record", "verify --expect"}) {
            const auto locked = desk.run(reading + " record/record.json -r sim:card.body");
            CHECK(locked.code == 5);
            CHECK_THAT(locked.err, Contains("the card is locked (CARD_LOCKED") && Contains("card unlock"));
        }
        CHECK_THAT(desk.run("card state -r sim:card.body").out, Contains("CARD_LOCKED"));
        CHECK(desk.run("card unlock -r sim:card.body").code == 0);
        CHECK(life_cycle(desk) == "SECURED");
    }
}

TEST_CASE("a card is terminated by the name of its chip and by nothing else, and is void then") {
    const Desk desk;
    make_body(desk, "");
    CHECK(desk.run("card terminate -r sim:card.body").code == 2);
    const auto other = desk.run("card terminate -r sim:card.body --yes-destroy 4790-D321-5340-6417-00C0FFEF");
    CHECK(other.code == 2);
    CHECK_THAT(other.err, Contains(chip));
    CHECK(desk.run({"card", "terminate", "-r", "sim:card.body", "--yes-destroy", ""}).code == 2);
    CHECK(life_cycle(desk) == "OP_READY");
    const auto done = desk.run("card terminate -r sim:card.body --json --yes-destroy " + chip);
    CHECK(done.code == 0);
    CHECK(done.json()["irreversible"] == true);
    CHECK(done.json()["state"] == "TERMINATED");
    CHECK(life_cycle(desk) == "TERMINATED");
    const auto dead = desk.run("card state -r sim:card.body");
    CHECK(dead.code == 5);
    CHECK_THAT(dead.err, Contains("TERMINATED"));
    // the same chip again, as a cloned body would be: this station does not write it
    REQUIRE(desk.run("sim new card.body --force --serial 00C0FFEE").code == 0);
    const auto again = desk.run("personalize record/record.json -p emrtd -r sim:card.body");
    CHECK(again.code == 5);
    CHECK_THAT(again.err, Contains("void"));
}

TEST_CASE("keys that are not the card's, and a card manager that is none, have their exit codes") {
    const Desk desk;
    make_body(desk, "");
    CHECK(desk.run("card state -r sim:card.body --card-manager A000000003000000").code == 5);
    CHECK(desk.run("card state -r sim:card.body --card-manager A0").code == 2);
    CHECK(desk.run("card state -r sim:card.body --card-manager XY").code == 2);
    CHECK(desk.run("card state -r sim:none.body").code != 0);
    CHECK(desk.run("card").code == 2);
    CHECK(desk.run("card destroy -r sim:card.body").code == 2);
    REQUIRE(desk.run("sim new open.body --like jmrtd").code == 0);
    CHECK(desk.run("card state -r sim:open.body").code == 5);
}

TEST_CASE("bodies of old stock and bare ones are made, and a bare one is filled by the profile") {
    const Desk desk;
    CHECK(desk.run("sim new a.body --scp 01").code == 2);
    CHECK(desk.run("sim new a.body --scp 02 --scp-i 70").code == 2);
    CHECK(desk.run("sim new a.body --like jmrtd --bare").code == 2);
    CHECK(desk.run("sim new a.body --like jcardengine --scp 02").code == 2);
    make_body(desk, "--bare --scp 02 --scp-i 15");
    const auto shown = desk.run("sim show card.body").json();
    CHECK(shown["scp"] == "02");
    CHECK(shown["scp_i"] == "15");
    CHECK(shown["passport"]["instance"] == "");
    desk.write("bare.toml",
               "name = \"bare\"\ntitle = \"bare\"\napplications = [\"globalplatform\", \"emrtd\"]\n"
               "[globalplatform]\ninstall = \"A00000024710/A0000002471001/A0000002471001\"\n"
               "[emrtd]\nfingerprint = \"omit\"\n");
    const auto plan = desk.run("personalize record/record.json -p ./bare.toml -r sim:card.body --dry-run");
    CHECK(plan.code == 0);
    CHECK_THAT(plan.out, Contains("instance A0000002471001: install from package A00000024710") &&
                             Contains("looked at again"));
    CHECK(wide_lines(plan.out).empty());
    const auto as_json =
        desk.run("personalize record/record.json -p ./bare.toml -r sim:card.body --dry-run --json");
    CHECK(as_json.json()["look_again"] == true);
    CHECK(desk.run("personalize record/record.json -p ./bare.toml -r sim:card.body").code == 0);
    CHECK(desk.run("sim show card.body").json()["passport"]["instance"] == "A0000002471001");
    desk.write("bad.toml", desk.text("bare.toml") + "\n");
    auto bad = desk.text("bare.toml");
    bad.replace(bad.find("A00000024710/"), 13, "A0/");
    desk.write("bad.toml", bad);
    const auto refused = desk.run("personalize record/record.json -p ./bad.toml -r sim:card.body");
    CHECK(refused.code == 3);
    CHECK_THAT(refused.err, Contains("package AID"));
}

}  // namespace kartsaz::test
