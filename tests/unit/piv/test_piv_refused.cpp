// SPDX-License-Identifier: Apache-2.0
// Cards that are refused before anything is written, in words, and tries that are never spent.
#include <catch2/catch.hpp>

#include "libcard/app/piv/containers.h"
#include "libcard/app/piv/key_commands.h"
#include "libcard/reader/sim_transport.h"
#include "tests/unit/piv/card.h"
#include "tests/unit/piv/made_piv_card.h"

namespace {

using namespace kartsaz;
using namespace kartsaz::test;
using Catch::Contains;

/// Refused with this code, and the body is as before.
std::string refused_untouched(sim::Body& body, const Bureau& bureau, Errc expected = Errc::card_refused) {
    const Bytes before = body.snapshot();
    Errc code{};
    const auto text = piv_refusal(body, bureau, &code);
    CHECK(code == expected);
    CHECK(body.snapshot() == before);
    return text;
}

/// Answers the one command, told by INS and the end of its data, with this word; the card does not get it.
class OddAnswer final : public apdu::TransportDecorator {
public:
    OddAnswer(apdu::Transport& card, std::uint8_t ins, std::string data_end, std::uint16_t sw)
        : TransportDecorator{card}, ins_{ins}, data_end_{std::move(data_end)}, sw_{sw} {}
    apdu::ResponseApdu transmit(const apdu::CommandApdu& command) override {
        if (command.ins != ins_ || !to_hex(command.data).ends_with(data_end_))
            return TransportDecorator::transmit(command);
        ++met;
        return {{}, apdu::StatusWord{sw_}};
    }
    int met = 0;

private:
    std::uint8_t ins_;
    std::string data_end_;
    std::uint16_t sw_;
};

}  // namespace

TEST_CASE("what may not be left out is refused before the first write", "[piv]") {
    const auto [kind, object, tag] = GENERATE(table<std::string, std::string, std::string>(
        {{"canokey", "security-object", "5FC106"}, {"canokey", "key-history", "5FC10C"}}));
    Bureau bureau{piv_profile(
        {{"objects = \"ccc", "objects = \"key-history ccc"},
         {"required = \"ccc chuid printed fingerprints face\"", "required = \"" + object + "\""}})};
    const auto body = piv_body(kind);
    CHECK_THAT(refused_untouched(*body, bureau), Contains(tag) &&
                                                     Contains("does not allow to leave it out") &&
                                                     Contains("nothing was written"));
}

TEST_CASE("a photo that may not be made smaller is refused where the card has no room", "[piv]") {
    const auto kind = GENERATE(as<std::string>{}, "canokey", "pivapplet");
    Bureau bureau{piv_profile({{"face = \"shrink\"", "face = \"as-it-is\""}})};
    const auto body = piv_body(kind);
    CHECK_THAT(refused_untouched(*body, bureau), Contains("face") && Contains("takes"));
}

TEST_CASE("a key that the card cannot make is refused", "[piv]") {
    Bureau bureau{
        piv_profile({{"[piv.card]\nalgorithm = \"ec-p256\"", "[piv.card]\nalgorithm = \"rsa-3072\""}})};
    const auto body = piv_body("pivapplet");
    CHECK_THAT(refused_untouched(*body, bureau), Contains("key 9E, rsa-3072"));
}

TEST_CASE("a card without the application is refused", "[piv]") {
    Bureau bureau{piv_profile()};
    const auto body = piv_body("isoapplet");
    CHECK_THAT(refused_untouched(*body, bureau), Contains("there is no PIV application"));
}

TEST_CASE("a card that others began is refused: another management key, PIN or certificate", "[piv]") {
    Bureau bureau{piv_profile()};
    const auto body = piv_body("pivapplet");
    select_piv(*body);
    SECTION("a PIN that is not the maker's") {
        REQUIRE(send_piv(*body, "0024008010313233343536FFFF383736353433FFFF") == 0x9000);
        CHECK_THAT(refused_untouched(*body, bureau), Contains("PIN or PUK was changed"));
    }
    SECTION("a PUK with its last try") {
        for (int i = 0; i < 2; ++i) send_piv(*body, "002C008010393939393939393938373635343332FF");
        CHECK_THAT(refused_untouched(*body, bureau), Contains("PUK") || Contains("counted"));
    }
}

TEST_CASE("a card begun for another document is refused where the chip has no name", "[piv]") {
    Bureau one{piv_profile()};
    sim::NewBody options;
    options.kind = "pivapplet";
    options.serial = 0;
    options.seed = Bytes(32, 0x17);
    const auto body = sim::Body::create(options);
    make_piv(*body, one);
    Bureau other{piv_profile()};
    other.change().document_number = "X99999999";
    const Bytes before = body->snapshot();
    CHECK_THAT(piv_refusal(*body, other), Contains("neither the maker's nor ours"));
    CHECK(body->snapshot() == before);
}

