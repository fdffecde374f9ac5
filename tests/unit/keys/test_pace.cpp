// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "apdu/error.h"
#include "apdu/tlv.h"
#include "keys/crypto.h"
#include "keys/curve.h"
#include "keys/mrtd_access.h"
#include "keys/mrtd_kdf.h"
#include "tests/unit/keys/key_vectors.h"
#include "tests/unit/keys/scripted_card.h"

using namespace kartsaz;
using namespace kartsaz::keys;
using Catch::Contains;
using kartsaz::test::key_vector;
using kartsaz::test::ScriptedCard;

namespace {

const kartsaz::test::Vector& example() {
    static const auto v = key_vector("icao_pace", "pace-ecdh-gm-aes128");
    return v;
}

MrzPassword password(std::string_view mrz) {
    return {SecretBytes{to_bytes(mrz)}};
}

using Exchange = std::pair<Bytes, Bytes>;

std::vector<Exchange> exchanges() {
    std::vector<Exchange> out;
    for (const auto& a : example().data.at("apdus")) {
        out.emplace_back(from_hex(a.at("c").get<std::string>()), from_hex(a.at("r").get<std::string>()));
    }
    return out;
}

std::unique_ptr<SecureChannel> open_with(const std::vector<Exchange>& script) {
    const auto& v = example();
    ScriptedCard card;
    for (const auto& [command, response] : script) card.add(command, response);
    const SecretBytes fixed{concat({v.bytes("sk_map_ifd"), v.bytes("sk_dh_ifd")})};
    const auto infos = parse_card_access(v.bytes("ef_cardaccess"));
    auto channel = open_pace(card, infos.at(0), password(v.text("mrz_information_text")), fixed);
    CHECK(card.finished());
    return channel;
}

/// The error when response `index` of the worked example is replaced.
Error error_with(std::size_t index, Bytes response) {
    auto script = exchanges();
    script.at(index).second = std::move(response);
    try {
        (void)open_with(script);
    } catch (const Error& e) {
        return e;
    }
    throw std::runtime_error{"nothing was thrown"};
}

/// A PACE card of this test's own, on any of the two curves.
class PaceCard final : public apdu::Transport {
public:
    PaceCard(unsigned id, std::string_view mrz) : curve{*find_curve(id)}, mrz_{to_bytes(mrz)} {}

    apdu::ResponseApdu transmit(const apdu::CommandApdu& command) override {
        if (command.ins == 0x22) return {{}, apdu::StatusWord{0x9000}};
        apdu::TlvReader outer{command.data, "test"};
        auto inner = outer.enter(outer.next(0x7C));
        if (inner.done()) return answer(0x80, encrypted_nonce());
        const auto object = inner.next();
        if (object.tag == 0x81) return map(object.value);
        if (object.tag == 0x83) return agree(object.value);
        const bool right = equal_constant_time(object.value, token(mine_));
        if (!right) return {{}, apdu::StatusWord{0x6300}};
        return answer(0x86, token(theirs_));
    }
    Bytes reset() override { return {}; }
    Bytes atr() const override { return {}; }
    apdu::BlockLimits limits() const override { return {}; }
    void refuse_extended() override {}

    const Curve& curve;
    SecretBytes enc, mac;

private:
    static apdu::ResponseApdu answer(std::uint32_t tag, ByteView value) {
        apdu::TlvWriter out;
        out.nest(0x7C, [&](apdu::TlvWriter& w) { w.put(tag, value); });
        return {out.bytes(), apdu::StatusWord{0x9000}};
    }
    Bytes encrypted_nonce() {
        const auto k = hash_secret(HashAlgorithm::sha1, SecretBytes{mrz_}, {}, 20);
        return aes_cbc_encrypt(mrtd_kdf(k, kdf_pace), Bytes(16), Bytes(16, 0x5A));
    }
    apdu::ResponseApdu map(ByteView theirs) {
        const auto scalar = curve.random_scalar();
        const auto h = curve.multiply(scalar, *curve.decode(theirs));
        generator_ = curve.add(*curve.multiply_generator(SecretBytes{Bytes(16, 0x5A)}), *h);
        return answer(0x82, curve.encode(*curve.multiply_generator(scalar)));
    }
    apdu::ResponseApdu agree(ByteView theirs) {
        const auto scalar = curve.random_scalar();
        theirs_.assign(theirs.begin(), theirs.end());
        mine_ = curve.encode(*curve.multiply(scalar, *generator_));
        const auto shared = curve.x_coordinate(*curve.multiply(scalar, *curve.decode(theirs)));
        enc = mrtd_kdf(shared, kdf_enc);
        mac = mrtd_kdf(shared, kdf_mac);
        return answer(0x84, mine_);
    }
    Bytes token(ByteView public_key) const {
        apdu::TlvWriter object;
        object.nest(0x7F49, [&](apdu::TlvWriter& w) {
            w.put(0x06, from_hex("04007F00070202040202")).put(0x86, public_key);
        });
        auto out = aes_cmac(mac, object.bytes());
        out.resize(8);
        return out;
    }

