// SPDX-License-Identifier: Apache-2.0
// A finished card in its later life: certificates that end, names that change, PINs of the holder's own.
#include <catch2/catch.hpp>

#include "apdu/error.h"
#include "keys/card_identity.h"
#include "keys/citizen_certificate.h"
#include "libcard/app/pkcs15/objects.h"
#include "tests/unit/pkcs15/made_card.h"

namespace {

using namespace kartsaz;
using test::Bureau;
using test::faults_of;
using test::select;
using test::send;
using test::signature_body;
using test::signature_profile;

constexpr std::int64_t day = 86'400;
constexpr std::int64_t near_the_end = Bureau::moment + 1090 * day;
const perso::Permits update{.update = true};

keys::SecretBytes transport_pin(const Bureau& bureau) {
    return keys::derive_pin(bureau.keys().keyset("pin"), "pin",
                            keys::identity_of_card("", bureau.record().document_number), 6);
}

std::string padded_hex(const keys::SecretBytes& pin) {
    Bytes out = pin.reveal([](ByteView bytes) { return Bytes(bytes.begin(), bytes.end()); });
    out.resize(16, 0);
    return to_hex(out);
}

/// The holder chooses a PIN of his own.
void change_pin(sim::Body& body, const Bureau& bureau, const keys::SecretBytes& own) {
    select(body);
    REQUIRE(send(body, "0024000120" + padded_hex(transport_pin(bureau)) + padded_hex(own)) == 0x9000);
}

}  // namespace

TEST_CASE("a certificate that ends soon is renewed by the same call, for the same key", "[signature]") {
    const auto body = signature_body();
    Bureau bureau{signature_profile("ec-p256", "signature authentication")};
    bureau.change().expiry_date = {2035, 1, 1};
    test::personalize(*body, bureau);
    const auto before = test::read_back(*body, bureau);
    bureau.change_order().now = near_the_end - 100 * day;
    CHECK(test::personalize(*body, bureau).steps.empty());
    bureau.change_order().now = near_the_end;
    const auto receipt = test::personalize(*body, bureau);
    CHECK(receipt.complete);
    CHECK(faults_of(*body, bureau, 2) == "");
    const auto after = test::read_back(*body, bureau);
    CHECK(after.file("EF.3300")->content == before.file("EF.3300")->content);
    CHECK(after.file("EF.3400") == nullptr);
    const auto says = keys::read_citizen_certificate(after.file("EF.3401")->content);
    REQUIRE(says);
    CHECK(says->not_after == near_the_end + 1095 * day - 1);
    CHECK(says->public_key == keys::read_citizen_certificate(before.file("EF.3400")->content)->public_key);
    // and the next one goes back into the first file
    bureau.change_order().now = near_the_end + 1090 * day;
    CHECK(test::personalize(*body, bureau).complete);
    CHECK(faults_of(*body, bureau, 2) == "");
    CHECK(test::read_back(*body, bureau).file("EF.3401") == nullptr);
}

TEST_CASE("a certificate that has ended is renewed, too", "[signature]") {
    const auto body = signature_body();
    Bureau bureau{signature_profile("ec-p256")};
    bureau.change().expiry_date = {2035, 1, 1};
    test::personalize(*body, bureau);
    bureau.change_order().now = Bureau::moment + 1200 * day;
    CHECK(test::personalize(*body, bureau).complete);
    CHECK(faults_of(*body, bureau) == "");
}

TEST_CASE("at the end of the document there is nothing to renew", "[signature]") {
    const auto body = signature_body();
    Bureau bureau{signature_profile("ec-p256")};
    bureau.change().expiry_date = {2026, 1, 1};
    test::personalize(*body, bureau);
    bureau.change_order().now = record::to_unix({2025, 12, 30});
    CHECK(test::personalize(*body, bureau).steps.empty());
    bureau.change_order().now = record::to_unix({2026, 1, 2});
    CHECK(test::personalize(*body, bureau).steps.empty());
}

TEST_CASE("a changed name is a change on purpose, and gives a certificate with that name", "[signature]") {
    const auto body = signature_body();
    Bureau bureau{signature_profile("ec-p256")};
    test::personalize(*body, bureau);
    bureau.change().name.surname_fa = "رضایی";
    Errc code{};
    CHECK_THAT(test::refusal(*body, bureau, &code), Catch::Contains("kartsaz update"));
    CHECK(code == Errc::card_refused);
    CHECK(test::personalize(*body, bureau, nullptr, update).complete);
    CHECK(faults_of(*body, bureau) == "");
    CHECK(test::personalize(*body, bureau).steps.empty());
}

TEST_CASE("a second key is added to a finished card by a change on purpose", "[signature]") {
    const auto body = signature_body();
    Bureau one{signature_profile("ec-p256")};
    test::personalize(*body, one);
    Bureau two{signature_profile("ec-p256", "signature authentication")};
    CHECK_THAT(test::refusal(*body, two), Catch::Contains("kartsaz update"));
    CHECK(test::personalize(*body, two, nullptr, update).complete);
    const auto card = test::read_back(*body, two);
    CHECK(app::pkcs15::decode_prkdf(card.file("EF.PrKDF")->content).size() == 2);
    CHECK(app::pkcs15::decode_cdf(card.file("EF.CDF")->content).size() == 2);
    CHECK(test::personalize(*body, two).steps.empty());
}

