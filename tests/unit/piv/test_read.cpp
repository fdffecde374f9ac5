// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <array>
#include <functional>

#include "apdu/decorator.h"
#include "apdu/error.h"
#include "keys/certificate_request.h"
#include "keys/issuer.h"
#include "keys/key_agreement.h"
#include "libcard/app/piv/containers.h"
#include "libcard/app/piv/key_commands.h"
#include "libcard/app/piv/objects.h"
#include "libcard/app/read_card.h"
#include "tests/support/vectors.h"
#include "tests/unit/piv/card.h"
#include "tests/unit/piv/icam.h"
#include "tests/unit/piv/samples.h"

using namespace kartsaz;
using namespace kartsaz::app::piv;
using test::icam_cards;
using test::PivCard;

namespace {

constexpr std::array<std::uint8_t, 4> four_keys{0x9A, 0x9C, 0x9D, 0x9E};
constexpr std::array<std::uint8_t, 5> five_keys{0x9A, 0x9C, 0x9D, 0x9E, 0x82};

std::string fact(const app::DumpApplication& dump, unsigned reference, const char* name) {
    return dump.fact(fmt::format("key.{:02X}.{}", reference, name));
}

bool proves(const app::DumpApplication& dump, unsigned reference, ByteView public_key) {
    return keys::verify_signature(public_key, from_hex(fact(dump, reference, "message")),
                                  from_hex(fact(dump, reference, "signature")));
}

/// Generates a key on the card, which must be administered.
Bytes make_key(PivCard& card, std::uint8_t reference, keys::KeyAlgorithm algorithm) {
    apdu::Exchanger whole{card.transport()};
    const auto answer = apdu::expect(whole.transmit(generate(reference, algorithm)), "generate");
    return public_key_of_answer(answer.data, algorithm);
}

/// Answers what a test wants it to.
class Liar final : public apdu::TransportDecorator {
public:
    using Lie = std::function<std::optional<apdu::ResponseApdu>(const apdu::CommandApdu&)>;
    Liar(apdu::Transport& below, Lie lie) : TransportDecorator{below}, lie_{std::move(lie)} {}
    apdu::ResponseApdu transmit(const apdu::CommandApdu& command) override {
        ++sent;
        if (auto lie = lie_(command)) return *lie;
        return below().transmit(command);
    }
    std::size_t sent = 0;

private:
    Lie lie_;
};

apdu::ResponseApdu answer(ByteView data, std::uint16_t sw = 0x9000) {
    return {Bytes(data.begin(), data.end()), apdu::StatusWord{sw}};
}
constexpr std::uint8_t ins_get_data = 0xCB, ins_get_response = 0xC0;

}  // namespace

TEST_CASE("every ICAM card put on a card is read back byte for byte, and its keys prove themselves") {
    for (const auto& icam : icam_cards()) {
        INFO(icam.name);
        const auto folder = load_object_folder(icam.folder);
        PivCard card;
        card.load(folder);
        const auto dump = card.read();
        CHECK(dump.fact("fault").empty());
        CHECK(dump.fact("source") == "card");
        CHECK(dump.files.size() == folder.objects.size());
        for (const auto& one : folder.objects) {
            INFO(one.file);
            const auto* file = dump.file(file_name(*container_of_id(one.id)));
            REQUIRE(file != nullptr);
            CHECK(file->fid == one.id);
            CHECK(file->refused.empty());
            CHECK(file->content == one.value);
        }
        for (const auto& key : folder.keys) {
            INFO(key.file);
            CHECK(from_hex(fact(dump, key.reference, "public")) == key.public_key);
            CHECK(fact(dump, key.reference, "origin") == "imported");
            CHECK(proves(dump, key.reference, key.public_key));
        }
    }
}

TEST_CASE("without a PIN what wants it is refused in words, and 9E alone proves its key") {
    for (const char* kind : {"kartsaz-piv", "pivapplet", "canokey"}) {
        INFO(kind);
        PivCard card{kind};
        card.administer();
        REQUIRE(card.put(id_face, from_hex("BC00FE00")) == 0x9000);
        for (const auto reference : four_keys) make_key(card, reference, keys::KeyAlgorithm::ec_p256);
        // nobody's default any more
        const auto change = from_hex("313233343536FFFF363534333231FFFF");
        REQUIRE(card.transport().transmit({0x00, 0x24, 0x00, 0x80, change}).sw.ok());
        card.power_up();
        const auto dump = card.read("");
        REQUIRE(dump.file("face") != nullptr);
        CHECK(dump.file("face")->refused == "6982 (security status not satisfied): it wants the PIN");
        for (const char* name : {"face", "fingerprints", "printed-information"}) {
            INFO(name);
            CHECK(dump.fact(std::string{"plain."} + name) == "6982");
        }
        CHECK(dump.fact("pin.state") == "not tried");
        CHECK(dump.fact("pin.tries") == dump.fact("pin.tries.after"));
        for (const unsigned reference : {0x9AU, 0x9CU, 0x9DU}) {
            CHECK(fact(dump, reference, "plain.sw") == "6982");
            CHECK(fact(dump, reference, "why") == "it needs the PIN");
            CHECK(fact(dump, reference, "signature").empty());
        }
        CHECK(fact(dump, 0x9E, "plain.sw") == "9000");
        CHECK(proves(dump, 0x9E, from_hex(fact(dump, 0x9E, "public"))));
    }
}

