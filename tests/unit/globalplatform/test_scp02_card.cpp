// SPDX-License-Identifier: Apache-2.0
// Old stock: cards whose card manager speaks SCP02, from blank to verified.
#include <catch2/catch.hpp>

#include <filesystem>

#include "libcard/app/globalplatform/application.h"
#include "libcard/app/inspect.h"
#include "libcard/reader/sim_transport.h"
#include "tests/support/bureau.h"
#include "tests/support/vectors.h"
#include "tests/unit/globalplatform/card.h"

using namespace kartsaz;
using namespace kartsaz::test;
using Catch::Contains;
using sim::Faults;

namespace {

/// Development keys, of which only one type is left for each name.
std::unique_ptr<keys::KeyStore> keys_of(std::optional<keys::KeyType> transport,
                                        std::optional<keys::KeyType> issuer) {
    const auto all = keys::development_keys();
    keys::KeyStoreContent content;
    for (const auto& [name, type] : {std::pair{"transport", transport}, std::pair{"issuer", issuer},
                                     std::pair{"active-authentication", std::optional{keys::KeyType::aes}}}) {
        for (const auto* from : all->versions(name)) {
            if (type != from->type) continue;
            keys::Keyset copy;
            copy.name = from->name;
            copy.version = from->version;
            copy.type = from->type;
            copy.diversification = from->diversification;
            copy.development = true;
            for (const auto& [role, key] : from->keys) copy.keys.emplace(role, key.clone());
            content.keysets.push_back(std::move(copy));
        }
    }
    content.development = true;
    return keys::memory_key_store(std::move(content), "keys under test");
}

}  // namespace

TEST_CASE("a blank SCP02 body becomes a card that verifies, by the same profile and keyset names") {
    const unsigned i = GENERATE(0x15, 0x35, 0x55, 0x75);
    INFO("i=" << std::hex << i);
    const auto card = body(2, static_cast<std::uint8_t>(i));
    const Desk desk{profile_text()};
    const auto receipt = desk.personalize(*card);
    CHECK(receipt.complete);
    CHECK(told(*card, "/life_cycle") == "SECURED");
    CHECK(told(*card, "/keysets/0/version") == "21");
    CHECK(told(*card, "/keysets/0/type") == "DES");
    CHECK(told(*card, "/keysets/0/tries_left") == "10");
    CHECK(receipt.secrets.at("globalplatform/issuer-keys/put-key").starts_with("issuer v21, KCV "));
    CHECK(desk.faults(*card) == "");
    CHECK(desk.personalize(*card).steps.empty());
}

TEST_CASE("the whole national card is made of an SCP02 body, its signature outside the short channel") {
    const auto text = test::read_bytes(std::filesystem::path{KARTSAZ_SOURCE_DIR} /
                                       "libcard/profile/shipped/national-eid.toml");
    std::string national{text.begin(), text.end()};
    const auto card = body(2, 0x55);
    const auto link = reader::sim_transport(*card);
    // as it is shipped, the signature application goes through the channel
    const Bureau shipped{"national-eid"};
    CHECK_THROWS_WITH(
        perso::prepare(*link, shipped.run()),
        Contains("SCP02, which protects short commands only") && Contains("nothing was written"));
    CHECK(told(*card, "/keysets/0/transport") == "true");

    const auto section = national.find("[pkcs15]");
    const std::string channel = "channel = \"scp03\"";
    REQUIRE(section != std::string::npos);
    national.replace(national.find(channel, section), channel.size(), "channel = \"none\"");
    const auto file = scratch_dir() / "national-scp02.toml";
    write_bytes(file, to_bytes(national));
    const Bureau bureau{file.string()};
    auto prepared = perso::prepare(*link, bureau.run());
    const auto receipt = perso::execute(*link, prepared, bureau.run());
    CHECK(receipt.complete);
    CHECK(receipt.written.commands == prepared.estimate.traffic.commands);
    CHECK(told(*card, "/keysets/0/version") == "21");
    CHECK(told(*card, "/signature/keys/0/made_in_card") == "true");
    CHECK(told(*card, "/passport/locked") == "true");
    CHECK(told(*card, "/life_cycle") == "SECURED");
    CHECK(perso::prepare(*link, bureau.run()).plan.empty());
}