    Bytes mrz_, mine_, theirs_;
    Owned<ec_point_st> generator_;
};

}  // namespace

TEST_CASE("PACE replays the worked example byte for byte and opens its secure messaging") {
    auto channel = open_with(exchanges());
    const auto trace = key_vector("icao_pace", "aes-sm-after-pace");
    for (const auto& step : trace.data.at("steps")) {
        const auto plain = apdu::decode_command(from_hex(step.at("plain").get<std::string>()));
        CHECK(to_hex(apdu::encode(channel->wrap(plain))) == step.at("protected").get<std::string>());
        const auto wire = from_hex(step.at("response_protected").get<std::string>());
        CHECK(to_hex(apdu::encode(channel->unwrap(apdu::decode_response(wire)))) ==
              step.at("response_plain").get<std::string>());
    }
}

TEST_CASE("PACE agrees with a card on P-256 and on brainpoolP256r1, with random scalars") {
    for (const unsigned id : {12U, 13U}) {
        PaceCard card{id, "T22000129364081251010318"};
        const PaceInfo info{from_hex("04007F00070202040202"), id};
        auto terminal = open_pace(card, info, password("T22000129364081251010318"));
        const apdu::CommandApdu command{0x00, 0xA4, 0x04, 0x0C, from_hex("A0000002471001")};
        const auto expected = sm_aes(card.enc.clone(), card.mac.clone(), Bytes(16))->wrap(command);
        CHECK(terminal->wrap(command) == expected);
    }
}

TEST_CASE("PACE with a wrong MRZ is refused by the card and says so with its status word") {
    PaceCard card{12, "T22000129364081251010318"};
    try {
        (void)open_pace(card, {from_hex("04007F00070202040202"), 12}, password("X"));
        FAIL("opened");
    } catch (const Error& e) {
        CHECK(e.code() == Errc::keys_failed);
        CHECK(e.sw() == apdu::StatusWord{0x6300});
    }
}

TEST_CASE("PACE refuses its own points sent back, points off the curve and the point at infinity") {
    const auto& v = example();
    const auto answer = [](const char* head, ByteView point) {
        return concat({from_hex(head), point, from_hex("9000")});
    };
    CHECK_THAT(error_with(2, answer("7C438241", v.bytes("pk_map_ifd"))).what(), Contains("own point"));
    CHECK_THAT(error_with(3, answer("7C438441", v.bytes("pk_dh_ifd"))).what(), Contains("own point"));
    auto off = v.bytes("pk_map_ic");
    off.back() ^= 0x01;
    CHECK_THAT(error_with(2, answer("7C438241", off)).what(), Contains("not a point of the curve"));
    CHECK_THAT(error_with(3, answer("7C438441", Bytes(65))).what(), Contains("not a point of the curve"));
    CHECK_THAT(error_with(2, from_hex("7C038201009000")).what(), Contains("1 bytes, 65 expected"));
    auto compressed = v.bytes("pk_map_ic");
    compressed[0] = 0x02;
    CHECK_THAT(error_with(2, answer("7C438241", compressed)).what(), Contains("not a point of the curve"));
    for (const std::size_t index : {2U, 3U}) {
        CHECK(error_with(index, from_hex("7C009000")).code() == Errc::secure_channel);
    }
}