TEST_CASE("another citizen's card is refused", "[piv]") {
    Bureau one{piv_profile()};
    const auto body = piv_body("pivapplet");
    make_piv(*body, one);
    Bureau other{piv_profile()};
    other.change().national_id = "0084575948";
    CHECK_THAT(refused_untouched(*body, other), Contains("certificate of another record"));
}

TEST_CASE("an issuer without a content signer cannot make the card, and says so", "[piv]") {
    Bureau bureau{piv_profile({{"content_signer = \"content-signer\"", "content_signer = \"nobody\""}})};
    const auto body = piv_body();
    CHECK_THAT(refused_untouched(*body, bureau, Errc::keys_failed), Contains("nobody"));
}

TEST_CASE("a key or object that others put on a card of the maker's management key is never overwritten",
          "[piv]") {
    using namespace app::piv;
    const auto kind = GENERATE(as<std::string>{}, "kartsaz-piv", "pivapplet", "canokey");
    INFO(kind);
    Bureau bureau{piv_profile()};
    PivCard card{kind};
    card.administer();
    const auto generates = [&](std::uint8_t reference) {
        return card.transport().transmit(generate(reference, keys::KeyAlgorithm::ec_p256)).sw.ok();
    };
    std::string thing;
    SECTION("a key without certificate") {
        REQUIRE(generates(0x9D));
        thing = "key 9D";
    }
    SECTION("a key in a retired place") {
        REQUIRE(generates(0x82));
        thing = "key 82";
    }
    if (thing.empty()) {
        const auto id = GENERATE(id_piv_certificate, id_signature_certificate, id_retired_first, id_printed,
                                 id_fingerprints, id_face, id_security_object);
        thing = container_of_id(id)->name;
        INFO(thing);
        const bool taken = card.put(id, from_hex("7003300100710100FE00")) == 0x9000;
        if (!taken) return;  // this kind has no place for it
        // a card that does not tell whose PIN it has does not show what is behind it
        const bool told = card.transport().transmit(metadata(pin_reference)).sw.ok();
        if (container_of_id(id)->read != ReadAccess::always && !told) return;
        CHECK_THAT(refused_untouched(card.body(), bureau),
                   Contains("the card holds " + thing + ", which this"));
        return;
    }
    if (!card.transport().transmit(metadata(0x9D)).sw.ok() &&
        !card.transport().transmit(metadata(0x82)).sw.ok())
        return;
    CHECK_THAT(refused_untouched(card.body(), bureau), Contains("the card holds " + thing + ", which this"));
}

TEST_CASE("what makers leave on a card is no work of others", "[piv]") {
    using namespace app::piv;
    Bureau bureau{piv_profile()};
    PivCard card;
    card.administer();
    for (const auto id : {id_chuid, id_ccc, id_key_history})
        REQUIRE(card.put(id, from_hex("FE00")) == 0x9000);
    CHECK(make_piv(card.body(), bureau).complete);
}

TEST_CASE("an odd answer to the question who the chip is never gives it another name", "[piv]") {
    struct Question {
        std::string kind;
        std::uint8_t ins;
        std::string data_end;
        std::string words;
    };
    const auto asked =
        GENERATE(values<Question>({{"kartsaz-piv", 0xA4, "A000000151000000", "SELECT card manager"},
                                   {"kartsaz-piv", 0xCA, "", "GET DATA CPLC"},
                                   {"pivapplet", 0xF8, "", "serial number"},
                                   {"canokey", 0xF8, "", "serial number"}}));
    const auto sw = GENERATE(as<std::uint16_t>{}, 0x6F00, 0x6982, 0x6985, 0x6283);
    INFO(asked.kind << ": " << asked.words << ", " << sw);
    Bureau bureau{piv_profile()};
    const auto body = piv_body(asked.kind);
    const Bytes before = body->snapshot();
    const auto card = reader::sim_transport(*body);
    OddAnswer odd{*card, asked.ins, asked.data_end, sw};
    std::string text;
    try {
        perso::personalize(odd, bureau.run());
    } catch (const Error& error) {
        CHECK(error.code() == Errc::card_refused);
        text = error.what();
    }
    CHECK(odd.met == 1);
    CHECK_THAT(text, Contains(asked.words) && Contains("Nothing was written"));
    CHECK(body->snapshot() == before);
}

TEST_CASE("a chip that says that it has no such number goes by its document", "[piv]") {
    const auto sw =
        GENERATE(as<std::uint16_t>{}, 0x6A82, 0x6A88, 0x6D00, 0x6A81, 0x6E00, 0x6A86, 0x6B00, 0x6700);
    Bureau bureau{piv_profile()};
    const auto body = piv_body("pivapplet");
    const auto card = reader::sim_transport(*body);
    OddAnswer odd{*card, 0xF8, "", sw};
    CHECK_FALSE(perso::prepare(odd, bureau.run()).state.chip.known());
    CHECK(odd.met == 1);
}
