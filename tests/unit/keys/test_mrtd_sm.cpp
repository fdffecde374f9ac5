// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "apdu/error.h"
#include "apdu/tlv.h"
#include "keys/crypto.h"
#include "keys/mrtd_access.h"
#include "tests/unit/keys/key_vectors.h"

using namespace kartsaz;
using namespace kartsaz::keys;
using Catch::Contains;
using kartsaz::test::Vector;
using kartsaz::test::vectors;

namespace {

std::vector<Vector> traces() {
    auto all = vectors("icao_bac_sm", "iso7816-4-sm-3des");
    for (auto& v : vectors("icao_pace", "iso7816-4-sm-aes")) all.push_back(std::move(v));
    return all;
}

std::unique_ptr<SecureChannel> channel_of(const Vector& v) {
    SecretBytes enc{v.bytes("ks_enc")};
    SecretBytes mac{v.bytes("ks_mac")};
    if (v.has("ssc_start")) return sm_3des(std::move(enc), std::move(mac), v.bytes("ssc_start"));
    return sm_aes(std::move(enc), std::move(mac), Bytes(16));
}

struct Step {
    apdu::CommandApdu plain;
    apdu::ResponseApdu wire;
};

Step step_of(const Vector& v, std::size_t index) {
    const auto& s = v.data.at("steps").at(index);
    return {apdu::decode_command(from_hex(s.at("plain").get<std::string>())),
            apdu::decode_response(from_hex(s.at("response_protected").get<std::string>()))};
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

SecretBytes key() {
    return SecretBytes{from_hex("979EC13B1CBFE9DCD01AB0FED307EAE5")};
}

std::unique_ptr<SecureChannel> fresh(bool aes) {
    return aes ? sm_aes(key(), key(), Bytes(16)) : sm_3des(key(), key(), Bytes(8));
}

/// What a card would send, made here with the primitives: AES, the counter at 2.
apdu::ResponseApdu protect(ByteView objects, std::uint16_t sw) {
    Bytes ssc(16);
    ssc.back() = 2;
    const auto mac = aes_cmac(key(), concat({ssc, pad80(objects, 16)}));
    apdu::TlvWriter out;
    out.raw(objects).put(0x8E, ByteView{mac}.first(8));
    return {out.bytes(), apdu::StatusWord{sw}};
}

}  // namespace

TEST_CASE("secure messaging traces come out byte for byte, triple DES and AES") {
    unsigned steps = 0;
    for (const auto& v : traces()) {
        auto channel = channel_of(v);
        for (const auto& step : v.data.at("steps")) {
            INFO(v.id() << ": " << step.at("name"));
            const auto plain = apdu::decode_command(from_hex(step.at("plain").get<std::string>()));
            CHECK(to_hex(apdu::encode(channel->wrap(plain))) == step.at("protected").get<std::string>());
            const auto wire = from_hex(step.at("response_protected").get<std::string>());
            CHECK(to_hex(apdu::encode(channel->unwrap(apdu::decode_response(wire)))) ==
                  step.at("response_plain").get<std::string>());
            ++steps;
        }
    }
    CHECK(steps >= 11);
}

TEST_CASE("every changed bit of a secure messaging response is refused and ends the session") {
    for (const auto& v : traces()) {
        const auto step = step_of(v, 0);
        for (std::size_t bit = 0; bit < step.wire.data.size() * 8; ++bit) {
            auto channel = channel_of(v);
            (void)channel->wrap(step.plain);
            auto tampered = step.wire;
            tampered.data[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
            CHECK(refusal(*channel, tampered) != "nothing was thrown");
            CHECK_THROWS_WITH(channel->wrap(step.plain), "secure messaging: the session has ended");
        }
    }
}

TEST_CASE("a changed status word outside the protected objects is refused") {
    const auto v = traces().front();
    const auto step = step_of(v, 0);
    auto channel = channel_of(v);
    (void)channel->wrap(step.plain);
    CHECK_THAT(refusal(*channel, {step.wire.data, apdu::StatusWord{0x6A82}}),
               Contains("protected status word"));
}

TEST_CASE("truncated secure messaging responses are refused at every length") {
    for (const auto& v : traces()) {
        const auto step = step_of(v, 0);
        for (std::size_t size = 0; size < step.wire.data.size(); ++size) {
            auto channel = channel_of(v);
            (void)channel->wrap(step.plain);
            const Bytes cut(step.wire.data.begin(),
                            step.wire.data.begin() + static_cast<std::ptrdiff_t>(size));
            CHECK(refusal(*channel, {cut, step.wire.sw}) != "nothing was thrown");
        }
    }
}

TEST_CASE("replayed and reordered secure messaging responses are refused") {
    for (const auto& v : traces()) {
        if (v.data.at("steps").size() < 2) continue;
        const auto first = step_of(v, 0);
        const auto second = step_of(v, 1);
        auto channel = channel_of(v);
        (void)channel->wrap(first.plain);
        CHECK_NOTHROW(channel->unwrap(first.wire));
        (void)channel->wrap(second.plain);
        CHECK_THAT(refusal(*channel, first.wire), Contains("MAC of the response is wrong"));
        auto other = channel_of(v);
        (void)other->wrap(first.plain);
        CHECK(refusal(*other, second.wire) != "nothing was thrown");
    }
}

TEST_CASE("an answer without protection ends the session and tells its status word") {
    auto channel = fresh(true);
    (void)channel->wrap({0x00, 0xA4, 0x02, 0x0C, Bytes{1, 1}});
    try {
        (void)channel->unwrap({{}, apdu::StatusWord{0x6988}});
        FAIL("accepted");
    } catch (const Error& e) {
        CHECK(e.code() == Errc::secure_channel);
        CHECK(e.sw() == apdu::StatusWord{0x6988});
    }
    CHECK_THROWS_AS(channel->wrap({0x00, 0xA4, 0x02, 0x0C, Bytes{1, 1}}), Error);
}

TEST_CASE("a rightly MACed answer of wrong structure is refused") {
    const auto status = from_hex("99029000");
    const auto answer = [](const Bytes& objects) {
        auto channel = fresh(true);
        (void)channel->wrap({0x00, 0xB0, 0x00, 0x00, {}, 4});
        return refusal(*channel, protect(objects, 0x9000));
    };
    CHECK(answer(status) == "nothing was thrown");
    CHECK_THAT(answer(concat({from_hex("8701"), Bytes{0x01}, status})), Contains("whole blocks"));
    CHECK_THAT(answer(concat({from_hex("8700"), status})), Contains("padding indicator"));
    CHECK_THAT(answer(concat({from_hex("871102"), Bytes(16), status})), Contains("padding indicator"));
    CHECK_THAT(answer(concat({from_hex("871101"), Bytes(16), status})), Contains("80 00.. is not there"));
    CHECK_THAT(answer(from_hex("990190")), Contains("two bytes"));
    CHECK_THAT(answer(concat({status, status})), Contains("8E expected"));
}

TEST_CASE("an odd instruction carries its data under 85 without a padding indicator") {
    auto channel = fresh(true);
    const auto wrapped = channel->wrap({0x00, 0xB1, 0x00, 0x00, from_hex("54020000"), 16});
    apdu::TlvReader reader{wrapped.data, "test"};
    CHECK(reader.next(0x85).value.size() == 16);
    CHECK(reader.next(0x97).value.size() == 1);
    CHECK(reader.next(0x8E).value.size() == 8);
}

TEST_CASE("inner limits of secure messaging are the most that fits, to the byte") {
    for (const bool aes : {false, true}) {
        for (std::size_t outer = 64; outer <= 600; ++outer) {
            const auto inner = fresh(aes)->inner_limits({outer, outer});
            const bool extended = outer > 255;
            const auto size = [&](std::size_t nc) {
                return fresh(aes)->wrap({0x00, 0xD6, 0, 0, Bytes(nc), extended ? 257U : 1U}).data.size();
            };
            CAPTURE(aes, outer);
            REQUIRE(size(inner.command_data) <= outer);
            REQUIRE(size(inner.command_data + 1) > outer);
        }
        const auto inner = fresh(aes)->inner_limits({});
        CHECK(inner.response_data == (aes ? 223U : 231U));
        CHECK(inner.command_data == (aes ? 223U : 231U));
        CHECK(fresh(aes)->inner_limits({8, 8}).command_data == 0);
    }
}

TEST_CASE("large commands become extended, and their Le has two bytes") {
    auto channel = fresh(true);
    const auto wrapped = channel->wrap({0x00, 0xD6, 0x00, 0x00, Bytes(300)});
    CHECK(apdu::is_extended(wrapped));
    CHECK(wrapped.ne == 65536U);
    auto reading = fresh(true);
    const auto read = reading->wrap({0x00, 0xB0, 0x00, 0x00, {}, 1000});
    CHECK(to_hex(ByteView{read.data}.first(4)) == "970203E8");
    CHECK(apdu::is_extended(read));
}

TEST_CASE("secure messaging refuses a wrong counter, protected classes and commands out of turn") {
    CHECK_THROWS_AS(sm_aes(key(), key(), Bytes(8)), Error);
    CHECK_THROWS_AS(sm_3des(key(), key(), Bytes(16)), Error);
    auto channel = fresh(false);
    CHECK_THROWS_AS(channel->wrap({0x0C, 0xB0, 0, 0, {}, 4}), Error);
    CHECK_NOTHROW(channel->wrap({0x00, 0xB0, 0, 0, {}, 4}));
    CHECK_THROWS_WITH(channel->wrap({0x00, 0xB0, 0, 0, {}, 4}), Contains("was not read"));
    auto idle = fresh(false);
    CHECK_THAT(refusal(*idle, {from_hex("99029000"), apdu::StatusWord{0x9000}}),
               Contains("without a command"));
}