TEST_CASE(
    "the plan of an SCP02 card counts its commands and bytes exactly, and its time within a twentieth") {
    for (const std::string level : {"03", "13"}) {
        INFO(level);
        const auto card = body(2, 0x75);
        const Desk desk{profile_text(level)};
        const auto link = reader::sim_transport(*card);
        auto prepared = perso::prepare(*link, desk.run());
        card->reset_time();
        const auto receipt = perso::execute(*link, prepared, desk.run());
        CHECK(receipt.written == prepared.estimate.traffic);
        CHECK(prepared.estimate.seconds == Approx(card->time().total()).epsilon(0.05));
        CHECK(prepared.estimate.compute == Approx(card->time().compute).epsilon(0.1));
        CHECK(prepared.state.facts.at("secure channel") == "SCP02 i=75");
    }
}

TEST_CASE("an SCP02 card is looked at without a try spent, and its facts say protocol and parameter") {
    const auto card = body(2, 0x55);
    const Desk desk{profile_text()};
    const auto looked = desk.prepare(*card);
    CHECK(looked.state.facts.at("secure channel") == "SCP02 i=55");
    CHECK(looked.state.facts.at("keys") == "version 20: keyset \"transport\"");
    CHECK(told(*card, "/keysets/0/sequence_counter") == "0");
    desk.personalize(*card);
    const auto dump = desk.read(*card);
    const auto* manager = dump.application("globalplatform");
    REQUIRE(manager != nullptr);
    CHECK(manager->fact("scp") == "02");
    CHECK(manager->fact("scp-i") == "55");
    CHECK(manager->fact("keys") == "issuer");
    CHECK(manager->fact("key-version") == "21");
    CHECK(manager->fact("transport-keys") == "do not answer");
    CHECK(manager->fact("life-cycle") == "SECURED");

    const auto newer = body(3);
    const auto other = Desk{profile_text()}.read(*newer);
    const auto* of_newer = other.application("globalplatform");
    REQUIRE(of_newer != nullptr);
    CHECK(of_newer->fact("scp") == "03");
    CHECK(of_newer->fact("scp-i") == "70");
}

TEST_CASE("inspect tells an SCP02 body's protocol, keys and applications") {
    const auto card = body(2, 0x15);
    const auto link = reader::sim_transport(*card);
    const auto seen = app::inspect(*link, *keys::development_keys(), true);
    const auto field = [&](const char* name) -> std::string {
        for (const auto& [key, value] : seen.manager) {
            if (key == name) return value;
        }
        return {};
    };
    CHECK(field("secure channel") == "SCP02 i=15");
    CHECK(field("life cycle") == "OP_READY");
    CHECK_THAT(field("keys"), Contains("\"transport\", KCV 8BAF47 8BAF47 8BAF47"));
    CHECK(seen.transport_keys == "yes");
}

TEST_CASE("an SCP02 card torn at any command is completed by the same call, and no try is spent") {
    const Desk desk{profile_text()};
    const auto count = apdus(desk, *body(2, 0x55));
    REQUIRE(count > 20);
    unsigned torn = 0;
    for (std::uint64_t at = 1; at <= count; ++at) {
        for (const auto kind : {Faults::Kind::cut_before, Faults::Kind::cut_after}) {
            CAPTURE(at, static_cast<int>(kind));
            const auto card = body(2, 0x55);
            card->set_faults({{kind, at, 0}});
            try {
                desk.personalize(*card);
            } catch (const Error& error) {
                ++torn;
                const bool known = error.code() == Errc::interrupted || error.code() == Errc::card_removed;
                CHECK(known);
            }
            card->set_faults({});
            REQUIRE(desk.personalize(*card).complete);
            CHECK(told(*card, "/keysets/0/version") == "21");
            CHECK(told(*card, "/keysets/0/tries_left") == "10");
            CHECK(told(*card, "/keysets").find("\"version\":\"20\"") == std::string::npos);
            CHECK(desk.prepare(*card).plan.empty());
        }
    }
    CHECK(torn == 2 * count);
}

TEST_CASE("an answer to PUT KEY with another key check value stops the work") {
    const Desk desk{profile_text("13")};
    // a changed bit inside R-MAC is seen as such; without R-MAC the KCVs themselves are compared
    const Desk unprotected{profile_text("03")};
    for (const auto* station : {&desk, &unprotected}) {
        const auto card = body(2, 0x75);
        const auto before = card->snapshot();
        std::uint64_t put_key = 0;
        for (std::uint64_t at = 1; at < 40 && put_key == 0; ++at) {
            card->restore(before);
            card->set_faults({{Faults::Kind::cut_after, at, 0}});
            try {
                station->personalize(*card);
            } catch (const Error&) {
                if (told(*card, "/keysets/0/version") == "21") put_key = at;
            }
        }
        REQUIRE(put_key > 0);
        card->restore(before);
        card->set_faults({{Faults::Kind::flip_response_bit, put_key, 12}});
        const auto [code, text] = station->refusal(*card);
        CHECK((code == Errc::keys_failed || code == Errc::secure_channel));
        CHECK_THAT(text, Contains("key check values") || Contains("R-MAC is wrong"));
        card->set_faults({});
        CHECK(station->personalize(*card).complete);
    }
}

