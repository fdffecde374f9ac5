// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "apdu/decorator.h"
#include "apdu/error.h"
#include "apdu/iso7816.h"
#include "libcard/reader/sim_transport.h"
#include "tests/support/vectors.h"
#include "tests/unit/perso/rotation.h"

namespace kartsaz::test {
namespace {

using app::globalplatform::rotate_keys;
using app::globalplatform::Rotation;
using Catch::Contains;

perso::Journal fresh_journal(const std::string& name) {
    const auto folder = scratch_dir() / name;
    std::filesystem::remove_all(folder);
    return perso::Journal{folder};
}

template <typename Call>
Error thrown(Call&& call) {
    try {
        call();
    } catch (const Error& error) {
        return error;
    }
    throw std::runtime_error{"nothing was thrown"};
}

/// Answers one instruction by a status word, without asking the card.
class Refusing final : public apdu::TransportDecorator {
public:
    Refusing(apdu::Transport& below, std::uint8_t ins, std::uint16_t sw)
        : TransportDecorator{below}, ins_{ins}, sw_{sw} {}
    apdu::ResponseApdu transmit(const apdu::CommandApdu& command) override {
        if (command.ins != ins_) return below().transmit(command);
        return {{}, apdu::StatusWord{sw_}};
    }

private:
    std::uint8_t ins_;
    std::uint16_t sw_;
};

}  // namespace

TEST_CASE("a card goes from the old keys to the new ones in one PUT KEY") {
    for (const std::size_t size : {16U, 24U, 32U}) {
        const auto store = two_versions(keys::KeyType::aes, size);
        const auto body = issued_body(*store);
        REQUIRE(versions_on(*body) == std::vector<int>{old_version});
        const auto journal = fresh_journal("rotate");
        const auto report = rotate(*body, *store, &journal);
        CHECK(report.from == old_version);
        CHECK(report.done == std::vector<std::string>{"put-key 31 -> 32"});
        CHECK(report.kcvs.size() == 20);
        CHECK_FALSE(report.development);
        CHECK(versions_on(*body) == std::vector<int>{new_version});
        CHECK(all_tries_left(*body));
        const auto entry = journal.find(report.chip + " keys");
        REQUIRE(entry);
        CHECK(entry->stage == "complete");
        CHECK(entry->last_step == "holds 32");

        const auto again = rotate(*body, *store, &journal);
        CHECK(again.done.empty());
        CHECK(again.from == new_version);
        CHECK(again.kcvs == report.kcvs);
    }
}

TEST_CASE("the keys of a rotation reach the card in every variant of the channel") {
    const auto store = two_versions();
    for (const unsigned i : {0x00U, 0x10U, 0x20U, 0x30U, 0x60U, 0x70U, 0x01U, 0x71U}) {
        INFO(i);
        const auto body = issued_body(*store, static_cast<std::uint8_t>(i));
        CHECK(rotate(*body, *store).done.size() == 1);
        CHECK(versions_on(*body) == std::vector<int>{new_version});
    }
}

TEST_CASE("a blank card, a card of strangers and a missing version are refused and left as they are") {
    const auto store = two_versions();
    const auto blank = sim::Body::create(sim::NewBody{});
    const auto maker = thrown([&] { rotate(*blank, *store); });
    CHECK(maker.code() == Errc::card_refused);
    CHECK_THAT(maker.what(), Contains("maker's keys") && Contains("personalize"));

    const auto stranger = two_versions();
    const auto body = issued_body(*stranger);
    const auto before = versions_on(*body);
    const auto foreign = thrown([&] { rotate(*body, *store); });
    CHECK(foreign.code() == Errc::keys_failed);
    CHECK_THAT(foreign.what(), Contains("version 31") && Contains("nothing was sent"));
    const auto missing = thrown([&] { rotate(*body, *stranger, nullptr, 0x44); });
    CHECK(missing.code() == Errc::keys_failed);
    CHECK_THAT(missing.what(), Contains("version 44"));
    CHECK(versions_on(*body) == before);
    CHECK(all_tries_left(*body));
}

TEST_CASE("a card does not go back to older keys unless that is asked for") {
    const auto store = two_versions();
    const auto body = issued_body(*store);
    rotate(*body, *store);
    const auto error = thrown([&] { rotate(*body, *store, nullptr, old_version); });
    CHECK(error.code() == Errc::card_refused);
    CHECK_THAT(error.what(), Contains("--older"));
    const auto card = reader::sim_transport(*body);
    Rotation back;
    back.to = old_version;
    back.older = true;
    CHECK(rotate_keys(*card, *store, back, nullptr).done.size() == 1);
    CHECK(versions_on(*body) == std::vector<int>{old_version});
}

TEST_CASE("a card that got the new keys beside the old ones is brought to the new ones alone") {
    const auto store = two_versions();
    const auto body = issued_body(*store);
    put_keys(*body, *store, "issuer", old_version, 0, new_version);
    REQUIRE(versions_on(*body) == std::vector<int>{old_version, new_version});
    const auto report = rotate(*body, *store);
    CHECK(report.done == std::vector<std::string>{"delete-key 31"});
    CHECK(versions_on(*body) == std::vector<int>{new_version});
    CHECK(all_tries_left(*body));
}

TEST_CASE("a card with two old versions ends with the new one alone") {
    const auto store = two_versions(keys::KeyType::aes, 16, true);
    const auto body = issued_body(*store);
    put_keys(*body, *store, "issuer", old_version, 0, new_version);
    const auto report = rotate(*body, *store, nullptr, 0x33);
    CHECK(report.done.size() == 2);
    CHECK(versions_on(*body) == std::vector<int>{0x33});
}

TEST_CASE("a card that refuses PUT KEY or DELETE keeps what it held, and the journal says so") {
    const auto store = two_versions();
    const auto body = issued_body(*store);
    const auto journal = fresh_journal("refused");
    {
        const auto card = reader::sim_transport(*body);
        Refusing refusing{*card, 0xD8, 0x6A80};
        Rotation rotation;
        rotation.to = new_version;
        const auto error = thrown([&] { rotate_keys(refusing, *store, rotation, &journal); });
        CHECK(error.code() == Errc::card_refused);
        CHECK_THAT(error.what(), Contains("put-key 31 -> 32") && Contains("6A80"));
    }
    CHECK(versions_on(*body) == std::vector<int>{old_version});
    CHECK(rotate(*body, *store, &journal).done.size() == 1);
    CHECK(journal.find("4790-D321-5340-0001-00C0FFEE keys").value_or(perso::JournalEntry{}).stage !=
          "refused");
}

TEST_CASE("a refused authentication is remembered, and the chip is left alone until released") {
    const auto store = two_versions();
    const auto body = issued_body(*store);
    const auto journal = fresh_journal("hands-off");
    Rotation rotation;
    rotation.to = new_version;
    {
        const auto card = reader::sim_transport(*body);
        Refusing refusing{*card, 0x82, 0x6300};
        CHECK(thrown([&] { rotate_keys(refusing, *store, rotation, &journal); }).code() ==
              Errc::secure_channel);
    }
    const auto error = thrown([&] { rotate(*body, *store, &journal); });
    CHECK(error.code() == Errc::keys_failed);
    CHECK_THAT(error.what(), Contains("--release-failed-authentication"));
    CHECK(versions_on(*body) == std::vector<int>{old_version});
    rotation.release_failed_authentication = true;
    const auto card = reader::sim_transport(*body);
    CHECK(rotate_keys(*card, *store, rotation, &journal).done.size() == 1);
}

TEST_CASE("a card manager that cannot be selected or offers no channel is refused") {
    const auto store = two_versions();
    const auto body = issued_body(*store);
    const auto card = reader::sim_transport(*body);
    Rotation rotation;
    rotation.to = new_version;
    rotation.card_manager = from_hex("A0000000030000");
    CHECK_THAT(thrown([&] { rotate_keys(*card, *store, rotation, nullptr); }).what(),
               Contains("A0000000030000"));
    rotation.card_manager.clear();
    Refusing refusing{*card, 0x50, 0x6985};
    const auto error = thrown([&] { rotate_keys(refusing, *store, rotation, nullptr); });
    CHECK(error.code() == Errc::card_refused);
    CHECK_THAT(error.what(), Contains("no secure channel"));
}

}  // namespace kartsaz::test
