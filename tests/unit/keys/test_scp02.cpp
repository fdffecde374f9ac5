// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "apdu/error.h"
#include "keys/crypto.h"
#include "keys/scp02.h"
#include "tests/unit/keys/scp02_vectors.h"

using namespace kartsaz;
using namespace kartsaz::keys;
using namespace kartsaz::test;
using Catch::Contains;

namespace {

ScpLevel level_of(const Vector& v) {
    return static_cast<ScpLevel>(v.bytes("security_level").at(0));
}

Scp02Session session_of(const Vector& v, std::uint8_t i = 0x15) {
    return Scp02Session{scp02_keys(v), v.bytes("host_challenge"), scp02_answer(v, i)};
}

std::unique_ptr<SecureChannel> channel_of(const Vector& v, ScpLevel level) {
    auto session = session_of(v, 0x35);
    (void)session.external_authenticate(level);
    return session.channel();
}

const apdu::ResponseApdu done{{}, apdu::StatusWord{0x9000}};

std::string refusal(SecureChannel& channel, const apdu::ResponseApdu& response) {
    try {
        (void)channel.unwrap(response);
    } catch (const Error& e) {
        CHECK(e.code() == Errc::secure_channel);
        return e.what();
    }
    return "nothing was thrown";
}

/// The exchanges of the R-MAC vector, and its channel: the session is the one of "scp02-pysim-cmac".
struct RMac {
    std::vector<Scp02Step> steps = scp02_steps(scp02_r_mac_vector());
    std::unique_ptr<SecureChannel> channel = channel_of(scp02_sessions().front(), ScpLevel::c_mac_r_mac);
};

}  // namespace

TEST_CASE("recorded SCP02 handshakes come out byte for byte") {
    const auto all = scp02_sessions();
    REQUIRE(all.size() >= 3);
    for (const auto& v : all) {
        INFO(v.id());
        auto session = session_of(v);
        CHECK(session.card_cryptogram_ok());
        CHECK(to_hex(apdu::encode(session.external_authenticate(level_of(v)))) ==
              v.text("external_authenticate"));
    }
}

TEST_CASE("recorded INITIALIZE UPDATE answers of SCP02 are parsed") {
    for (const auto& v : scp02_sessions()) {
        INFO(v.id());
        const auto answer = scp02_answer(v, 0);
        CHECK(answer.protocol == 2);
        CHECK(answer.i == 0);
        CHECK(answer.key_version == v.bytes("kvn").at(0));
        CHECK(to_hex(answer.card_challenge) == v.text("card_challenge_6"));
        CHECK(to_hex(answer.card_cryptogram) == v.text("card_cryptogram"));
        REQUIRE(answer.sequence_counter);
        CHECK(*answer.sequence_counter == big_endian(v.bytes("sequence_counter")));
        CHECK(in_words(answer.form()) == "SCP02, i not told");
    }
}

TEST_CASE("recorded SCP02 commands come out byte for byte") {
    unsigned commands = 0;
    for (const auto& v : scp02_sessions()) {
        auto session = session_of(v);
        (void)session.external_authenticate(level_of(v));
        const auto channel = session.channel();
        for (const auto& step : scp02_steps(v)) {
            INFO(v.id() << " command " << to_hex(step.wrapped));
            CHECK(to_hex(apdu::encode(channel->wrap(step.plain))) == to_hex(step.wrapped));
            CHECK(channel->unwrap(done) == done);
            ++commands;
        }
    }
    CHECK(commands >= 11);
}

TEST_CASE("the recorded session DEK is the one that PUT KEY uses") {
    for (const auto& v : scp02_sessions()) {
        INFO(v.id());
        CHECK(session_of(v).put_key_dek() == SecretBytes{v.bytes("s_dek")});
    }
    const auto v = key_vector("gp_keys", "scp02-session-keys-seq0000");
    InitializeUpdateResponse answer;
    answer.protocol = 2;
    answer.card_challenge = Bytes(6);
    answer.card_cryptogram = Bytes(8);
    answer.sequence_counter = static_cast<std::uint32_t>(big_endian(v.bytes("sequence_counter")));
    const auto key = [&] { return SecretBytes{v.bytes("static_key")}; };
    const Scp02Session session{{key(), key(), key(), KeyType::des3}, Bytes(8), answer};
    CHECK(session.put_key_dek() == SecretBytes{v.bytes("s_dek")});
}