TEST_CASE("a card that says that its PIN is the maker's is read with that, when all tries are left") {
    for (const char* kind : {"kartsaz-piv", "pivapplet"}) {
        INFO(kind);
        PivCard card{kind};
        card.administer();
        REQUIRE(card.put(id_face, from_hex("BC00FE00")) == 0x9000);
        const auto dump = card.read("");
        CHECK(dump.fact("pin.factory") == "yes");
        CHECK(dump.fact("pin.state") == "factory");
        CHECK(dump.fact("pin.tries") == dump.fact("pin.tries.after"));
        CHECK(dump.file("face")->content == from_hex("BC00FE00"));
        // one try spent by somebody: it is left alone
        card.power_up();
        card.administer();
        const auto wrong = from_hex("303030303030FFFF");
        REQUIRE(!card.transport().transmit({0x00, 0x20, 0x00, 0x80, wrong}).sw.ok());
        card.power_up();
        const auto spent = card.read("");
        CHECK(spent.fact("pin.state") == "not tried");
        CHECK(spent.file("face")->content.empty());
        CHECK(spent.fact("pin.tries") == spent.fact("pin.tries.after"));
    }
}

TEST_CASE("with the PIN every place proves its key of every kind, 9C too, on every kind of card") {
    using keys::KeyAlgorithm;
    for (const char* kind : {"kartsaz-piv", "pivapplet", "canokey"}) {
        for (const auto algorithm : {KeyAlgorithm::ec_p256, KeyAlgorithm::ec_p384, KeyAlgorithm::rsa_2048}) {
            INFO(kind << " " << keys::name(algorithm));
            PivCard card{kind};
            card.administer();
            std::map<std::uint8_t, Bytes> made;
            for (const auto reference : five_keys) made[reference] = make_key(card, reference, algorithm);
            const auto dump = card.read();
            CHECK(dump.fact("pin.state") == "verified");
            for (const auto& [reference, key] : made) {
                INFO(unsigned{reference});
                CHECK(fact(dump, reference, "algorithm") == keys::name(algorithm));
                CHECK(from_hex(fact(dump, reference, "public")) == key);
                CHECK(fact(dump, reference, "origin") == "generated");
                CHECK(proves(dump, reference, key));
            }
        }
    }
}

TEST_CASE("a key that agrees and does not sign proves itself by agreement") {
    PivCard card;
    card.administer();
    const Bytes key = make_key(card, 0x9D, keys::KeyAlgorithm::ec_p384);
    Liar strict{card.transport(), [](const apdu::CommandApdu& command) -> std::optional<apdu::ResponseApdu> {
                    const bool signs = command.ins == 0x87 && command.p2 == 0x9D && command.data.size() > 4 &&
                                       command.data[4] == 0x81;
                    if (!signs) return std::nullopt;
                    return answer({}, 0x6A80);
                }};
    const auto dump = card.read_through(strict);
    CHECK(fact(dump, 0x9D, "signature").empty());
    const Bytes secret = from_hex(fact(dump, 0x9D, "agreement.secret"));
    CHECK(secret.size() == 48);
    CHECK(keys::agreed_secret(key, from_hex(fact(dump, 0x9D, "agreement.private"))) == secret);
    card.administer();
    CHECK(keys::agreed_secret(make_key(card, 0x9A, keys::KeyAlgorithm::ec_p384),
                              from_hex(fact(dump, 0x9D, "agreement.private"))) != secret);
}

TEST_CASE("the last try of a PIN is never spent, and a PIN that cannot be one is not sent") {
    PivCard card;
    CHECK(card.read("12345").fact("pin.why").find("6 to 8 digits") != std::string::npos);
    CHECK(card.read("999999").fact("pin.state") == "refused");
    const auto second = card.read("999999");
    CHECK(second.fact("pin.tries") == "2");
    CHECK(second.fact("pin.tries.after") == "1");
    const auto third = card.read("999999");
    CHECK(third.fact("pin.state") == "not tried");
    CHECK(third.fact("pin.why") == "one try is left, and the last one is never spent");
    CHECK(third.fact("pin.tries.after") == "1");
    CHECK(card.read("123456").fact("pin.state") == "not tried");
}

TEST_CASE("whose the management key is, on every kind of card") {
    for (const char* kind : {"kartsaz-piv", "pivapplet", "canokey"}) {
        INFO(kind);
        PivCard card{kind};
        auto dump = card.read();
        CHECK(dump.fact("management.algorithm") == "03");
        CHECK(dump.fact("management.keys") == "factory");
        // a card without metadata proves it
        Liar silent{card.transport(), [](const apdu::CommandApdu& command) {
                        return command.ins == 0xF7 ? std::optional{answer({}, 0x6D00)} : std::nullopt;
                    }};
        CHECK(card.read_through(silent).fact("management.keys") == "factory");
        card.administer();
        auto change = set_management_key_header();
        change.data = management_key_field(algorithm_des3, keys::SecretBytes{Bytes(24, 0x5A)})
                          .reveal([](ByteView field) { return Bytes(field.begin(), field.end()); });
        REQUIRE(card.transport().transmit(change).sw.ok());
        dump = card.read();
        CHECK(dump.fact("management.keys") == "not tried");
        CHECK(dump.fact("management.why").find("not the maker's") != std::string::npos);
        CHECK(card.read_through(silent).fact("management.keys") == "unknown");
    }
}

