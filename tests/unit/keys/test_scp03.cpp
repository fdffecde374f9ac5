// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <algorithm>

#include "apdu/error.h"
#include "keys/crypto.h"
#include "keys/scp03.h"
#include "tests/unit/keys/key_vectors.h"

using namespace kartsaz;
using namespace kartsaz::keys;
using Catch::Contains;
using kartsaz::test::Vector;
using kartsaz::test::vectors;

namespace {

std::vector<Vector> sessions() {
    auto all = vectors("scp03", "scp03-session");
    for (auto& v : vectors("scp03_s16", "scp03-session")) all.push_back(std::move(v));
    return all;
}

ScpKeys keys_of(const Vector& v) {
    const auto dek = v.has("key_dek") ? v.bytes("key_dek") : v.bytes("key_mac");
    return {SecretBytes{v.bytes("key_enc")}, SecretBytes{v.bytes("key_mac")}, SecretBytes{dek}, KeyType::aes};
}

ScpLevel level_of(const Vector& v) {
    return static_cast<ScpLevel>(v.bytes("security_level").at(0));
}

Bytes answer_of(const Vector& v) {
    auto wire = v.bytes("initialize_update_response");
    wire.resize(wire.size() - 2);
    return wire;
}

Scp03Session session_of(const Vector& v) {
    return Scp03Session{keys_of(v), v.bytes("host_challenge"), parse_initialize_update(answer_of(v))};
}

struct Step {
    apdu::CommandApdu plain;
    Bytes wrapped;
    std::optional<apdu::ResponseApdu> wire;
    Bytes response;  ///< plain data, some vectors with the status word
};

std::vector<Step> steps_of(const Vector& v) {
    std::vector<Step> out;
    for (const auto& s : v.data.at("steps")) {
        Step step{apdu::decode_command(from_hex(s.at("plain").get<std::string>())),
                  from_hex(s.at("wrapped").get<std::string>()),
                  std::nullopt,
                  {}};
        if (s.contains("response_wire")) {
            step.wire = apdu::decode_response(from_hex(s.at("response_wire").get<std::string>()));
            step.response = from_hex(s.at("response_plain").get<std::string>());
        }
        out.push_back(std::move(step));
    }
    return out;
}

std::unique_ptr<SecureChannel> channel_of(const Vector& v) {
    auto session = session_of(v);
    (void)session.external_authenticate(level_of(v));
    return session.channel();
}

/// A published session at level 33 with one exchange whose response is protected.
const Vector& protected_session() {
    static const Vector found = [] {
        for (auto& v : sessions()) {
            if (v.id() == "scp03-kaoh-lvl33") return v;
        }
        throw std::runtime_error{"vector scp03-kaoh-lvl33 is not there"};
    }();
    return found;
}

std::string refusal(SecureChannel& channel, const apdu::ResponseApdu& response) {
    try {
        (void)channel.unwrap(response);
    } catch (const Error& e) {
        CHECK(e.code() == Errc::secure_channel);
        return e.what();
    }
    return "nothing was thrown";
}

}  // namespace

TEST_CASE("recorded SCP03 handshakes come out byte for byte, S8 and S16") {
    const auto all = sessions();
    REQUIRE(all.size() >= 15);
    for (const auto& v : all) {
        INFO(v.id());
        auto session = session_of(v);
        CHECK(session.card_cryptogram_ok());
        if (v.has("sd_aid")) {
            CHECK(session.card_challenge_ok(v.bytes("sd_aid")));
            CHECK_FALSE(session.card_challenge_ok(from_hex("A000000003000000")));
        }
        const auto command = session.external_authenticate(level_of(v));
        CHECK(to_hex(apdu::encode(command)) == v.text("external_authenticate"));
    }
}

TEST_CASE("recorded INITIALIZE UPDATE commands and answers are made and parsed") {
    for (const auto& v : sessions()) {
        INFO(v.id());
        const auto answer = parse_initialize_update(answer_of(v));
        CHECK(to_hex(answer.card_challenge) == v.text("card_challenge"));
        CHECK(to_hex(answer.card_cryptogram) == v.text("card_cryptogram"));
        CHECK(answer.i == v.bytes("i_param").at(0));
        CHECK(answer.s16 == (v.text("mac_mode") == "S16"));
        REQUIRE(answer.sequence_counter);
        CHECK(*answer.sequence_counter == big_endian(v.bytes("sequence_counter")));
        if (!v.has("initialize_update")) continue;
        CHECK(to_hex(apdu::encode(initialize_update(answer.key_version, v.bytes("host_challenge")))) ==
              v.text("initialize_update"));
    }
}

