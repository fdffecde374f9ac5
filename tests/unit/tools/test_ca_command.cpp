// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "keys/issuer.h"
#include "keys/x509_split.h"
#include "tests/support/offline_ca.h"
#include "tests/unit/tools/program.h"

namespace {

using namespace kartsaz;
using Catch::Contains;
using kartsaz::test::Desk;
using kartsaz::test::OfflineCa;
using kartsaz::test::spooled_requests;

void passphrase(const Desk& desk) {
    desk.write("pass", "correct horse\n");
    ::chmod((desk / "pass").c_str(), 0600);
}

const std::string with_keys = " --keys issuer.keys --passphrase-file pass";

Bytes der(const Desk& desk, const std::string& file) {
    return keys::split_certificates(to_bytes(desk.text(file)), file).at(0);
}

}  // namespace

TEST_CASE("an issuer's authorities are made once, and cards, CRLs and books follow from them") {
    const Desk desk;
    passphrase(desk);
    const auto made = desk.run("ca init ca --organization Office --algorithm ec-p256" + with_keys);
    INFO(made.err);
    REQUIRE(made.code == 0);
    CHECK(made.out.find("PRIVATE") == std::string::npos);
    keys::TrustAnchors country;
    country.add_certificate(der(desk, "ca/csca.pem"), "csca");
    country.add_crl(to_bytes(desk.text("ca/csca.crl")), "crl");
    const auto now = keys::certificate_facts(der(desk, "ca/csca.pem")).not_before;
    CHECK(country.check(der(desk, "ca/document-signer.pem"), now, true).verdict ==
          keys::TrustAnchors::Verdict::ok);
    const auto before = desk.everything();
    CHECK(desk.run("ca init ca" + with_keys).code == 6);
    CHECK(desk.everything() == before);

    const auto citizens = desk.run("ca list --ca-folder ca --json" + with_keys);
    REQUIRE(citizens.code == 0);
    CHECK(citizens.json().at("certificates").empty());
    const auto signers = desk.run("ca list --of csca --ca-folder ca --json" + with_keys).json();
    CHECK(signers.at("certificates").at(0).at("slot") == "document-signer");

    const std::string serial = signers.at("certificates").at(0).at("serial");
    CHECK(desk.run("ca revoke " + serial + " --reason nothing --of csca --ca-folder ca" + with_keys).code ==
          2);
    CHECK(desk.run("ca revoke 00 --reason superseded --of csca --ca-folder ca" + with_keys).code == 3);
    CHECK(desk.run("ca revoke " + serial + " --reason keyCompromise --of csca --ca-folder ca" + with_keys)
              .code == 0);
    const auto again =
        desk.run("ca revoke " + serial + " --reason superseded --of csca --ca-folder ca --json" + with_keys);
    CHECK(again.json().at("before") == true);
    CHECK(again.json().at("reason") == 1);
    const auto crl = desk.run("ca crl --of csca --ca-folder ca --out new.crl --json" + with_keys);
    REQUIRE(crl.code == 0);
    CHECK(crl.json().at("number") == 2);
    country.add_crl(to_bytes(desk.text("new.crl")), "crl");
    CHECK(country.check(der(desk, "ca/document-signer.pem"), now + 60, true).verdict ==
          keys::TrustAnchors::Verdict::revoked);
}

