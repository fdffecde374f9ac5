// SPDX-License-Identifier: Apache-2.0
// Instances made from packages that the card maker has loaded.
#include <catch2/catch.hpp>

#include <algorithm>

#include "apdu/decorator.h"
#include "libcard/reader/sim_transport.h"
#include "tests/support/vectors.h"
#include "tests/unit/globalplatform/card.h"

using namespace kartsaz;
using namespace kartsaz::test;
using Catch::Contains;
using sim::Faults;

namespace {

const std::string passport = "install = \"A00000024710/A0000002471001/A0000002471001\"";
const std::string both =
    "install = \"A00000024710/A0000002471001/A0000002471001 "
    "F276A288BCFBA69D34F310/F276A288BCFBA69D34F31001/F276A288BCFBA69D34F31001\"";

/// Counts the INSTALL commands by what the card does with them.
unsigned installs(const perso::Receipt& receipt) {
    return static_cast<unsigned>(
        std::ranges::count_if(receipt.steps, [](const auto& step) { return step.id.ends_with("/install"); }));
}

}  // namespace

TEST_CASE("a bare body gets its applications, then its content, in one call") {
    const std::uint8_t scp = GENERATE(std::uint8_t{2}, std::uint8_t{3});
    INFO("SCP0" << static_cast<int>(scp));
    const auto card = body(scp, {}, true);
    CHECK(told(*card, "/passport/instance").empty());
    const Desk desk{profile_text("03", both)};
    const auto receipt = desk.personalize(*card);
    CHECK(receipt.complete);
    CHECK(installs(receipt) == 2);
    CHECK(told(*card, "/passport/instance") == "A0000002471001");
    CHECK(told(*card, "/signature/instance") == "F276A288BCFBA69D34F31001");
    CHECK(told(*card, "/life_cycle") == "SECURED");
    CHECK(desk.faults(*card) == "");
    CHECK(receipt.secrets.contains("globalplatform/issuer-keys/put-key"));
    CHECK(receipt.files.contains("emrtd/EF.DG1"));
    const auto again = desk.personalize(*card);
    CHECK(again.steps.empty());
}

TEST_CASE("an instance that is there is left alone, and one that is missing is made beside it") {
    const auto card = body(3);
    CHECK(installs(Desk{profile_text("03", both)}.personalize(*card)) == 0);
    // the same package under another instance AID: this card makes one instance of each
    const auto other = body(3, {}, true);
    const Desk first{profile_text("03", passport)};
    CHECK(installs(first.personalize(*other)) == 1);
    CHECK(told(*other, "/signature/instance").empty());
    CHECK(installs(first.personalize(*other)) == 0);
}

TEST_CASE("a dry run of a bare body ends with the installation and says so") {
    const auto card = body(3, {}, true);
    const Desk desk{profile_text("03", passport)};
    const auto before = card->snapshot();
    const auto prepared = desk.prepare(*card);
    CHECK(prepared.plan.look_again);
    REQUIRE(prepared.plan.steps.size() == 4);
    CHECK(prepared.plan.steps[0].label.starts_with("card keys:"));
    CHECK(prepared.plan.steps[1].label == "instance A0000002471001: install from package A00000024710");
    CHECK(prepared.plan.steps[1].phase == perso::Phase::install);
    CHECK(prepared.plan.steps[3].label == "card life cycle: SECURED");
    CHECK(told(*card, "/passport/instance").empty());
    card->restore(before);
    // what was prepared can be executed: it goes on to the end by itself, and its first part costs what it
    // said
    const auto link = reader::sim_transport(*card);
    auto again = perso::prepare(*link, desk.run());
    CHECK(perso::execute(*link, again, desk.run()).complete);
    CHECK(desk.faults(*card) == "");
}

TEST_CASE("a bare body torn at any command is completed by the same call, each instance made once") {
    const std::uint8_t scp = GENERATE(std::uint8_t{2}, std::uint8_t{3});
    INFO("SCP0" << static_cast<int>(scp));
    const Desk desk{profile_text("03", both)};
    const auto count = apdus(desk, *body(scp, {}, true));
    REQUIRE(count > 30);
    for (std::uint64_t at = 1; at <= count; ++at) {
        for (const auto kind : {Faults::Kind::cut_before, Faults::Kind::drop_response}) {
            CAPTURE(at, static_cast<int>(kind));
            const auto folder = test::scratch_dir() / "install-tear";
            std::filesystem::remove_all(folder);
            perso::Journal journal{folder};
            const auto card = body(scp, {}, true);
            card->set_faults({{kind, at, 0}});
            std::optional<Errc> code;
            try {
                desk.personalize(*card, &journal);
            } catch (const Error& error) {
                code = error.code();
            }
            REQUIRE(code);
            CHECK((code == Errc::interrupted || code == Errc::card_removed));
            // once something was written, the operator is told that the same call goes on
            if (told(*card, "/passport/instance") == "A0000002471001") CHECK(code == Errc::interrupted);
            card->set_faults({});
            REQUIRE(desk.personalize(*card, &journal).complete);
            CHECK(told(*card, "/keysets/0/tries_left") == "10");
            CHECK(told(*card, "/passport/locked") == "true");
            CHECK(desk.prepare(*card).plan.empty());
        }
    }
}

TEST_CASE("what cannot be installed is refused before anything is written") {
    const auto untouched = [](const std::string& option, const std::string& words) {
        const auto card = body(3, {}, true);
        const auto [code, text] = Desk{profile_text("03", option)}.refusal(*card);
        CHECK(code == Errc::card_refused);
        CHECK_THAT(text, Contains(words));
        CHECK(told(*card, "/keysets/0/transport") == "true");
        CHECK(told(*card, "/life_cycle") == "OP_READY");
    };
    untouched("install = \"A00000024799/A0000002479901/A0000002479901\"",
              "the package A00000024799 is not on this card");
    untouched("", "there is no passport application");
}

TEST_CASE("an INSTALL that the card refuses stops the work, and a module that is not there is named by it") {
    const auto card = body(3, {}, true);
    const Desk desk{profile_text("03", "install = \"A00000024710/A0000002471077/A0000002471001\"")};
    const auto [code, text] = desk.refusal(*card);
    CHECK(code == Errc::card_refused);
    CHECK_THAT(text, Contains("6A88") && Contains("instance A0000002471001"));
    CHECK(Desk{profile_text("03", passport)}.personalize(*card).complete);
}

TEST_CASE("a card that takes INSTALL and forgets the instance is not written on for ever") {
    /// Falls back, with each reset, to what it was before INSTALL.
    class Forgetful final : public apdu::TransportDecorator {
    public:
        Forgetful(apdu::Transport& below, sim::Body& body) : TransportDecorator{below}, body_{body} {}
        apdu::ResponseApdu transmit(const apdu::CommandApdu& command) override {
            constexpr std::uint8_t ins_install = 0xE6;
            if (command.ins == ins_install) {
                before_ = body_.snapshot();
                ++asked;
            }
            return below().transmit(command);
        }
        Bytes reset() override {
            if (!before_.empty()) body_.restore(before_);
            return below().reset();
        }
        unsigned asked = 0;

    private:
        sim::Body& body_;
        Bytes before_;
    };
    const auto card = body(3, {}, true);
    const auto link = reader::sim_transport(*card);
    Forgetful forgetful{*link, *card};
    CHECK_THROWS_WITH(perso::personalize(forgetful, Desk{profile_text("03", passport)}.run()),
                      Contains("does not show them"));
    CHECK(forgetful.asked == 4);
    CHECK(told(*card, "/passport/files") == "[]");
}
