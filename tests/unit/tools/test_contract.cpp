// SPDX-License-Identifier: Apache-2.0
// A citizen's card from blank body to verdict, and what each command prints.
#include <catch2/catch.hpp>

#include <ctime>

#include "tests/unit/tools/program.h"

namespace kartsaz::test {
namespace {

using Catch::Contains;
using nlohmann::json;

const std::string write_card = "personalize record/record.json -r sim:card.body";

void new_body(const Desk& desk, const std::string& kind = "kartsaz") {
    const auto made = desk.run("sim new card.body --like " + kind);
    INFO(made.err);
    REQUIRE(made.code == 0);
}

Outcome done(const Desk& desk, const std::string& line) {
    auto outcome = desk.run(line);
    INFO(line << "\n" << outcome.out << outcome.err);
    CHECK(outcome.code == 0);
    if (line.find("--json") == std::string::npos) CHECK(wide_lines(outcome.out).empty());
    CHECK(wide_lines(outcome.err).empty());
    return outcome;
}

/// What is on the body, without the counter of handshakes that a look moves on, too.
json content(const Desk& desk) {
    auto body = desk.run("sim show card.body").json();
    for (auto& keyset : body.at("keysets")) keyset.erase("sequence_counter");
    return body;
}

/// The demo record with one field changed.
void change(const Desk& desk, const std::string& name, const std::string& pointer, const json& value) {
    auto record = desk.json("record/record.json");
    record[json::json_pointer{pointer}] = value;
    desk.write(name, record.dump());
}

}  // namespace

TEST_CASE("the demo tells the main job, fits 80 columns and leaves a report") {
    const Desk desk;
    const auto told = done(desk, "demo");
    CHECK(told.err.empty());
    CHECK_THAT(told.out, Contains("DEVELOPMENT KEYS") && Contains("Done: the card is good.") &&
                             Contains("kartsaz-demo/report.html"));
    CHECK_THAT(desk.text("kartsaz-demo/report.html"), Contains("<html") && Contains("dir=\"rtl\""));
    const auto again = done(desk, "demo --json").json();
    CHECK(again.at("verification").at("verdict") == "accept");
    CHECK(again.at("receipt").at("complete") == true);
    CHECK(again.at("report") == "kartsaz-demo/report.html");
}

TEST_CASE("every command prints one JSON document with --json and its text on standard error") {
    const Desk desk;
    CHECK(done(desk, "sim new card.body --json").json().at("file") == "card.body");
    const auto blank = done(desk, "inspect -r sim:card.body --json");
    CHECK(blank.json().at("blank") == true);
    CHECK_THAT(blank.err, Contains("A blank body."));
    const auto plan = done(desk, write_card + " --dry-run --json").json();
    CHECK(plan.at("dry_run") == true);
    CHECK(plan.at("steps").size() > 10);
    const auto receipt = done(desk, write_card + " --receipt r.json --json").json();
    CHECK(receipt.at("complete") == true);
    CHECK(receipt.at("development_keys") == true);
    CHECK(desk.json("r.json").at("chip") == receipt.at("chip"));
    CHECK(done(desk, "read -r sim:card.body --record record/record.json -o dump --json")
              .json()
              .contains("applications"));
    CHECK(done(desk, "sim show card.body --json").json().contains("atr"));
    CHECK(done(desk, "sim flip card.body EF.DG2 500 --json").json().at("offset") == 500);
    CHECK(done(desk, "doctor --json").json().at("ready") == true);
    const auto readers = desk.run("readers --json");
    CHECK(readers.code == 4);
    CHECK(readers.json()["error"]["exit_code"] == 4);
}

TEST_CASE("what is printed for people fits 80 columns") {
    const auto kind = GENERATE(as<std::string>{}, "kartsaz", "jmrtd", "jcardengine");
    const Desk desk;
    new_body(desk, kind);
    INFO(kind);
    const std::string profile = kind == "kartsaz" ? "national-eid" : "national-eid-open";
    done(desk, "inspect -r sim:card.body");
    const auto before = content(desk);
    const auto plan = desk.run(write_card + " --dry-run -p " + profile);
    CHECK(wide_lines(plan.out + plan.err).empty());
    CHECK(content(desk) == before);
    if (plan.code != 0) return;  // a kind that can do nothing but authenticate
    done(desk, write_card + " -v -p " + profile);
    done(desk, "read -r sim:card.body --record record/record.json");
    done(desk, "verify -r sim:card.body --expect record/record.json --all");
}

TEST_CASE("verify prints verdict, cause and findings as the contract says, for a good and a bad card") {
    const Desk desk;
    new_body(desk);
    done(desk, write_card);
    const std::string verify = "verify -r sim:card.body --expect record/record.json --json";
    const auto good = done(desk, verify).json();
    CHECK(good.at("verdict") == "accept");
    CHECK(good.at("cause").is_null());
    // a certificate of a minute ago is valid on the day of today
    const std::time_t now = std::time(nullptr);
    char today[] = "YYYY-MM-DD";
    REQUIRE(std::strftime(today, sizeof today, "%Y-%m-%d", std::gmtime(&now)) == 10);
    CHECK(done(desk, verify + " --at " + today).json().at("verdict") == "accept");
    REQUIRE(desk.run("sim flip card.body EF.DG2 500").code == 0);
    const auto outcome = desk.run(verify + " --report bad.html --junit bad.xml");
    CHECK(outcome.code == 1);
    const auto bad = outcome.json();
    CHECK(bad.at("verdict") == "reject");
    unsigned causes = 0;
    for (const auto& finding : bad.at("findings")) {
        for (const char* key : {"check", "severity", "object", "text"}) CHECK(finding.at(key).is_string());
        for (const char* key : {"offset", "expected", "got", "cause"}) CHECK(finding.contains(key));
        if (!finding.at("cause").get<bool>()) continue;
        ++causes;
        CHECK(finding.at("check") == bad.at("cause"));
        CHECK(finding.at("object") == "EF.DG2");
        CHECK(finding.at("offset") == 500);
    }
    CHECK(causes == 1);
    CHECK_THAT(desk.text("bad.xml"), Contains("<failure"));
    CHECK_THAT(desk.text("bad.html"), Contains("EF.DG2"));
}

TEST_CASE("a finished card is left alone by the same call, and refused to another record") {
    const Desk desk;
    new_body(desk);
    done(desk, write_card);
    const auto finished = content(desk);
    const auto again = done(desk, write_card);
    CHECK_THAT(again.out, Contains("Nothing to do"));
    CHECK(content(desk) == finished);
    change(desk, "record/moved.json", "/postal_code", "1619735744");
    const auto other = desk.run("personalize record/moved.json -r sim:card.body");
    CHECK(other.code == 5);
    CHECK_THAT(other.err, Contains("kartsaz update"));
    CHECK(content(desk) == finished);
    done(desk, "verify -r sim:card.body --expect record/record.json");
}

TEST_CASE("update writes a new postal code to a finished card, and verify accepts it") {
    const Desk desk;
    new_body(desk);
    done(desk, write_card);
    change(desk, "record/moved.json", "/postal_code", "1619735744");
    CHECK(desk.run("verify -r sim:card.body --expect record/moved.json").code == 1);
    const auto written = done(desk, "update record/moved.json -r sim:card.body --json").json();
    CHECK(written.at("steps").size() > 0);
    CHECK(written.at("steps").size() < 12);  // the difference, not the card
    done(desk, "verify -r sim:card.body --expect record/moved.json");
    CHECK(desk.run("verify -r sim:card.body --expect record/record.json").code == 1);
}

TEST_CASE("a new body never takes the place of a file unless it is told to, and then only when it is whole") {
    const Desk desk;
    new_body(desk);
    const auto old = desk.text("card.body");
    CHECK(desk.run("sim new card.body").code == 2);
    CHECK(desk.run("sim new card.body --force --link pigeon").code == 2);
    CHECK(desk.run("sim new record --force").code == 2);
    CHECK(desk.text("card.body") == old);
    done(desk, "sim new card.body --force --serial 00C0FFEE");
    CHECK(desk.text("card.body") != old);
    CHECK(desk.everything().count("card.body.new") == 0);
}

TEST_CASE("a transcript replays a run, strictly both ways") {
    const Desk desk;
    new_body(desk);
    done(desk, "inspect -r sim:card.body --no-authentication --trace t.apdu");
    auto text = desk.text("t.apdu");
    CHECK_THAT(text, Contains("! ATR 3B"));
    const auto challenge = text.find("> 8050000008");  // another one in each run
    REQUIRE(challenge != std::string::npos);
    text.replace(challenge + 12, 16, std::string(16, '?'));
    desk.write("t.apdu", text);
    done(desk, "inspect -r replay:t.apdu --no-authentication");
    // strict both ways: one command less, and another than was recorded
    const auto last = text.rfind("\n> ");
    REQUIRE(last != std::string::npos);
    desk.write("short.apdu", text.substr(0, last + 1));
    const auto missing = desk.run("inspect -r replay:short.apdu --no-authentication");
    CHECK(missing.code == 3);
    CHECK_THAT(missing.err, Contains("short.apdu"));
    done(desk, write_card + " --trace perso.apdu");
    const auto masked = desk.run("read -r replay:perso.apdu");
    CHECK(masked.code == 3);
    CHECK_THAT(masked.err, Contains("perso.apdu: line "));
}

TEST_CASE("the largest photo that is written is the operator's to say") {
    const Desk desk;
    REQUIRE(desk.run("sim new --kind kartsaz-piv card.body").code == 0);
    const std::string write = "personalize record/record.json -p piv -r sim:card.body --journal journal";
    const auto small = desk.run(write + " --photo-budget 15000");
    CHECK(small.code == 3);
    CHECK(small.err.find("the budget is 15000") != std::string::npos);
    CHECK(desk.run(write + " --photo-budget 16000").code == 0);
    const std::string judge = "verify -r sim:card.body --expect record/record.json";
    CHECK(desk.run(judge + " --photo-budget 15000").code == 3);
    CHECK(desk.run(judge + " --photo-budget 16000").code == 0);
    CHECK(desk.run(write + " --photo-budget 10").code == 2);
}

}  // namespace kartsaz::test