TEST_CASE("keysets that do not fit the protocol of the card are refused before anything is written") {
    using keys::KeyType;
    const auto untouched = [](std::uint8_t scp, std::unique_ptr<keys::KeyStore> store,
                              const std::string& level = "03") {
        const auto card = body(scp, scp == 2 ? std::optional<std::uint8_t>{0x55} : std::nullopt);
        const Desk desk{profile_text(level), std::move(store)};
        const auto refused = desk.refusal(*card);
        CHECK(told(*card, "/keysets/0/tries_left") == "10");
        CHECK(told(*card, "/keysets/0/transport") == "true");
        CHECK(told(*card, "/life_cycle") == "OP_READY");
        CHECK(told(*card, "/passport/files") == "[]");
        return refused;
    };
    const auto aes_issuer = untouched(2, keys_of(KeyType::des3, KeyType::aes));
    CHECK(aes_issuer.first == Errc::keys_failed);
    CHECK_THAT(aes_issuer.second, Contains("the card speaks SCP02, which takes triple-DES keys") &&
                                      Contains("\"issuer\"") && Contains("nothing was written"));
    const auto des_issuer = untouched(3, keys_of(KeyType::aes, KeyType::des3));
    CHECK(des_issuer.first == Errc::keys_failed);
    CHECK_THAT(des_issuer.second, Contains("the card speaks SCP03, which takes AES keys"));
    const auto aes_transport = untouched(2, keys_of(KeyType::aes, KeyType::des3));
    CHECK(aes_transport.first == Errc::keys_failed);
    CHECK_THAT(aes_transport.second, Contains("neither \"transport\" nor \"issuer\""));
    const auto too_high = untouched(2, nullptr, "33");
    CHECK(too_high.first == Errc::card_refused);
    CHECK_THAT(too_high.second, Contains("SCP02") && Contains("cannot encrypt responses"));
    const auto no_r_mac = untouched(2, nullptr, "13");
    CHECK(no_r_mac.first == Errc::card_refused);
    CHECK_THAT(no_r_mac.second, Contains("i=55 has no such protection of responses"));
}

TEST_CASE("a card that tells of a variant of SCP02 that is not spoken is refused in words") {
    const auto card = body(2, 0x55);
    auto link = reader::sim_transport(*card);
    /// Tells another parameter in its card recognition data.
    class Other final : public apdu::Transport {
    public:
        Other(apdu::Transport& below, Bytes answer) : below_{below}, answer_{std::move(answer)} {}
        apdu::ResponseApdu transmit(const apdu::CommandApdu& command) override {
            if (command.ins == 0xCA && command.p1 == 0x00 && command.p2 == 0x66) {
                return {answer_, apdu::StatusWord{0x9000}};
            }
            return below_.transmit(command);
        }
        Bytes reset() override { return below_.reset(); }
        Bytes atr() const override { return below_.atr(); }
        apdu::BlockLimits limits() const override { return below_.limits(); }
        void refuse_extended() override { below_.refuse_extended(); }

    private:
        apdu::Transport& below_;
        Bytes answer_;
    };
    const auto told_i = [](const char* i) {
        return from_hex(std::string{"660F730D640B06092A864886FC6B0402"} + i);
    };
    const Desk desk{profile_text()};
    Other implicit{*link, told_i("0A")};
    CHECK_THROWS_WITH(perso::personalize(implicit, desk.run()),
                      Contains("SCP02 with i=0A") && Contains("Nothing was written"));
    CHECK(told(*card, "/keysets/0/transport") == "true");
    // garbage is as good as nothing told, and a challenge that is not the one of i=55 is told, not refused
    Other garbage{*link, from_hex("66FF00")};
    CHECK(perso::prepare(garbage, desk.run()).state.facts.at("secure channel") == "SCP02, i not told");
    const auto random = body(2, 0x15);
    auto random_link = reader::sim_transport(*random);
    Other liar{*random_link, told_i("55")};
    CHECK_THAT(perso::prepare(liar, desk.run()).state.facts.at("secure channel"),
               Contains("SCP02 i=55, but the card's challenge is not"));
}