TEST_CASE("a fresh card is blank, one with a certificate, a key or a face is not") {
    for (const char* kind : {"kartsaz-piv", "pivapplet", "canokey"}) {
        INFO(kind);
        PivCard card{kind};
        CHECK(is_blank(card.read()));
        CHECK(is_blank(card.read("")));
        card.administer();
        REQUIRE(card.put(id_face, from_hex("BC00FE00")) == 0x9000);
        CHECK_FALSE(is_blank(card.read()));
        PivCard other{kind};
        other.administer();
        make_key(other, 0x9A, keys::KeyAlgorithm::ec_p256);
        CHECK_FALSE(is_blank(other.read("")));
        PivCard third{kind};
        app::ReadCardOptions options;
        const auto whole = app::read_card(third.transport(), options);
        CHECK(std::find(whole.blank.begin(), whole.blank.end(), "piv") != whole.blank.end());
    }
}

TEST_CASE("a card that announces more for ever is left, and what was read stands") {
    PivCard card;
    card.administer();
    REQUIRE(card.put(id_chuid, from_hex("3000FE00")) == 0x9000);
    const auto endless = [](const apdu::CommandApdu& command) -> std::optional<apdu::ResponseApdu> {
        const bool security = command.ins == ins_get_data && command.data == from_hex("5C035FC106");
        if (security || command.ins == ins_get_response) return answer(from_hex("00"), 0x6101);
        return std::nullopt;
    };
    Liar liar{card.transport(), endless};
    const auto dump = card.read_through(liar);
    CHECK(dump.fact("fault").find("does not come to an end") != std::string::npos);
    CHECK(liar.sent < 5'100);
    REQUIRE(dump.file("CHUID") != nullptr);
    CHECK(dump.file("CHUID")->content == from_hex("3000FE00"));
    Liar empty{card.transport(), [](const apdu::CommandApdu& command) {
                   const bool reads = command.ins == ins_get_data || command.ins == ins_get_response;
                   return reads ? std::optional{answer({}, 0x61FF)} : std::nullopt;
               }};
    CHECK_FALSE(card.read_through(empty).fact("fault").empty());
    Liar huge{card.transport(), [](const apdu::CommandApdu& command) {
                  return command.ins == ins_get_data ? std::optional{answer(Bytes(65'536, 0x53))}
                                                     : std::nullopt;
              }};
    const auto fed = card.read_through(huge);
    CHECK(fed.fact("fault").find("more than any card holds") != std::string::npos);
}

TEST_CASE("answers of a wrong form are told object by object, and the rest is read") {
    PivCard card;
    card.administer();
    REQUIRE(card.put(id_ccc, from_hex("F000FE00")) == 0x9000);
    for (const char* wrong : {"", "53", "5305AABB", "5302AABBCC", "5282AABB", "5384FFFFFFFF00", "7000"}) {
        INFO(wrong);
        Liar liar{card.transport(), [&](const apdu::CommandApdu& command) {
                      const bool asked =
                          command.ins == ins_get_data && command.data == from_hex("5C035FC102");
                      return asked ? std::optional{answer(from_hex(wrong))} : std::nullopt;
                  }};
        const auto dump = card.read_through(liar);
        CHECK(dump.fact("fault").empty());
        REQUIRE(dump.file("CHUID") != nullptr);
        CHECK(dump.file("CHUID")->refused.starts_with("answered, but with no such object"));
        REQUIRE(dump.file("CCC") != nullptr);
        CHECK(dump.file("CCC")->content == from_hex("F000FE00"));
    }
    Liar liar{card.transport(), [&](const apdu::CommandApdu& command) {
                  const bool key = command.ins == 0x87 || command.ins == 0xF7 || command.ins == 0xFD;
                  return key ? std::optional{answer(from_hex("7CFF01"))} : std::nullopt;
              }};
    CHECK(card.read_through(liar).fact("fault").empty());
}

TEST_CASE("what is for people is written beside: face, fingerprints, certificates") {
    if (icam_cards().empty()) return;
    const auto folder = load_object_folder(test::icam_card_of("37").folder);
    const auto place = test::scratch_dir() / "people";
    const auto written = save_for_people(to_dump(folder), place);
    CHECK(written.size() == 9 * 2 + 2);
    CHECK(to_text(test::read_bytes(place / "piv-86.pem")).starts_with("-----BEGIN CERTIFICATE-----\n"));
    CHECK(test::read_bytes(place / "piv-fingers.fmr").size() == 584);
    CHECK(keys::certificate_facts(test::read_bytes(place / "piv-9A.der")).public_key ==
          folder.key(0x9A)->public_key);
}
