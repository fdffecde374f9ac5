// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <algorithm>

#include "good_signature.h"
#include "signature_verdicts.h"

using namespace kartsaz;
using namespace kartsaz::test;
using verify::Outcome;

TEST_CASE("a PIN that the holder changed is noted, and nothing else is", "[verify]") {
    GoodSignature card;
    card.holder_pin();
    const auto report = card.judge();
    noted(report, "pkcs15.pin.holder");
    CHECK(report.findings.size() == 1);
    CHECK(report.findings.front().text ==
          "the holder has changed the PIN: it is not the transport PIN of 6 digits. Its keys were "
          "not challenged");
    CHECK(outcome_of(report, "pkcs15.key.possession") == Outcome::skipped);
    CHECK(outcome_of(report, "pkcs15.key.orphan") == Outcome::skipped);
    CHECK(outcome_of(report, "pkcs15.pin.tries") == Outcome::passed);
}

TEST_CASE("a transport PIN of a length that was only assumed says so when it is refused", "[verify]") {
    GoodSignature card;
    card.holder_pin();
    card.facts()["pin.assumed"] = "length";
    const auto report = card.judge();
    noted(report, "pkcs15.pin.holder");
    CHECK(report.findings.size() == 1);
    CHECK(report.findings.front().text ==
          "the transport PIN of 6 digits was refused: the holder has changed it, or it was made with another "
          "length (--profile tells, and --receipt of its first writing). Its keys were not challenged");
}

TEST_CASE("the transport PIN in place is a note", "[verify]") {
    GoodSignature card;
    card.facts()["pin.state"] = "transport";
    noted(card.judge(), "pkcs15.pin.holder");
    card.own = false;  // whoever takes the issuer's transport PIN is the issuer's own
    card.keys[0].access = 0;
    card.write();
    CHECK_FALSE(card.judge().accept);
}

TEST_CASE("keys that were not challenged are notes with the reason, never failed", "[verify]") {
    GoodSignature card;
    card.holder_pin();
    card.facts()["pin.state"] = "not tried";
    card.facts()["pin.why"] = "one try is left, and the last one is never spent";
    card.facts()["pin.tries"] = card.facts()["pin.tries.after"] = "1";
    const auto report = card.judge();
    CHECK(report.accept);
    CHECK(report.findings.size() == 3);  // the tries, and two keys
    CHECK(texts(report).find("pkcs15.key.possession: key \"signature\" was not challenged: it needs the PIN "
                             "(one try is left") != std::string::npos);
    for (const auto& result : report.results) {
        if (result.check != "pkcs15.key.possession" && result.check != "pkcs15.pin.holder") continue;
        CHECK(result.outcome == (result.check == "pkcs15.pin.holder" ? Outcome::skipped : Outcome::noted));
        CHECK(result.evidence.find("never spent") != std::string::npos);
    }
}

TEST_CASE("a given PIN that was accepted tells whose it is, and tries spent before are no warning",
          "[verify]") {
    GoodSignature card;
    REQUIRE(card.facts()["pin.state"] == "verified");
    card.facts()["pin.tries"] = "2";
    CHECK(card.judge().findings.empty());
    card.facts()["pin.given"] = "changed";
    auto report = card.judge();
    noted(report, "pkcs15.pin.holder");
    CHECK(report.findings.size() == 1);
    CHECK_THAT(report.findings.front().text, Catch::Contains("the holder has changed it"));
    card.facts()["pin.given"] = "transport";
    report = card.judge();
    noted(report, "pkcs15.pin.holder");
    CHECK_THAT(report.findings.front().text, Catch::Contains("has not changed it yet"));
}

TEST_CASE("a given PIN that the card refused is a warning", "[verify]") {
    GoodSignature card;
    card.holder_pin();
    card.facts()["pin.state"] = "refused";
    warned(card.judge(), "pkcs15.pin.holder");
}

