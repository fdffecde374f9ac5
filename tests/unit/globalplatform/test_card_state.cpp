// SPDX-License-Identifier: Apache-2.0
// Cards locked, unlocked and terminated on purpose.
#include <catch2/catch.hpp>

#include <filesystem>

#include "libcard/app/globalplatform/card_state.h"
#include "libcard/reader/sim_transport.h"
#include "tests/support/vectors.h"
#include "tests/unit/globalplatform/card.h"

using namespace kartsaz;
using namespace kartsaz::test;
using namespace kartsaz::app::globalplatform;
using Catch::Contains;
using sim::Faults;

namespace {

constexpr const char* chip = "4790-D321-5340-6417-00C0FFEE";

perso::Journal fresh_journal(const char* name) {
    const auto folder = scratch_dir() / name;
    std::filesystem::remove_all(folder);
    return perso::Journal{folder};
}

/// One call of the program on a card.
bool change(sim::Body& body, CardChange what, const std::string& name = {},
            const perso::Journal* journal = nullptr) {
    const auto link = reader::sim_transport(body);
    const auto keys = keys::development_keys();
    CardStateSession session{*link, *keys, {{}, journal, false}};
    return session.change(what, name);
}

CardStateReport state(sim::Body& body, const perso::Journal* journal = nullptr) {
    const auto link = reader::sim_transport(body);
    const auto keys = keys::development_keys();
    return CardStateSession{*link, *keys, {{}, journal, false}}.report();
}

std::pair<Errc, std::string> refusal(const std::function<void()>& call) {
    try {
        call();
    } catch (const Error& error) {
        return {error.code(), error.what()};
    }
    FAIL("not refused");
    return {Errc::internal, ""};
}

std::unique_ptr<sim::Body> secured_card(std::uint8_t scp) {
    auto card = body(scp);
    Desk{profile_text()}.personalize(*card);
    return card;
}

}  // namespace

TEST_CASE("a finished card is locked and unlocked again, under SCP02 and SCP03, and loses nothing") {
    const std::uint8_t scp = GENERATE(std::uint8_t{2}, std::uint8_t{3});
    INFO("SCP0" << static_cast<int>(scp));
    const auto card = secured_card(scp);
    CHECK(state(*card).life_cycle == CardLifeCycle::secured);
    CHECK(state(*card).keyset == "issuer");
    CHECK(change(*card, CardChange::lock));
    CHECK(told(*card, "/life_cycle") == "CARD_LOCKED");
    CHECK(state(*card).life_cycle == CardLifeCycle::card_locked);
    CHECK_FALSE(change(*card, CardChange::lock));
    CHECK(card->power_on().size() > 0);
    CHECK(to_hex(card->transmit(from_hex("00A4040C07A0000002471001"))) == "6A82");
    CHECK(change(*card, CardChange::unlock));
    CHECK_FALSE(change(*card, CardChange::unlock));
    CHECK(state(*card).life_cycle == CardLifeCycle::secured);
    CHECK(Desk{profile_text()}.faults(*card) == "");
}

TEST_CASE("the state tells chip, protocol and keys of a blank body and writes nothing") {
    const auto card = body(2, 0x15);
    const auto report = state(*card);
    CHECK(report.chip == chip);
    CHECK(keys::in_words(report.form) == "SCP02 i=15");
    CHECK(report.key_version == 0x20);
    CHECK(report.keyset == "transport");
    CHECK(report.life_cycle == CardLifeCycle::op_ready);
    CHECK(told(*card, "/life_cycle") == "OP_READY");
}

TEST_CASE("a card that is not SECURED is not locked, and one that is not locked is not unlocked") {
    const auto card = body(3);
    const auto [code, text] = refusal([&] { change(*card, CardChange::lock); });
    CHECK(code == Errc::card_refused);
    CHECK_THAT(text, Contains("only a SECURED card can be locked") && Contains("nothing was changed"));
    const auto unlock = refusal([&] { change(*card, CardChange::unlock); });
    CHECK_THAT(unlock.second, Contains("the card is OP_READY, not CARD_LOCKED"));
    CHECK(told(*card, "/life_cycle") == "OP_READY");
    CHECK(told(*card, "/keysets/0/tries_left") == "10");
}

TEST_CASE("a card is terminated only by its own name, and is void in the journal then") {
    const auto card = secured_card(3);
    auto journal = fresh_journal("card-state-terminate");
    for (const std::string wrong :
         {"", "4790-D321-5340-6417-00C0FFEF", "4790-d321-5340-6417-00c0ffee", "yes"}) {
        INFO(wrong);
        const auto [code, text] = refusal([&] { change(*card, CardChange::terminate, wrong, &journal); });
        CHECK(code == Errc::usage);
        CHECK_THAT(text, Contains(chip) && Contains("Nothing was changed"));
    }
    CHECK(told(*card, "/life_cycle") == "SECURED");
    CHECK_FALSE(journal.find(chip));
    CHECK(irreversible(CardChange::terminate));
    CHECK_FALSE(irreversible(CardChange::lock));

    CHECK(change(*card, CardChange::terminate, chip, &journal));
    CHECK(told(*card, "/life_cycle") == "TERMINATED");
    const auto entry = journal.find(chip);
    REQUIRE(entry);
    CHECK(entry->stage == "void");
    CHECK(entry->last_step == "globalplatform/card-state/TERMINATED");
    // the card is dead for ever, and says so to whoever asks
    const auto dead = refusal([&] { state(*card); });
    CHECK(dead.first == Errc::card_refused);
    CHECK_THAT(dead.second, Contains("TERMINATED"));
    // what the chip was used for before is not lost
    const Desk desk{profile_text()};
    const auto other = body(3);
    const auto again = refusal([&] { desk.personalize(*other, &journal); });
    CHECK_THAT(again.second, Contains("void by this station's journal"));
}