TEST_CASE("recorded SCP03 commands and responses come out byte for byte") {
    unsigned commands = 0;
    unsigned responses = 0;
    for (const auto& v : sessions()) {
        auto channel = channel_of(v);
        for (const auto& step : steps_of(v)) {
            INFO(v.id() << " command " << to_hex(step.wrapped));
            CHECK(to_hex(apdu::encode(channel->wrap(step.plain))) == to_hex(step.wrapped));
            ++commands;
            if (!step.wire) {
                // The vector has no answer; an error without data is one that needs no MAC.
                (void)channel->unwrap({{}, apdu::StatusWord{0x6A88}});
                continue;
            }
            const auto plain = channel->unwrap(*step.wire);
            const auto with_sw = apdu::encode(plain);
            CHECK((plain.data == step.response || with_sw == step.response));
            ++responses;
        }
    }
    CHECK(commands >= 60);
    CHECK(responses >= 16);
}

TEST_CASE("a wrong card cryptogram is seen, and EXTERNAL AUTHENTICATE is then not made") {
    for (const auto& v : sessions()) {
        INFO(v.id());
        auto answer = parse_initialize_update(answer_of(v));
        answer.card_cryptogram.back() ^= 0x01;
        Scp03Session session{keys_of(v), v.bytes("host_challenge"), answer};
        CHECK_FALSE(session.card_cryptogram_ok());
        try {
            (void)session.external_authenticate(level_of(v));
            FAIL("made");
        } catch (const Error& e) {
            CHECK(e.code() == Errc::keys_failed);
        }
        CHECK_THROWS_AS(session.channel(), Error);
    }
}

TEST_CASE("other keys or another host challenge do not pass for the card's") {
    const auto v = sessions().front();
    auto keys = keys_of(v);
    keys.mac = SecretBytes{Bytes(16, 0x55)};
    const auto answer = parse_initialize_update(answer_of(v));
    CHECK_FALSE(Scp03Session(keys, v.bytes("host_challenge"), answer).card_cryptogram_ok());
    CHECK_FALSE(Scp03Session(keys_of(v), Bytes(8), answer).card_cryptogram_ok());
}

TEST_CASE("EXTERNAL AUTHENTICATE is made once, and the channel opens once after it") {
    auto session = session_of(sessions().front());
    CHECK_THROWS_AS(session.channel(), Error);
    (void)session.external_authenticate(ScpLevel::c_mac);
    CHECK_THROWS_AS(session.external_authenticate(ScpLevel::c_mac), Error);
    CHECK(session.channel() != nullptr);
    CHECK_THROWS_AS(session.channel(), Error);
}

TEST_CASE("a level that the card's parameter i does not offer is refused before anything is sent") {
    for (const auto& v : sessions()) {
        if (v.text("i_param") != "10") continue;
        auto session = session_of(v);
        try {
            (void)session.external_authenticate(ScpLevel::c_mac_r_mac);
            FAIL("made");
        } catch (const Error& e) {
            CHECK(e.code() == Errc::card_refused);
            CHECK_THAT(e.what(), Contains("i=10"));
        }
        CHECK_NOTHROW(session.external_authenticate(ScpLevel::c_mac_c_dec));
        return;
    }
    FAIL("no vector with i=10");
}