TEST_CASE("all certificates of a card are revoked by its name, and of no other card") {
    const Desk desk;
    const std::string house = " --ca-folder ca";
    for (const std::string card : {"one", "two"}) {
        REQUIRE(desk.run("sim new " + card + ".body --serial 0000000" + (card == "one" ? "1" : "2")).code ==
                0);
        REQUIRE(desk.run("personalize record/record.json -p national-eid -r sim:" + card +
                         ".body --journal " + card + house)
                    .code == 0);
    }
    const auto states = [&] {
        std::map<std::string, std::set<std::string>> out;
        const auto told = desk.run("ca list --json" + house).json();
        for (const auto& one : told.at("certificates")) out[one.at("chip")].insert(one.at("state"));
        return out;
    };
    const auto before = states();
    REQUIRE(before.size() == 2);
    const auto chip = before.begin()->first;
    CHECK(desk.run("ca revoke --reason superseded" + house).code == 2);
    CHECK(desk.run("ca revoke 01 --chip x --reason superseded" + house).code == 2);
    CHECK(desk.run("ca revoke --chip nobody --reason superseded" + house).code == 3);
    CHECK(states() == before);
    const auto done = desk.run("ca revoke --chip " + chip + " --reason cessationOfOperation --json" + house);
    REQUIRE(done.code == 0);
    CHECK(!done.json().at("revoked").empty());
    const auto after = states();
    for (const auto& [name, each] : after) {
        for (const auto& state : each) CHECK((state.find("revoked") != std::string::npos) == (name == chip));
    }
    const auto again = desk.run("ca revoke --chip " + chip + " --reason superseded --json" + house);
    CHECK(again.code == 0);
    CHECK(again.json().at("revoked").empty());
}

TEST_CASE("books that are not there are not made by looking, and no key is made without a place for it") {
    const Desk desk;
    passphrase(desk);
    CHECK(desk.run("ca init ca").code == 2);
    CHECK(desk.run("ca init ca --algorithm dsa" + with_keys).code == 2);
    CHECK(desk.run("ca init ca --country iran" + with_keys).code == 3);
    CHECK(desk.run("ca init pass" + with_keys).code == 7);
    CHECK_FALSE(std::filesystem::exists(desk / "issuer.keys"));
    CHECK_FALSE(std::filesystem::exists(desk / "ca"));
    const auto before = desk.everything();
    for (const std::string line : {"list", "crl --out x.crl", "revoke 01 --reason superseded", "pending"}) {
        const auto outcome = desk.run("ca " + line + " --ca-folder nowhere");
        CHECK(outcome.code == 7);
        CHECK_THAT(outcome.err, Contains("nowhere"));
    }
    CHECK(desk.run("ca list --of root").code == 2);
    CHECK(desk.everything() == before);
}

TEST_CASE("a card waits for an offline CA with its key made, and the same call goes on with the answer") {
    const Desk desk;
    const OfflineCa ca;
    desk.write("ca.pem", ca.certificate_pem());
    REQUIRE(desk.run("sim new --like isoapplet card.body").code == 0);
    const std::string call =
        "personalize record/record.json -r sim:card.body -p signature --journal journal --spool spool "
        "--ca-certificate ca.pem --json";
    const auto dry = desk.run(call + " --dry-run");
    CHECK(dry.code == 0);
    CHECK_FALSE(std::filesystem::exists(desk / "spool"));

    for (int i = 0; i < 2; ++i) {
        const auto waits = desk.run(call);
        CHECK(waits.code == 8);
        CHECK_THAT(waits.err, Contains("csr.pem"));
    }
    const auto ids = spooled_requests(desk / "spool");
    REQUIRE(ids.size() == 1);
    const auto open = desk.run("ca pending --ca-folder journal/ca --json");
    REQUIRE(open.code == 0);
    CHECK(open.json().at("waiting").size() == 1);
    CHECK(open.json().at("to_revoke").empty());

    desk.write("spool/" + ids[0] + ".pem", desk.text("ca.pem"));
    const auto wrong = desk.run(call);
    CHECK(wrong.code == 6);
    CHECK_THAT(wrong.err, Contains("not what was ordered"));
    desk.write("spool/" + ids[0] + ".pem", ca.answer(desk / "spool", ids[0]));
    CHECK(desk.run(call).code == 0);
    const auto done = desk.run(call);
    CHECK(done.code == 0);
    CHECK(done.json().at("steps").empty());
    CHECK(desk.run("ca pending --ca-folder journal/ca --json").json().at("waiting").empty());
}