TEST_CASE("termination works from every state, and of a card of SCP02") {
    for (const std::uint8_t scp : {std::uint8_t{2}, std::uint8_t{3}}) {
        const auto blank = body(scp);
        CHECK(change(*blank, CardChange::terminate, chip));
        CHECK(told(*blank, "/life_cycle") == "TERMINATED");
        const auto locked = secured_card(scp);
        change(*locked, CardChange::lock);
        CHECK(change(*locked, CardChange::terminate, chip));
        CHECK(told(*locked, "/life_cycle") == "TERMINATED");
    }
}

TEST_CASE("a card that refuses to be terminated leaves the journal as it was") {
    const auto card = secured_card(3);
    auto journal = fresh_journal("card-state-refused");
    perso::JournalEntry before;
    before.chip = chip;
    before.stage = "complete";
    before.record_digest = "ABCD";
    before.started = before.updated = "2025-11-21T09:30:00Z";
    journal.save(before);
    const auto start = card->apdu_count();
    state(*card);
    const auto looked = card->apdu_count() - start;
    card->set_faults({{Faults::Kind::answer_sw, looked + 1, 0x6985}});
    const auto [code, text] = refusal([&] { change(*card, CardChange::terminate, chip, &journal); });
    CHECK(code == Errc::card_refused);
    CHECK_THAT(text, Contains("SET STATUS TERMINATED"));
    CHECK(journal.find(chip)->stage == "complete");
    CHECK(told(*card, "/life_cycle") == "SECURED");

    card->set_faults({{Faults::Kind::drop_response, looked + 1, 0}});
    const auto lost = refusal([&] { change(*card, CardChange::terminate, chip, &journal); });
    CHECK(lost.first == Errc::interrupted);
    CHECK(journal.find(chip)->stage == "void");
    CHECK(journal.find(chip)->record_digest == "ABCD");
    CHECK(told(*card, "/life_cycle") == "TERMINATED");
}

TEST_CASE("locking torn at any command leaves the card locked or not, and the same call goes on") {
    const auto card = secured_card(2);
    const auto before = card->snapshot();
    const auto start = card->apdu_count();
    change(*card, CardChange::lock);
    const auto count = card->apdu_count() - start;
    for (std::uint64_t at = 1; at <= count; ++at) {
        for (const auto kind : {Faults::Kind::cut_before, Faults::Kind::cut_after}) {
            CAPTURE(at, static_cast<int>(kind));
            card->restore(before);
            card->set_faults({{kind, at, 0}});
            const auto [code, text] = refusal([&] { change(*card, CardChange::lock); });
            CHECK(code == (at == count ? Errc::interrupted : Errc::card_removed));
            card->set_faults({});
            change(*card, CardChange::lock);
            CHECK(told(*card, "/life_cycle") == "CARD_LOCKED");
            CHECK(told(*card, "/keysets/0/tries_left") == "10");
        }
    }
}

TEST_CASE("a chip that refused an authentication is remembered and left alone until released") {
    const auto card = body(3);
    auto journal = fresh_journal("card-state-hands-off");
    const auto start = card->apdu_count();
    state(*card);
    // the handshake is the last but one exchange before GET STATUS
    const auto looked = card->apdu_count() - start;
    card->set_faults({{Faults::Kind::answer_sw, looked - 1, 0x6300}});
    CHECK(refusal([&] { state(*card, &journal); }).first == Errc::secure_channel);
    REQUIRE(journal.find(chip));
    CHECK(journal.find(chip)->authentication_failed);
    CHECK(journal.find(chip)->stage == "looked at");
    const auto tries = told(*card, "/keysets/0/tries_left");
    const auto [code, text] = refusal([&] { state(*card, &journal); });
    CHECK(code == Errc::keys_failed);
    CHECK_THAT(text, Contains("--release-failed-authentication"));
    CHECK(told(*card, "/keysets/0/tries_left") == tries);
    const auto link = reader::sim_transport(*card);
    const auto keys = keys::development_keys();
    CHECK(CardStateSession(*link, *keys, {{}, &journal, true}).report().life_cycle ==
          CardLifeCycle::op_ready);
}

TEST_CASE("a card without card manager, or with keys that are not ours, is left alone") {
    sim::NewBody applet;
    applet.kind = "jmrtd";
    const auto open = sim::Body::create(applet);
    CHECK_THAT(refusal([&] { state(*open); }).second, Contains("cannot be selected"));
    const auto card = body(3);
    const auto link = reader::sim_transport(*card);
    const auto none = keys::memory_key_store({}, "no keys");
    const auto [code, text] = refusal([&] { CardStateSession(*link, *none, {}); });
    CHECK(code == Errc::keys_failed);
    CHECK_THAT(text, Contains("not in this key store") && Contains("failed attempt"));
    CHECK(told(*card, "/keysets/0/tries_left") == "10");
    sim::NewBody deaf;
    deaf.kind = "jcardengine";
    const auto only_authenticates = sim::Body::create(deaf);
    const auto lock = refusal([&] { change(*only_authenticates, CardChange::lock); });
    CHECK_THAT(lock.second, Contains("does not tell the card's life cycle"));
}
