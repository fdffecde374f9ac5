// SPDX-License-Identifier: Apache-2.0
// A card whose holder has a PIN of his own, as the PIN letter tells him to, in the hands of a station.
#include <catch2/catch.hpp>
#include <sys/stat.h>

#include "keys/card_identity.h"
#include "keys/key_store.h"
#include "keys/pin.h"
#include "libcard/sim/body.h"
#include "tests/unit/tools/program.h"

namespace kartsaz::test {
namespace {

using Catch::Contains;

const std::string to_card = " record/record.json -r sim:card.body --journal journal -p ./";

/// A profile whose certificates live so long and are renewed so early.
void write_profile(const Desk& desk, const std::string& name, const std::string& keys, int days, int early) {
    desk.write(name, "name = \"held\"\ntitle = \"held\"\napplications = [\"pkcs15\"]\n[pkcs15]\nkeys = \"" +
                         keys + "\"\n[pkcs15.certificate]\nvalidity_days = " + std::to_string(days) +
                         "\nrenew_before_days = " + std::to_string(early) + "\n");
}

/// For the owner's eyes only, as the program wants it.
void write_secret(const Desk& desk, const std::string& name, const std::string& text) {
    desk.write(name, text + "\n");
    REQUIRE(::chmod((desk / name).c_str(), 0600) == 0);
}

std::string padded(Bytes pin) {
    pin.resize(16, 0);
    return to_hex(pin);
}

unsigned send(sim::Body& body, const std::string& hex) {
    const Bytes answer = body.transmit(from_hex(hex));
    return static_cast<unsigned>(big_endian(ByteView{answer}.last(2)));
}

/// 3 as long as nobody was wrong.
unsigned tries_left(const Desk& desk) {
    const auto body = sim::Body::open(desk / "card.body");
    body->power_on();
    send(*body, "00A404000CF276A288BCFBA69D34F31001");
    return send(*body, "00200001") & 0xFU;
}

/// The holder chooses a PIN.
void choose_pin(const Desk& desk, const std::string& own) {
    const auto number = desk.json("record/record.json").at("document_number").get<std::string>();
    const auto store = keys::development_keys();
    const auto pin = keys::derive_pin(store->keyset("pin"), "pin", keys::identity_of_card("", number), 6);
    const auto delivered = pin.reveal([](ByteView bytes) { return Bytes(bytes.begin(), bytes.end()); });
    const auto body = sim::Body::open(desk / "card.body");
    body->power_on();
    REQUIRE(send(*body, "00A404000CF276A288BCFBA69D34F31001") == 0x9000);
    REQUIRE(send(*body, "0024000120" + padded(delivered) + padded(to_bytes(own))) == 0x9000);
}

/// A finished card with the holder's PIN 80808080, whose certificate is due for the profile later.toml.
void make_card(const Desk& desk) {
    REQUIRE(desk.run("sim new --like isoapplet card.body").code == 0);
    write_profile(desk, "first.toml", "signature", 30, 1);
    write_profile(desk, "later.toml", "signature", 1095, 60);
    write_profile(desk, "two.toml", "signature authentication", 1095, 60);
    write_secret(desk, "own", "80808080");
    write_secret(desk, "wrong", "70707070");
    const auto made = desk.run("personalize" + to_card + "first.toml");
    INFO(made.err);
    REQUIRE(made.code == 0);
    choose_pin(desk, "80808080");
}

}  // namespace

TEST_CASE("with --pin-file a card with the holder's own PIN is renewed and given a further key") {
    const Desk desk;
    make_card(desk);
    const auto renewed = desk.run("personalize" + to_card + "later.toml --pin-file own --receipt r.json");
    INFO(renewed.err);
    CHECK(renewed.code == 0);
    CHECK_THAT(renewed.out, Contains("Card written"));
    CHECK(desk.text("r.json").find("80808080") == std::string::npos);
    CHECK(desk.text("r.json").find("3830383038303830") == std::string::npos);
    const auto further = desk.run("update" + to_card + "two.toml --pin-file own");
    INFO(further.err);
    CHECK(further.code == 0);
    CHECK(desk.run("sim show card.body").json().at("signature").at("keys").size() == 2);
    CHECK(tries_left(desk) == 3);
    CHECK(desk.run("verify -r sim:card.body --pin-file own --expect record/record.json").code == 0);
}

TEST_CASE("without --pin-file the refusal names it, and the delivered PIN is tried once and not again") {
    const Desk desk;
    make_card(desk);
    const auto first = desk.run("personalize" + to_card + "later.toml");
    CHECK(first.code == 6);
    CHECK_THAT(first.err, Contains("--pin-file") && Contains("63C2"));
    CHECK(tries_left(desk) == 2);
    // by the journal
    const auto again = desk.run("personalize" + to_card + "later.toml");
    CHECK(again.code == 6);
    CHECK_THAT(again.err, Contains("--pin-file") && Contains("--release-failed-authentication"));
    CHECK_THAT(again.err, Contains("refused the PIN it was delivered with"));
    CHECK(tries_left(desk) == 2);
    // what needs no PIN needs no release
    const auto nothing = desk.run("personalize" + to_card + "first.toml");
    INFO(nothing.err);
    CHECK(nothing.code == 0);
    CHECK_THAT(nothing.out, Contains("Nothing to do"));
    CHECK(desk.run("personalize" + to_card + "later.toml").code == 6);
    // by the tries that the card has left
    const auto released = desk.run("personalize" + to_card + "later.toml --release-failed-authentication");
    CHECK(released.code == 6);
    CHECK_THAT(released.err, Contains("--pin-file") && Contains("2 of 3 tries"));
    CHECK(tries_left(desk) == 2);
    const auto own =
        desk.run("personalize" + to_card + "later.toml --release-failed-authentication --pin-file own");
    INFO(own.err);
    CHECK(own.code == 0);
    CHECK(tries_left(desk) == 3);
}

TEST_CASE("after a refusal of the delivered PIN the holder's own needs no release") {
    const Desk desk;
    make_card(desk);
    REQUIRE(desk.run("personalize" + to_card + "later.toml").code == 6);
    const auto own = desk.run("personalize" + to_card + "later.toml --pin-file own");
    INFO(own.err);
    CHECK(own.code == 0);
    CHECK(tries_left(desk) == 3);
    // it is not forgotten: the delivered one is not the card's
    const auto without = desk.run("update" + to_card + "two.toml");
    CHECK(without.code == 6);
    CHECK_THAT(without.err, Contains("--pin-file") && Contains("--release-failed-authentication"));
    CHECK(tries_left(desk) == 3);
    CHECK(desk.run("update" + to_card + "two.toml --pin-file own").code == 0);
}

TEST_CASE("after a refusal of the delivered PIN a wrong one of --pin-file is tried once and not again") {
    const Desk desk;
    make_card(desk);
    const auto released = [&] { return desk.run("personalize" + to_card + "later.toml --pin-file own"); };
    CHECK(desk.run("personalize" + to_card + "later.toml").code == 6);
    CHECK(desk.run("personalize" + to_card + "later.toml --pin-file wrong").code == 6);
    CHECK(tries_left(desk) == 1);
    CHECK(released().code == 6);
    CHECK(desk.run("personalize" + to_card + "later.toml --pin-file own --release-failed-authentication")
              .code != 0);
    CHECK(tries_left(desk) == 1);
}

TEST_CASE("a wrong PIN of --pin-file is told and remembered, and one of no possible length is not sent") {
    const Desk desk;
    make_card(desk);
    const auto wrong = desk.run("personalize" + to_card + "later.toml --pin-file wrong");
    CHECK(wrong.code == 6);
    CHECK_THAT(wrong.err, Contains("the holder's") && Contains("2 left"));
    CHECK(wrong.err.find("70707070") == std::string::npos);
    CHECK(desk.run("personalize" + to_card + "later.toml --pin-file wrong").code == 6);
    CHECK(tries_left(desk) == 2);
    write_secret(desk, "long", "12345678901234567");
    const auto released = " --release-failed-authentication --pin-file ";
    const auto longer = desk.run("personalize" + to_card + "later.toml" + released + "long");
    CHECK(longer.code == 2);
    CHECK_THAT(longer.err, Contains("the PIN has 4 to 16 characters"));
    write_secret(desk, "short", "123");
    CHECK(desk.run("personalize" + to_card + "later.toml" + released + "short").code == 2);
    CHECK(tries_left(desk) == 2);
    CHECK(desk.run("personalize" + to_card + "later.toml" + released + "own").code == 0);
}

TEST_CASE("on a chip with a name the journal knows that the PIN is the holder's, and no try is spent") {
    const Desk desk;
    REQUIRE(desk.run("sim new card.body").code == 0);
    const auto with = [&](const char* name, int days, int early) {
        desk.write(name,
                   "name = \"named\"\ntitle = \"named\"\napplications = [\"globalplatform\", \"pkcs15\"]\n"
                   "[globalplatform]\ncard_state = \"SECURED\"\n[pkcs15]\nchannel = \"scp03\"\n"
                   "[pkcs15.certificate]\nvalidity_days = " +
                       std::to_string(days) + "\nrenew_before_days = " + std::to_string(early) + "\n");
    };
    with("first.toml", 30, 1);
    with("later.toml", 60, 40);
    with("last.toml", 1095, 70);
    write_secret(desk, "own", "80808080");
    const auto made = desk.run("personalize" + to_card + "first.toml --receipt r.json");
    INFO(made.err);
    REQUIRE(made.code == 0);
    const auto chip = desk.json("r.json").at("chip").get<std::string>();
    const auto store = keys::development_keys();
    const auto pin = keys::derive_pin(store->keyset("pin"), "pin", keys::identity_of_card(chip, ""), 6);
    const auto delivered = pin.reveal([](ByteView bytes) { return Bytes(bytes.begin(), bytes.end()); });
    {
        const auto body = sim::Body::open(desk / "card.body");
        body->power_on();
        REQUIRE(send(*body, "00A404000CF276A288BCFBA69D34F31001") == 0x9000);
        REQUIRE(send(*body, "0024000120" + padded(delivered) + padded(to_bytes("80808080"))) == 0x9000);
    }
    CHECK(desk.run("personalize" + to_card + "later.toml --pin-file own").code == 0);
    const auto without = desk.run("personalize" + to_card + "last.toml");
    CHECK(without.code == 6);
    CHECK_THAT(without.err, Contains("journal") && Contains("--pin-file"));
    CHECK(tries_left(desk) == 3);
    CHECK(desk.run("personalize" + to_card + "last.toml --pin-file own").code == 0);
}

TEST_CASE("a folder of PIN letters that cannot be made is found before anything is written") {
    const Desk desk;
    REQUIRE(desk.run("sim new --like isoapplet card.body").code == 0);
    desk.write("text", "text");
    const auto before = desk.everything();
    for (const std::string folder : {"text/letters", "text/a/b"}) {
        INFO(folder);
        const auto outcome = desk.run(
            "personalize record/record.json -r sim:card.body -p signature --mailer text "
            "--journal journal --pin-letters " +
            folder);
        CHECK(outcome.code == 7);
        CHECK_THAT(outcome.err, Contains(folder + ": cannot be made"));
    }
    CHECK(desk.everything() == before);
}

}  // namespace kartsaz::test