TEST_CASE("PACE refuses a wrong token and accepts references that follow a right one") {
    auto token = exchanges().at(4).second;
    token.at(5) ^= 0x80;
    const auto e = error_with(4, token);
    CHECK(e.code() == Errc::secure_channel);
    CHECK_THAT(e.what(), Contains("token is wrong"));
    auto script = exchanges();
    script.at(4).second =
        concat({from_hex("7C0D86083ABB9674BCE93C08"), from_hex("870141"), from_hex("9000")});
    CHECK_NOTHROW(open_with(script));
}

TEST_CASE("PACE refuses steps whose answer is refused, empty, truncated or of another tag") {
    CHECK(error_with(0, from_hex("6A88")).code() == Errc::card_refused);
    CHECK(error_with(1, from_hex("6985")).code() == Errc::card_refused);
    CHECK(error_with(4, from_hex("63C2")).code() == Errc::keys_failed);
    const auto good = exchanges().at(1).second;
    for (std::size_t size = 0; size + 2 < good.size(); ++size) {
        const Bytes cut = concat({ByteView{good}.first(size), from_hex("9000")});
        CHECK(error_with(1, cut).code() == Errc::secure_channel);
    }
    auto other = good;
    other[2] = 0x81;
    CHECK_THAT(error_with(1, other).what(), Contains("tag 80 expected"));
}

TEST_CASE("EF.CardAccess gives the PACE protocols that are spoken, in its order") {
    const auto one = parse_card_access(example().bytes("ef_cardaccess"));
    REQUIRE(one.size() == 1);
    CHECK(to_hex(one[0].oid) == "04007F00070202040202");
    CHECK(one[0].parameter_id == 13);
    CHECK_FALSE(one[0].ambiguous);

    const auto info = [](const char* oid, unsigned version, unsigned id) {
        apdu::TlvWriter w;
        w.nest(0x30, [&](apdu::TlvWriter& s) {
            s.put(0x06, from_hex(oid));
            s.put(0x02, Bytes{static_cast<std::uint8_t>(version)});
            s.put(0x02, Bytes{static_cast<std::uint8_t>(id)});
        });
        return w.bytes();
    };
    const auto set = [](std::initializer_list<ByteView> parts) {
        apdu::TlvWriter w;
        w.put(0x31, concat(parts));
        return w.bytes();
    };
    const auto p256 = info("04007F00070202040202", 2, 12);
    const auto brainpool = info("04007F00070202040202", 2, 13);
    const auto aes256 = info("04007F00070202040204", 2, 12);
    const auto version1 = info("04007F00070202040202", 1, 12);
    const auto p384 = info("04007F00070202040202", 2, 15);
    const auto both = parse_card_access(set({aes256, p256, version1, p384, brainpool}));
    REQUIRE(both.size() == 2);
    CHECK(both[0].parameter_id == 12);
    CHECK(both[1].parameter_id == 13);
    CHECK(both[0].ambiguous);
    CHECK(parse_card_access(set({})).empty());
}

TEST_CASE("with several curves offered, the one that is used is named to the card") {
    ScriptedCard card;
    card.add(from_hex("0022C1A412800A04007F0007020204020283010184010C"), from_hex("6A88"));
    const PaceInfo info{from_hex("04007F00070202040202"), 12, true};
    CHECK_THROWS_WITH(open_pace(card, info, password("X")), Contains("6A88"));
    CHECK(card.finished());
}

TEST_CASE("a truncated or malformed EF.CardAccess is refused with its offset") {
    const auto good = example().bytes("ef_cardaccess");
    for (std::size_t size = 0; size < good.size(); ++size) {
        try {
            (void)parse_card_access(ByteView{good}.first(size));
            FAIL("accepted " << size);
        } catch (const Error& e) {
            CHECK(e.code() == Errc::input_invalid);
            CHECK_THAT(e.what(), Contains("EF.CardAccess: offset"));
        }
    }
    CHECK_THROWS_AS(parse_card_access(from_hex("3003020101")), Error);
}

TEST_CASE("PACE with another protocol or curve, or scalars of another length, is refused") {
    ScriptedCard card;
    CHECK_THROWS_AS(open_pace(card, {from_hex("04007F00070202040204"), 12}, password("X")), Error);
    CHECK_THROWS_AS(open_pace(card, {from_hex("04007F00070202040202"), 15}, password("X")), Error);
    CHECK_THROWS_AS(
        open_pace(card, {from_hex("04007F00070202040202"), 12}, password("X"), SecretBytes{Bytes(32)}),
        Error);
}