TEST_CASE("a card without a PIN, or with a blocked one, is refused", "[verify]") {
    GoodSignature none;
    none.own = false;
    none.holder_pin();
    none.facts()["pin.status"] = "9000";
    none.facts()["pin.state"] = "none";
    none.facts().erase("pin.tries");
    none.facts().erase("pin.tries.after");
    only(none.judge(), "pkcs15.pin.set", "chip");

    GoodSignature blocked;
    blocked.own = false;
    blocked.holder_pin();
    blocked.facts()["pin.status"] = "63C0";
    blocked.facts()["pin.state"] = "blocked";
    blocked.facts()["pin.tries"] = blocked.facts()["pin.tries.after"] = "0";
    only(blocked.judge(), "pkcs15.pin.blocked", "chip");
}

TEST_CASE("fewer tries than all are a warning, and a state that is not told is skipped", "[verify]") {
    GoodSignature card;
    card.holder_pin();
    card.facts()["pin.state"] = "not tried";
    card.facts()["pin.tries"] = card.facts()["pin.tries.after"] = "2";
    CHECK(texts(card.judge()).find("2 tries of the PIN are left") != std::string::npos);
    GoodSignature silent;
    silent.holder_pin();
    silent.facts().erase("pin.tries");
    silent.facts().erase("pin.tries.after");
    silent.facts()["pin.status"] = "6D00";
    silent.facts()["pin.state"] = "not tried";
    silent.facts()["pin.why"] = "the card does not tell how many tries are left";
    const auto report = silent.judge();
    const auto only_unchallenged = [](const verify::Report& told) {
        return !told.findings.empty() && std::ranges::all_of(told.findings, [](const auto& finding) {
            return finding.check == "pkcs15.key.possession" && finding.severity == verify::Severity::note;
        });
    };
    CHECK(only_unchallenged(report));
    for (const char* check : {"pkcs15.pin.set", "pkcs15.pin.blocked", "pkcs15.pin.tries"})
        CHECK(outcome_of(report, check) == Outcome::skipped);
    // nonsense in a dump is no number
    silent.facts()["pin.tries"] = silent.facts()["pin.tries.after"] = "99999999999999999999";
    CHECK(only_unchallenged(silent.judge()));
}

TEST_CASE("the state of the PUK is not asked, and the report says so", "[verify]") {
    CHECK(outcome_of(GoodSignature{}.judge(), "pkcs15.puk") == Outcome::skipped);
}

TEST_CASE("a key that signs without the PIN is refused", "[verify]") {
    GoodSignature card;
    card.own = false;
    card.facts()["key.1.plain.sw"] = "9000";
    only(card.judge(), "pkcs15.access.keys", "chip");
    card.facts().erase("key.0.plain.sw");
    card.facts().erase("key.1.plain.sw");
    CHECK(outcome_of(card.judge(), "pkcs15.access.keys") == Outcome::skipped);
}

TEST_CASE("a file that everybody may change or delete is refused on ours and noted on others", "[verify]") {
    struct Case {
        const char* rule;
        bool open;
    };
    for (const auto& [rule, open] :
         {Case{"FF90FFFFFF900000", true}, Case{"FF00FFFFFF909000", true}, Case{"FF90FFFFFF009000", true},
          Case{"FF00000000000000", true}, Case{"FF90FF00FF909000", false}, Case{"FFFFFFFFFFFFFFFF", false},
          Case{"9000", false}}) {
        GoodSignature card;
        card.facts()["acl.4402"] = rule;
        INFO(rule);
        if (open) {
            only(card.judge(), "pkcs15.access.files", "EF.4402");
            card.own = false;
            noted(card.judge(), "pkcs15.access.files");
        } else {
            CHECK(card.judge().findings.empty());
        }
    }
    GoodSignature several;
    several.own = false;
    for (const char* file : {"acl.2F00", "acl.4402", "acl.5015"}) several.facts()[file] = "FF00000000000000";
    const auto report = several.judge();
    noted(report, "pkcs15.access.files");
    REQUIRE(report.findings.size() == 1);
    CHECK_THAT(report.findings.front().text, Catch::Contains("files 2F00, 4402, 5015: delete, terminate"));
    GoodSignature silent;
    std::erase_if(silent.facts(), [](const auto& fact) { return fact.first.starts_with("acl."); });
    CHECK(outcome_of(silent.judge(), "pkcs15.access.files") == Outcome::skipped);
}
