// SPDX-License-Identifier: Apache-2.0
// Cards that are refused before anything is written, in words, and tries that are never spent.
#include <catch2/catch.hpp>

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
