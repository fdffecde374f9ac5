// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "good_signature.h"
#include "keys/card_identity.h"
#include "keys/crypto.h"
#include "signature_verdicts.h"

using namespace kartsaz;
using namespace kartsaz::test;
using verify::Outcome;

TEST_CASE("a blank part that nobody demands is a note on a good card", "[verify]") {
    GoodCard card;
    CHECK(outcome_of(card.judge(), "card.parts") == Outcome::skipped);
    card.dump.blank = {"pkcs15"};
    const auto report = card.judge();
    noted(report, "card.parts");
    CHECK(report.findings.front().text == "the signature application is blank, not personalized");

    GoodSignature signature;
    signature.dump.blank = {"emrtd"};
    noted(signature.judge(), "card.parts");
    CHECK(signature.judge().findings.front().text == "the passport application is blank, not personalized");
}

TEST_CASE("a part that is demanded and blank, or not there at all, rejects the card by its name",
          "[verify]") {
    GoodCard card;
    auto context = card.context();
    context.demanded = {
        {"globalplatform", "the receipt"}, {"emrtd", "the receipt"}, {"pkcs15", "the receipt"}};
    only(verify::judge(context), "card.parts", "signature application");
    CHECK(verify::judge(context).findings.front().text ==
          "the signature application is not on the card, and the receipt demands it");
    card.dump.blank = {"pkcs15"};
    only(verify::judge(context), "card.parts", "signature application");
    CHECK(verify::judge(context).findings.front().text ==
          "the signature application is blank, not personalized, and the receipt demands it");
    context.demanded = {{"emrtd", "profile emrtd"}};
    noted(verify::judge(context), "card.parts");
    card.dump.blank.clear();
    CHECK(outcome_of(verify::judge(context), "card.parts") == Outcome::passed);
}

TEST_CASE("keys that receipt or profile names must be on the card, whoever's it seems to be", "[verify]") {
    GoodSignature card;
    card.own = false;
    card.demanded_keys = {
        {"signature", "signature", {}, "profile one"},
        {"signature", {}, to_hex(keys::sha256(card.holders[0].public_key())), "the receipt"}};
    CHECK(card.judge().findings.empty());
    CHECK(outcome_of(card.judge(), "pkcs15.key.demanded") == Outcome::passed);
    for (const auto& wanted : {verify::DemandedKey{"other", "other", {}, "profile one"},
                               verify::DemandedKey{"other", {}, std::string(64, 'A'), "the receipt"}}) {
        card.demanded_keys = {wanted};
        only(card.judge(), "pkcs15.key.demanded", "EF.PrKDF");
        CHECK(card.judge().findings.front().text ==
              "the key \"other\" is not on the card, and " + wanted.who + " demands it");
    }
}

TEST_CASE("our own card without any key is rejected, and known as ours by its access rule", "[verify]") {
    GoodSignature card;
    card.keys.clear();
    card.public_keys.clear();
    card.certificates.clear();
    card.write();
    card.own = false;
    warned(card.judge(), "pkcs15.key.certificate");
    const keys::TrustAnchors nobody;
    verify::Context context{.dump = card.dump, .trust = nobody, .at = card.at};
    only(verify::judge(context), "pkcs15.key.certificate", "EF.PrKDF");
    card.facts().erase("acl.5015");
    context.demanded = {{"pkcs15", "the receipt"}};
    only(verify::judge(context), "pkcs15.key.certificate", "EF.PrKDF");
}

TEST_CASE("a card without a passport that answers to transport keys is rejected where they were to go",
          "[verify]") {
    GoodSignature card;
    app::DumpApplication manager;
    manager.name = "globalplatform";
    manager.facts["keys"] = "transport";
    card.dump.applications.push_back(manager);
    CHECK(outcome_of(card.judge(), "gp.transport-keys") == Outcome::skipped);
    const keys::TrustAnchors nobody;
    verify::Context context{.dump = card.dump, .trust = nobody, .at = card.at};
    context.demanded = {{"globalplatform", "the receipt"}};
    CHECK(outcome_of(verify::judge(context), "gp.transport-keys") == Outcome::failed);
    card.dump.applications.back().facts["keys"] = "issuer";
    CHECK(outcome_of(card.judge(), "gp.transport-keys") == Outcome::passed);
    card.dump.applications.back().facts["keys"] = "unknown";
    CHECK(outcome_of(card.judge(), "gp.transport-keys") == Outcome::skipped);
}

TEST_CASE("what the registered card had must be there still", "[verify]") {
    GoodCard card;
    const GoodSignature signature;
    auto context = card.context();
    context.registered = card.dump;
    context.registered->applications.push_back(signature.dump.applications.front());
    card.dump.blank = {"pkcs15"};
    only(verify::judge(context), "card.parts", "signature application");
    CHECK_THAT(verify::judge(context).findings.front().text,
               Catch::Contains("the registered card demands it"));
}

TEST_CASE("a card on which everything is blank is rejected as such", "[verify]") {
    GoodCard card;
    card.dump.applications.clear();
    card.dump.blank = {"emrtd", "pkcs15"};
    const auto report = card.judge();
    cause(report, "card.kind", "chip");
    CHECK(report.findings.front().text ==
          "nothing on this card is personalized; blank: passport application, signature application");
}

TEST_CASE("a chip without a name is compared with its receipt by its document", "[verify]") {
    GoodCard card;
    card.dump.chip.clear();
    auto context = card.context();
    context.receipt_chip = keys::card_name("", card.record.document_number);
    noted(verify::judge(context), "chip.identity");
    context.receipt_chip = keys::card_name("", "Z99999999");
    only(verify::judge(context), "chip.identity", "chip");
    context.receipt_chip = "4790-D321-8160-20000002";
    only(verify::judge(context), "chip.identity", "chip");
}