TEST_CASE(
    "options about certificates and letters that contradict each other are refused before a card is asked") {
    const Desk desk;
    REQUIRE(desk.run("sim new --like isoapplet card.body").code == 0);
    const std::string call =
        "personalize record/record.json -r sim:card.body -p signature --journal journal ";
    desk.write("text", "text");
    const auto before = desk.everything();
    CHECK(desk.run(call + "--spool s").code == 2);
    CHECK(desk.run(call + "--ca-certificate text").code == 2);
    CHECK(desk.run(call + "--spool s --ca-certificate text --cmp text").code == 2);
    CHECK(desk.run(call + "--spool s --ca-certificate text").code == 3);
    CHECK(desk.run(call + "--cmp text").code == 3);
    CHECK(desk.run(call + "--pin-letters l").code == 2);
    CHECK(desk.run(call + "--mailer text").code == 2);
    CHECK(desk.run(call + "--pin-letters l --mailer text").code == 3);
    CHECK(desk.run(call + "--pin-letters l --mailer nowhere").code == 3);
    CHECK(desk.run(call + "--ca-folder text").code == 7);
    CHECK(desk.everything() == before);
}

TEST_CASE("the own CA certifies a card, and its ledger lies beside the journal") {
    const Desk desk;
    REQUIRE(desk.run("sim new --like isoapplet card.body").code == 0);
    const auto written = desk.run(
        "personalize record/record.json -r sim:card.body -p signature --journal journal --ca-folder books");
    INFO(written.err);
    REQUIRE(written.code == 0);
    const auto list = desk.run("ca list --ca-folder books --json");
    REQUIRE(list.code == 0);
    REQUIRE(list.json().at("certificates").size() == 1);
    CHECK(list.json().at("certificates").at(0).at("slot") == "signature");
    CHECK(list.json().at("certificates").at(0).at("state") == "valid");
}

TEST_CASE("a card that is begun with one CA and finished with another has one certificate that is valid") {
    namespace fs = std::filesystem;
    const Desk desk;
    const OfflineCa ca;
    desk.write("ca.pem", ca.certificate_pem());
    REQUIRE(desk.run("sim new --like isoapplet card.body").code == 0);
    const auto call = [](const std::string& card) {
        return "personalize record/record.json -r sim:" + card +
               ".body -p signature --ca-folder books --json --journal " + card;
    };
    const std::string outside = " --spool spool --ca-certificate ca.pem";
    const std::string pending = "ca pending --ca-folder books --json";
    const auto state = [&] {
        return desk.run("ca list --ca-folder books --json").json().at("certificates").at(0).at("state");
    };
    REQUIRE(desk.run(call("card") + outside).code == 8);
    const auto ids = spooled_requests(desk / "spool");
    REQUIRE(ids.size() == 1);

    // the own CA certifies the same key; the order elsewhere is given up
    fs::copy(desk / "card.body", desk / "copy.body");
    fs::copy(desk / "card", desk / "copy", fs::copy_options::recursive);
    const auto own = desk.run(call("copy"));
    INFO(own.err);
    REQUIRE(own.code == 0);
    CHECK(state() == "valid");
    CHECK(desk.run(pending).json().at("waiting").at(0).at("abandoned") == true);
    // and its late answer is revoked
    desk.write("spool/" + ids[0] + ".pem", ca.answer(desk / "spool", ids[0]));
    const auto told = desk.run(pending + outside);
    CHECK(told.code == 0);
    CHECK(told.json().at("waiting").empty());
    CHECK(told.json().at("to_revoke").empty());
    CHECK(std::ranges::count_if(fs::directory_iterator{desk / "spool"}, [](const auto& entry) {
              return entry.path().string().find(".revoke-") != std::string::npos;
          }) == 1);

    // the torn card goes on with the outside CA: not with what was revoked, and the own certificate is
    // revoked
    const auto again = desk.run(call("card") + outside);
    CHECK(again.code == 6);
    CHECK_THAT(again.err, Contains("gave again"));
    CHECK(state() == "valid");
    fs::remove(desk / ("spool/" + ids[0] + ".pem"));
    CHECK(desk.run(call("card") + outside).code == 8);
    CHECK(desk.run(pending).json().at("waiting").at(0).at("abandoned") == false);
    CHECK(state() == "valid");
    desk.write("spool/" + ids[0] + ".pem", ca.answer(desk / "spool", ids[0]));
    const auto done = desk.run(call("card") + outside);
    INFO(done.err);
    CHECK(done.code == 0);
    CHECK(state() == "revoked, superseded");
    CHECK(desk.run(pending).json().at("waiting").empty());
}