TEST_CASE("every changed bit of a protected response is refused and ends the session") {
    const auto& v = protected_session();
    const auto step = steps_of(v).front();
    unsigned refused = 0;
    auto tampered = *step.wire;
    for (std::size_t bit = 0; bit < tampered.data.size() * 8; ++bit) {
        auto channel = channel_of(v);
        (void)channel->wrap(step.plain);
        tampered.data[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
        if (refusal(*channel, tampered) == "SCP03: the R-MAC is wrong") ++refused;
        tampered.data[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
        if (bit == 0) CHECK_THROWS_WITH(channel->wrap(step.plain), "SCP03: the session has ended");
    }
    CHECK(refused == tampered.data.size() * 8);
}

TEST_CASE("a changed status word is refused: 9000 for a warning and back") {
    const auto& v = protected_session();
    const auto step = steps_of(v).front();
    auto channel = channel_of(v);
    (void)channel->wrap(step.plain);
    CHECK_THAT(refusal(*channel, {step.wire->data, apdu::StatusWord{0x6283}}), Contains("R-MAC is wrong"));
}

TEST_CASE("truncated protected responses are refused at every length") {
    const auto& v = protected_session();
    const auto step = steps_of(v).front();
    for (std::size_t size = 0; size < step.wire->data.size(); ++size) {
        auto channel = channel_of(v);
        (void)channel->wrap(step.plain);
        const auto cut = apdu::ResponseApdu{
            Bytes(step.wire->data.begin(), step.wire->data.begin() + static_cast<std::ptrdiff_t>(size)),
            step.wire->sw};
        CHECK_THAT(refusal(*channel, cut), Contains("R-MAC"));
    }
}

TEST_CASE("an error status with data that nothing protects is refused") {
    const auto& v = protected_session();
    auto channel = channel_of(v);
    (void)channel->wrap(steps_of(v).front().plain);
    CHECK_THAT(refusal(*channel, {Bytes{1, 2, 3}, apdu::StatusWord{0x6985}}), Contains("nothing protects"));
}

TEST_CASE("a replayed response is refused") {
    const auto& v = protected_session();
    const auto steps = steps_of(v);
    REQUIRE(steps.size() >= 2);
    auto channel = channel_of(v);
    (void)channel->wrap(steps[0].plain);
    CHECK_NOTHROW(channel->unwrap(*steps[0].wire));
    (void)channel->wrap(steps[1].plain);
    CHECK_THAT(refusal(*channel, *steps[0].wire), Contains("R-MAC is wrong"));

    auto again = channel_of(v);
    (void)again->wrap(steps[0].plain);
    CHECK_NOTHROW(again->unwrap(*steps[0].wire));
    CHECK_THAT(refusal(*again, *steps[0].wire), Contains("without a command"));
    CHECK_THROWS_WITH(again->wrap(steps[1].plain), "SCP03: the session has ended");
}

TEST_CASE("reordered responses are refused") {
    const auto& v = protected_session();
    const auto steps = steps_of(v);
    REQUIRE(steps.size() >= 2);
    auto channel = channel_of(v);
    (void)channel->wrap(steps[0].plain);
    CHECK_THAT(refusal(*channel, *steps[1].wire), Contains("R-MAC is wrong"));
}

TEST_CASE("two commands without an answer between them end the session") {
    const auto& v = protected_session();
    const auto steps = steps_of(v);
    auto channel = channel_of(v);
    (void)channel->wrap(steps[0].plain);
    CHECK_THROWS_AS(channel->wrap(steps[1].plain), Error);
    CHECK_THAT(refusal(*channel, *steps[0].wire), Contains("has ended"));
}

TEST_CASE("an error status keeps the session usable and the chaining value moving") {
    const auto& v = protected_session();
    const auto steps = steps_of(v);
    auto channel = channel_of(v);
    (void)channel->wrap(steps[0].plain);
    CHECK(channel->unwrap({{}, apdu::StatusWord{0x6A80}}).sw == apdu::StatusWord{0x6A80});
    CHECK(to_hex(apdu::encode(channel->wrap(steps[1].plain))) == to_hex(steps[1].wrapped));
}

TEST_CASE("truncated and odd INITIALIZE UPDATE answers are refused with the rule") {
    const auto full = answer_of(sessions().front());
    for (std::size_t size = 0; size < full.size(); ++size) {
        CHECK_THROWS_AS(parse_initialize_update(ByteView{full}.first(size)), Error);
    }
    auto longer = full;
    longer.push_back(0);
    CHECK_THROWS_WITH(parse_initialize_update(longer), Contains("33 bytes, 32 expected for i=70"));
    auto scp02 = full;
    scp02[11] = 0x02;
    CHECK_THROWS_WITH(parse_initialize_update(scp02), Contains("32 bytes, 28 expected of SCP02"));
    for (const unsigned bad : {0x02U, 0x80U, 0x40U, 0x72U}) {
        auto odd = full;
        odd[12] = static_cast<std::uint8_t>(bad);
        CHECK_THROWS_WITH(parse_initialize_update(odd), Contains("is not one of SCP03"));
    }
    const auto without_counter = [&] {
        auto data = Bytes(full.begin(), full.end() - 3);
        data[12] = 0x60;
        return parse_initialize_update(data);
    }();
    CHECK_FALSE(without_counter.sequence_counter);
}

TEST_CASE("challenges of another length than the mode's are refused") {
    const auto v = sessions().front();
    const auto answer = parse_initialize_update(answer_of(v));
    CHECK_THROWS_AS(Scp03Session(keys_of(v), Bytes(16), answer), Error);
    CHECK_THROWS_AS(initialize_update(0, Bytes(7)), Error);
    auto des = keys_of(v);
    des.type = KeyType::des3;
    CHECK_THROWS_AS(Scp03Session(des, Bytes(8), answer), Error);
    auto mixed = keys_of(v);
    mixed.mac = SecretBytes{Bytes(32)};
    CHECK_THROWS_AS(Scp03Session(mixed, Bytes(8), answer), Error);
}