TEST_CASE("a card with a PIN of the holder's own is renewed with that PIN only", "[signature][pin]") {
    const auto body = signature_body();
    Bureau bureau{signature_profile("ec-p256")};
    bureau.change().expiry_date = {2035, 1, 1};
    test::personalize(*body, bureau);
    const keys::SecretBytes own{to_bytes("80808080")};
    change_pin(*body, bureau, own);
    bureau.change_order().now = near_the_end;

    // the delivered PIN is tried once, refused, and remembered
    Errc code{};
    const auto text = test::refusal(*body, bureau, &code);
    CHECK(code == Errc::secure_channel);
    CHECK_THAT(
        text, Catch::Contains("63C2") && Catch::Contains("--pin-file") && Catch::Contains("not tried again"));
    // now that tries are missing, it is not tried any more
    CHECK_THAT(test::refusal(*body, bureau, &code),
               Catch::Contains("2 of 3") && Catch::Contains("nothing was"));
    CHECK(code == Errc::keys_failed);
    select(*body);
    CHECK(send(*body, "00200001") == 0x63C2);

    bureau.change_order().holder_pin = &own;
    CHECK(test::personalize(*body, bureau).complete);
    CHECK(test::personalize(*body, bureau).steps.empty());
    CHECK(test::read_back(*body, bureau, "", &own).fact("pin.state") == "verified");
}

TEST_CASE("the last try of a PIN is never used", "[signature][pin]") {
    const auto body = signature_body();
    Bureau bureau{signature_profile("ec-p256")};
    bureau.change().expiry_date = {2035, 1, 1};
    test::personalize(*body, bureau);
    select(*body);
    CHECK(send(*body, "002000010439393939") == 0x63C2);
    CHECK(send(*body, "002000010439393939") == 0x63C1);
    bureau.change_order().now = near_the_end;
    const auto right = transport_pin(bureau);
    bureau.change_order().holder_pin = &right;
    Errc code{};
    CHECK_THAT(test::refusal(*body, bureau, &code), Catch::Contains("never used up"));
    CHECK(code == Errc::pin_blocked);
    select(*body);
    CHECK(send(*body, "002000010439393939") == 0x63C0);
    CHECK_THAT(test::refusal(*body, bureau, &code), Catch::Contains("blocked"));
    CHECK(code == Errc::pin_blocked);
}

TEST_CASE("what the holder added with other software stays", "[signature]") {
    const auto body = signature_body();
    Bureau bureau{signature_profile("ec-p256")};
    bureau.change().expiry_date = {2035, 1, 1};
    test::personalize(*body, bureau);
    auto objects = app::pkcs15::decode_cdf(test::read_back(*body, bureau).file("EF.CDF")->content);
    auto mine = objects.at(0);
    mine.common.label = "mine";
    mine.id = {0x77};
    mine.path = app::pkcs15::Path{from_hex("3F0050153470"), {}, {}};
    objects.push_back(mine);
    const Bytes content = app::pkcs15::encode_cdf(objects);
    select(*body);
    REQUIRE(send(*body, "0020000110" + padded_hex(transport_pin(bureau))) == 0x9000);
    REQUIRE(send(*body, "00A4000C024404") == 0x9000);
    REQUIRE(send(*body, "00D60000" + to_hex(Bytes{static_cast<std::uint8_t>(content.size())}) +
                            to_hex(content)) == 0x9000);
    CHECK(test::personalize(*body, bureau).steps.empty());
    bureau.change_order().now = near_the_end;
    CHECK(test::personalize(*body, bureau).complete);
    const auto after = app::pkcs15::decode_cdf(test::read_back(*body, bureau).file("EF.CDF")->content);
    REQUIRE(after.size() == 2);
    CHECK(after.at(1) == mine);
    CHECK(after.at(0).path->path == from_hex("3F0050153401"));
}

TEST_CASE("a public key file that is damaged is written again from the certificate", "[signature]") {
    const auto body = signature_body();
    Bureau bureau{signature_profile("ec-p256")};
    test::personalize(*body, bureau);
    const Bytes good = test::read_back(*body, bureau).file("EF.3300")->content;
    body->flip(0x3300, 0, 0xFF);
    CHECK(test::personalize(*body, bureau, nullptr, update).complete);
    CHECK(test::read_back(*body, bureau).file("EF.3300")->content == good);
    // with both gone, no new key is made in place of the holder's
    body->flip(0x3300, 0, 0xFF);
    body->flip(0x3400, 0, 0xFF);
    CHECK_THAT(test::refusal(*body, bureau, nullptr, update), Catch::Contains("damaged"));
}
