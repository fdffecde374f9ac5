// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "apdu/error.h"
#include "keys/mrtd_access.h"
#include "tests/unit/keys/key_vectors.h"
#include "tests/unit/keys/scripted_card.h"

using namespace kartsaz;
using namespace kartsaz::keys;
using Catch::Contains;
using kartsaz::test::key_vector;
using kartsaz::test::ScriptedCard;
using kartsaz::test::vectors;

namespace {

std::string seen(const SecretBytes& key) {
    return key.reveal([](ByteView bytes) { return to_hex(bytes); });
}

MrzPassword password(std::string_view mrz) {
    return {SecretBytes{to_bytes(mrz)}};
}

const kartsaz::test::Vector& example() {
    static const auto v = key_vector("icao_bac_sm", "bac-mutual-auth");
    return v;
}

/// The card of the worked example, its last answer given.
std::unique_ptr<SecureChannel> open_with(const Bytes& answer) {
    const auto& v = example();
    ScriptedCard card;
    card.add(v.bytes("get_challenge"), concat({v.bytes("rnd_ic"), from_hex("9000")}));
    card.add(v.bytes("external_authenticate"), answer);
    auto channel = open_bac(card, password("L898902C<369080619406236"), v.bytes("rnd_ifd"), v.bytes("k_ifd"));
    CHECK(card.finished());
    return channel;
}

Error error_of(const Bytes& answer) {
    try {
        (void)open_with(answer);
    } catch (const Error& e) {
        return e;
    }
    throw std::runtime_error{"nothing was thrown"};
}

}  // namespace

TEST_CASE("BAC keys are those of the worked examples") {
    const auto all = vectors("icao_bac_sm", "bac-key-derivation");
    REQUIRE(all.size() >= 2);
    for (const auto& v : all) {
        INFO(v.id());
        const auto keys = bac_keys(password(v.text("mrz_information_text")));
        CHECK(seen(keys.enc) == v.text("k_enc"));
        CHECK(seen(keys.mac) == v.text("k_mac"));
    }
}

TEST_CASE("BAC runs the worked example and opens its secure messaging") {
    auto channel = open_with(example().bytes("response"));
    const auto trace = key_vector("icao_bac_sm", "bac-sm-trace");
    for (const auto& step : trace.data.at("steps")) {
        const auto plain = apdu::decode_command(from_hex(step.at("plain").get<std::string>()));
        CHECK(to_hex(apdu::encode(channel->wrap(plain))) == step.at("protected").get<std::string>());
        const auto wire = from_hex(step.at("response_protected").get<std::string>());
        const auto response = channel->unwrap(apdu::decode_response(wire));
        CHECK(to_hex(apdu::encode(response)) == step.at("response_plain").get<std::string>());
    }
}

TEST_CASE("BAC with a wrong MRZ fails with the card's status word") {
    const auto e = error_of(from_hex("6300"));
    CHECK(e.code() == Errc::keys_failed);
    CHECK(e.sw() == apdu::StatusWord{0x6300});
    CHECK_THAT(e.what(), Contains("6300"));
}

TEST_CASE("BAC refuses an answer with any byte changed, or of another length") {
    const auto good = example().bytes("response");
    for (std::size_t i = 0; i + 2 < good.size(); ++i) {
        auto bad = good;
        bad[i] ^= 0x10;
        CHECK(error_of(bad).code() == Errc::secure_channel);
    }
    auto shorter = good;
    shorter.erase(shorter.begin());
    CHECK_THAT(error_of(shorter).what(), Contains("39 bytes, 40 expected"));
    CHECK(error_of(from_hex("9000")).code() == Errc::secure_channel);
}

TEST_CASE("BAC refuses an answer to another challenge: a recorded one does not open a session") {
    const auto& v = example();
    class AnyCommand final : public apdu::Transport {
    public:
        explicit AnyCommand(const kartsaz::test::Vector& vector) : v{vector} {}
        apdu::ResponseApdu transmit(const apdu::CommandApdu& command) override {
            if (command.ins == 0x84) return {v.bytes("rnd_ic"), apdu::StatusWord{0x9000}};
            return apdu::decode_response(v.bytes("response"));
        }
        Bytes reset() override { return {}; }
        Bytes atr() const override { return {}; }
        apdu::BlockLimits limits() const override { return {}; }
        void refuse_extended() override {}
        const kartsaz::test::Vector& v;
    } recorded{v};
    try {
        (void)open_bac(recorded, password("L898902C<369080619406236"));
        FAIL("opened");
    } catch (const Error& e) {
        CHECK(e.code() == Errc::secure_channel);
        CHECK_THAT(e.what(), Contains("two challenges"));
    }
}

TEST_CASE("BAC refuses a challenge of another length and a refused challenge") {
    ScriptedCard card;
    card.add(from_hex("0084000008"), from_hex("0102039000"));
    CHECK_THROWS_WITH(open_bac(card, password("X")), Contains("3 bytes, 8 expected"));
    ScriptedCard without;
    without.add(from_hex("0084000008"), from_hex("6D00"));
    CHECK_THROWS_WITH(open_bac(without, password("X")), Contains("BAC: get challenge: SW 6D00"));
    ScriptedCard usage;
    usage.add(from_hex("0084000008"), from_hex("01020304050607089000"));
    CHECK_THROWS_AS(open_bac(usage, password("X"), Bytes(7)), Error);
}