TEST_CASE("recorded SCP02 session keys give the recorded cryptograms and challenges of a known card") {
    // S-ENC and the MAC keys never leave a session: what they do is held against plain cryptography
    for (const auto& v : scp02_sessions()) {
        INFO(v.id());
        const SecretBytes s_enc{v.bytes("s_enc")};
        const auto message = concat({v.bytes("host_challenge"), v.bytes("sequence_counter"),
                                     v.bytes("card_challenge_6"), from_hex("8000000000000000")});
        const auto blocks = des3_cbc_encrypt(s_enc, Bytes(8), message);
        CHECK(to_hex(ByteView{blocks}.last(8)) == v.text("card_cryptogram"));
        // a card of i=55 whose challenge is made of the recorded C-MAC session key
        const auto aid = from_hex("A000000003000000");
        const auto mac = retail_mac(SecretBytes{v.bytes("s_mac")}, pad80(aid, 8));
        auto answer = scp02_answer(v, 0x55);
        answer.card_challenge.assign(mac.begin(), mac.begin() + 6);
        const Scp02Session session{scp02_keys(v), v.bytes("host_challenge"), answer};
        CHECK(session.card_challenge_ok(aid));
        CHECK_FALSE(session.card_challenge_ok(from_hex("A000000151000000")));
        CHECK_FALSE(session_of(v, 0x55).card_challenge_ok(aid));
        answer.i = 0x15;
        CHECK_FALSE(Scp02Session(scp02_keys(v), v.bytes("host_challenge"), answer).card_challenge_ok(aid));
    }
}

TEST_CASE("an SCP02 session with R-MAC gives the commands and takes the responses of the vector") {
    const auto v = scp02_r_mac_vector();
    auto session = session_of(scp02_sessions().front(), 0x35);
    CHECK(to_hex(apdu::encode(session.external_authenticate(ScpLevel::c_mac_r_mac))) ==
          v.text("external_authenticate"));
    const auto channel = session.channel();
    for (const auto& step : scp02_steps(v)) {
        INFO(to_hex(step.wrapped));
        CHECK(to_hex(apdu::encode(channel->wrap(step.plain))) == to_hex(step.wrapped));
        REQUIRE(step.wire);
        CHECK(to_hex(apdu::encode(channel->unwrap(*step.wire))) == to_hex(step.response));
    }
}

TEST_CASE("the R-MAC of SCP02 is the MAC of the input that the vector tells, chained") {
    const auto v = scp02_r_mac_vector();
    const SecretBytes key{v.bytes("s_rmac")};
    auto icv = v.bytes("icv_start_is_external_authenticate_c_mac");
    for (const auto& s : v.data.at("steps")) {
        auto input = pad80(from_hex(s.at("rmac_input").get<std::string>()), 8);
        for (std::size_t at = 0; at < 8; ++at) input[at] ^= icv[at];
        icv = retail_mac(key, input);
        CHECK(to_hex(icv) == s.at("rmac").get<std::string>());
    }
}

TEST_CASE("every changed bit of an SCP02 response with R-MAC is refused and ends the session") {
    const auto tampered_at = [](std::size_t bit) {
        RMac run;
        auto tampered = *run.steps[0].wire;
        (void)run.channel->wrap(run.steps[0].plain);
        tampered.data[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
        const auto why = refusal(*run.channel, tampered);
        CHECK_THROWS_WITH(run.channel->wrap(run.steps[0].plain), "SCP02: the session has ended");
        return why;
    };
    const std::size_t bits = RMac{}.steps[0].wire->data.size() * 8;
    REQUIRE(bits >= 80);
    for (std::size_t bit = 0; bit < bits; ++bit) CHECK(tampered_at(bit) == "SCP02: the R-MAC is wrong");
}

TEST_CASE("an SCP02 response with R-MAC that is cut, replayed or has another status word is refused") {
    for (std::size_t size = 0; size < RMac{}.steps[0].wire->data.size(); ++size) {
        RMac run;
        (void)run.channel->wrap(run.steps[0].plain);
        auto cut = *run.steps[0].wire;
        cut.data.resize(size);
        CHECK_THAT(refusal(*run.channel, cut), Contains("R-MAC"));
    }
    RMac replayed;
    (void)replayed.channel->wrap(replayed.steps[0].plain);
    CHECK_NOTHROW(replayed.channel->unwrap(*replayed.steps[0].wire));
    (void)replayed.channel->wrap(replayed.steps[1].plain);
    CHECK_THAT(refusal(*replayed.channel, *replayed.steps[0].wire), Contains("R-MAC is wrong"));
    RMac changed;
    (void)changed.channel->wrap(changed.steps[0].plain);
    CHECK_THAT(refusal(*changed.channel, {changed.steps[0].wire->data, apdu::StatusWord{0x6283}}),
               Contains("R-MAC is wrong"));
}

TEST_CASE("an SCP02 error word that comes without its R-MAC leaves the session usable") {
    RMac run;
    (void)run.channel->wrap(run.steps[0].plain);
    CHECK(run.channel->unwrap({{}, apdu::StatusWord{0x6985}}).sw == apdu::StatusWord{0x6985});
    CHECK(to_hex(apdu::encode(run.channel->wrap(run.steps[1].plain))) == to_hex(run.steps[1].wrapped));
}

TEST_CASE("commands and answers of an SCP02 session go in turn") {
    RMac run;
    CHECK_THAT(refusal(*run.channel, done), Contains("without a command"));
    RMac twice;
    (void)twice.channel->wrap(twice.steps[0].plain);
    CHECK_THROWS_WITH(twice.channel->wrap(twice.steps[1].plain), Contains("was not read"));
}

TEST_CASE("a wrong SCP02 card cryptogram is seen, and EXTERNAL AUTHENTICATE is then not made") {
    for (const auto& v : scp02_sessions()) {
        INFO(v.id());
        for (std::size_t bit = 0; bit < 64; ++bit) {
            auto answer = scp02_answer(v, 0x15);
            answer.card_cryptogram[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
            Scp02Session session{scp02_keys(v), v.bytes("host_challenge"), answer};
            CHECK_FALSE(session.card_cryptogram_ok());
            try {
                (void)session.external_authenticate(level_of(v));
                FAIL("made");
            } catch (const Error& e) {
                CHECK(e.code() == Errc::keys_failed);
            }
        }
        auto other = scp02_keys(v);
        other.enc = SecretBytes{Bytes(16, 0x55)};
        CHECK_FALSE(
            Scp02Session(other, v.bytes("host_challenge"), scp02_answer(v, 0x15)).card_cryptogram_ok());
    }
}

TEST_CASE("SCP02 EXTERNAL AUTHENTICATE is made once, and the channel opens once after it") {
    auto session = session_of(scp02_sessions().front());
    CHECK_THROWS_AS(session.channel(), Error);
    (void)session.external_authenticate(ScpLevel::c_mac);
    CHECK_THROWS_AS(session.external_authenticate(ScpLevel::c_mac), Error);
    CHECK(session.channel() != nullptr);
    CHECK_THROWS_AS(session.channel(), Error);
}

TEST_CASE("variants of SCP02 that are not spoken are refused in words, and levels that a variant lacks") {
    const auto v = scp02_sessions().front();
    for (unsigned i = 0; i < 256; ++i) {
        const bool known = i == 0 || i == 0x15 || i == 0x35 || i == 0x55 || i == 0x75;
        CHECK(scp02_variant_known(static_cast<std::uint8_t>(i)) == known);
        if (known) continue;
        CHECK_THROWS_WITH(session_of(v, static_cast<std::uint8_t>(i)), Contains("is not spoken"));
    }
    const auto level_words = [&](std::uint8_t i, ScpLevel level) -> std::string {
        auto session = session_of(v, i);
        try {
            (void)session.external_authenticate(level);
        } catch (const Error& e) {
            CHECK(e.code() == Errc::card_refused);
            return e.what();
        }
        return "made";
    };
    CHECK_THAT(level_words(0x55, ScpLevel::all), Contains("cannot encrypt responses"));
    CHECK_THAT(level_words(0x55, ScpLevel::c_mac_r_mac), Contains("i=55 has no such protection"));
    CHECK(level_words(0x75, ScpLevel::c_mac_c_dec_r_mac) == "made");
    CHECK(level_words(0x00, ScpLevel::c_mac_c_dec_r_mac) == "made");
    CHECK(level_words(0x15, ScpLevel::c_mac_c_dec) == "made");
    CHECK(strongest_level({2, 0x15, false}) == ScpLevel::c_mac_c_dec);
    CHECK(strongest_level({2, 0x75, false}) == ScpLevel::c_mac_c_dec_r_mac);
    CHECK(strongest_level({3, 0x70, false}) == ScpLevel::all);
}

TEST_CASE("SCP02 takes two-key triple-DES keys and nothing else") {
    const auto v = scp02_sessions().front();
    auto aes = scp02_keys(v);
    aes.type = KeyType::aes;
    CHECK_THROWS_WITH(Scp02Session(aes, Bytes(8), scp02_answer(v, 0x15)), Contains("triple-DES"));
    auto three = scp02_keys(v);
    three.dek = SecretBytes{Bytes(24)};
    CHECK_THROWS_AS(Scp02Session(three, Bytes(8), scp02_answer(v, 0x15)), Error);
    CHECK_THROWS_AS(Scp02Session(scp02_keys(v), Bytes(16), scp02_answer(v, 0x15)), Error);
    CHECK_THROWS_AS(scp_session(aes, Bytes(8), scp02_answer(v, 0x15)), Error);
    CHECK(scp_session(scp02_keys(v), v.bytes("host_challenge"), scp02_answer(v, 0))->card_cryptogram_ok());
}

TEST_CASE("SCP02 answers of every other length are refused") {
    const auto v = scp02_sessions().front();
    auto full = v.bytes("initialize_update_response");
    full.resize(full.size() - 2);
    for (std::size_t size = 0; size < full.size(); ++size) {
        CHECK_THROWS_AS(parse_initialize_update(ByteView{full}.first(size)), Error);
    }
    auto longer = full;
    longer.push_back(0);
    CHECK_THROWS_WITH(parse_initialize_update(longer), Contains("29 bytes, 28 expected of SCP02"));
    for (const unsigned other : {0x00U, 0x01U, 0x10U, 0x11U, 0xFFU}) {
        auto odd = full;
        odd[11] = static_cast<std::uint8_t>(other);
        CHECK_THROWS_WITH(parse_initialize_update(odd), Contains("SCP02 and SCP03 are spoken"));
    }
}
