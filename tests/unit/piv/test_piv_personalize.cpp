// SPDX-License-Identifier: Apache-2.0
// Whole PIV cards: each kind of body with the same profile, other algorithms, changes, renewal.
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "apdu/counting.h"
#include "keys/issuer.h"
#include "keys/pin.h"
#include "libcard/app/piv/objects.h"
#include "libcard/reader/sim_transport.h"
#include "tests/unit/piv/made_piv_card.h"

namespace {

using namespace kartsaz;
using namespace kartsaz::test;
using app::piv::certificate_of;
using app::piv::decode_certificate_object;
using Catch::Contains;

Bytes certificate_in(const app::DumpApplication& card, const std::string& name) {
    const auto* file = card.file(name);
    REQUIRE(file != nullptr);
    return certificate_of(decode_certificate_object(file->content, name), name);
}

constexpr const char* every_key_rsa = "rsa-2048";

Changes algorithm_of_all(const std::string& algorithm) {
    Changes out;
    for (const auto* key : {"authentication", "signature", "management", "card"}) {
        out.emplace_back(fmt::format("[piv.{}]\nalgorithm = \"ec-p256\"", key),
                         fmt::format("[piv.{}]\nalgorithm = \"{}\"", key, algorithm));
    }
    return out;
}

}  // namespace

TEST_CASE("the same profile makes a PIV card of each kind of body, and the second call has nothing to do",
          "[piv]") {
    const auto [kind, chip] = GENERATE(table<std::string, std::string>(
        {{"kartsaz-piv", "4790-"}, {"pivapplet", "PIV-00C0FFEE"}, {"canokey", "PIV-00C0FFEE"}}));
    INFO(kind);
    Bureau bureau{piv_profile()};
    const auto body = piv_body(kind);
    const auto receipt = make_piv(*body, bureau);
    CHECK(receipt.complete);
    CHECK_THAT(receipt.chip, Catch::StartsWith(chip));
    CHECK(receipt.development_keys);
    CHECK(faults_of_piv(*body, bureau) == "");
    const auto again = make_piv(*body, bureau);
    CHECK(again.steps.empty());
    CHECK(again.image_digest == receipt.image_digest);
}

TEST_CASE("the profile's algorithms are what the card gets", "[piv]") {
    const auto [kind, algorithm] = GENERATE(table<std::string, std::string>(
        {{"kartsaz-piv", every_key_rsa}, {"pivapplet", every_key_rsa}, {"canokey", "ec-p384"}}));
    INFO(kind << ", " << algorithm);
    Bureau bureau{piv_profile(algorithm_of_all(algorithm))};
    const auto body = piv_body(kind);
    make_piv(*body, bureau);
    CHECK(faults_of_piv(*body, bureau) == "");
    const auto card = read_piv(*body, bureau);
    for (const auto* key : {"9A", "9C", "9D", "9E"})
        CHECK(card.fact(fmt::format("key.{}.algorithm", key)) == algorithm);
}

TEST_CASE("each certificate says what its key is for, and only that of 9E names no holder", "[piv]") {
    Bureau bureau{piv_profile()};
    const auto body = piv_body();
    make_piv(*body, bureau);
    const auto card = read_piv(*body, bureau);
    const auto facts = [&](const std::string& name) {
        return *keys::read_citizen_certificate(certificate_in(card, name));
    };
    const auto authentication = facts("PIV-authentication-certificate");
    CHECK((authentication.digital_signature && !authentication.content_commitment));
    CHECK(authentication.subject.serial_number == bureau.record().national_id);
    CHECK(authentication.fascn.size() == 25);
    CHECK_THAT(authentication.uri, Catch::StartsWith("urn:uuid:"));
    const auto signature = facts("signature-certificate");
    CHECK((signature.digital_signature && signature.content_commitment));
    const auto management = facts("key-management-certificate");
    CHECK((management.key_agreement && !management.digital_signature && !management.key_encipherment));
    const auto own = facts("card-authentication-certificate");
    CHECK(own.subject.common_name.empty());
    CHECK(own.subject.serial_number != bureau.record().national_id);
    CHECK(own.fascn == authentication.fascn);
    const auto usages =
        keys::certificate_facts(certificate_in(card, "card-authentication-certificate")).extended_usages;
    CHECK(usages == std::vector<std::string>{"2.16.840.1.101.3.6.8"});
}

TEST_CASE("two runs on two equal bodies give the same bytes of every object", "[piv]") {
    std::vector<app::DumpApplication> cards;
    for (int i = 0; i < 2; ++i) {
        Bureau bureau{piv_profile()};
        const auto body = piv_body();
        make_piv(*body, bureau);
        cards.push_back(read_piv(*body, bureau));
    }
    for (const auto* name :
         {"CHUID", "CCC", "face", "fingerprints", "printed-information", "security-object"}) {
        INFO(name);
        REQUIRE(cards[0].file(name) != nullptr);
        CHECK(cards[0].file(name)->content == cards[1].file(name)->content);
    }
}

TEST_CASE("what a smaller card cannot hold is left out or made smaller, in words", "[piv]") {
    Bureau bureau{piv_profile()};
    const auto canokey = prepare_piv(*piv_body("canokey"), bureau).state.facts;
    CHECK_THAT(canokey.at("PIV left out"), Contains("security object") && Contains("5FC106"));
    CHECK_THAT(canokey.at("PIV photo"), Contains("instead of"));
    const auto full = prepare_piv(*piv_body("kartsaz-piv"), bureau).state.facts;
    CHECK_FALSE(full.contains("PIV left out"));
    CHECK_FALSE(full.contains("PIV photo"));
}

TEST_CASE("a photo as large as a card can hold goes in one command", "[piv]") {
    Bureau bureau{piv_profile()};
    auto& photo = bureau.change().photo;
    photo.bytes.resize(32'768, 0x00);  // behind the end of the image
    const auto body = piv_body();
    const auto prepared = prepare_piv(*body, bureau);
    std::size_t largest = 0;
    for (const auto& step : prepared.plan.steps) largest = std::max(largest, step.data_size());
    CHECK(largest > 32'768);
    CHECK_FALSE(prepared.state.facts.contains("PIV photo"));
    make_piv(*body, bureau);
    CHECK(faults_of_piv(*body, bureau) == "");
}

TEST_CASE("the management key is AES where the card announces it, else as the card has it", "[piv]") {
    const auto [kind, algorithm] = GENERATE(
        table<std::string, std::string>({{"kartsaz-piv", "0C"}, {"pivapplet", "03"}, {"canokey", "03"}}));
    Bureau bureau{piv_profile()};
    const auto body = piv_body(kind);
    make_piv(*body, bureau);
    CHECK(read_piv(*body, bureau).fact("management.algorithm") == algorithm);
    CHECK(read_piv(*body, bureau).fact("management.keys") == "issuer");
}

TEST_CASE("a profile can name the management key's algorithm", "[piv]") {
    Bureau bureau{piv_profile({{"management_algorithm = \"auto\"", "management_algorithm = \"aes-192\""}})};
    const auto body = piv_body("pivapplet");
    make_piv(*body, bureau);
    CHECK(read_piv(*body, bureau).fact("management.algorithm") == "0A");
    CHECK(faults_of_piv(*body, bureau) == "");
}

TEST_CASE("a new photo is a small difference, seen without any PIN, and keys and certificates stay",
          "[piv]") {
    const auto kind = GENERATE(as<std::string>{}, "kartsaz-piv", "canokey");
    INFO(kind);
    const auto profile = piv_profile();
    Bureau before{profile};
    const auto body = piv_body(kind);
    make_piv(*body, before);
    const auto first = read_piv(*body, before);
    before.change().photo = record::reencode_photo(before.record().photo, 6'000, "photo");
    before.change_order().now += 86'400;
    const auto prepared = prepare_piv(*body, before, {.update = true});
    CHECK_FALSE(prepared.plan.empty());
    for (const auto& step : prepared.plan.steps)
        CHECK_THAT(step.label, !Contains("PIN") && !Contains("key 9"));
    Errc code{};
    CHECK_THAT(piv_refusal(*body, before, &code), Contains("kartsaz update"));
    CHECK(code == Errc::card_refused);
    make_piv(*body, before, nullptr, {.update = true});
    CHECK(faults_of_piv(*body, before) == "");
    const auto second = read_piv(*body, before);
    CHECK(second.file("face")->content != first.file("face")->content);
    CHECK(second.file("signature-certificate")->content == first.file("signature-certificate")->content);
}

TEST_CASE("a certificate that ends soon is renewed as upkeep, and nothing else is written", "[piv]") {
    Bureau bureau{piv_profile()};
    const auto body = piv_body();
    make_piv(*body, bureau);
    bureau.change_order().now += 1080LL * 86'400;
    const auto prepared = prepare_piv(*body, bureau);
    REQUIRE_FALSE(prepared.plan.empty());
    for (const auto& step : prepared.plan.steps) {
        CHECK(step.upkeep);
        CHECK_THAT(step.label, !Contains("CHUID") && !Contains("face"));
    }
}

TEST_CASE("a change that needs the holder's keys asks for his PIN once he has his own", "[piv]") {
    Bureau bureau{piv_profile()};
    const auto body = piv_body("canokey");
    make_piv(*body, bureau);
    // the holder's change, by the derived PIN
    const auto chip = prepare_piv(*body, bureau).state.chip.name;
    const auto pin = keys::derive_pin(bureau.keys().keyset("pin"), "pin", "chip " + chip, 6);
    select_piv(*body);
    const auto old = pin.reveal([](ByteView digits) { return to_hex(digits); });
    REQUIRE(send_piv(*body, "0024008010" + old +
                                "FFFF"
                                "383736353433FFFF") == 0x9000);
    bureau.change().name.given_fa = "مریم";
    // once refused, the delivered PIN is never tried again: a try is missing
    Errc code{};
    CHECK_THAT(piv_refusal(*body, bureau, &code, {.update = true}), Contains("counted a failed try"));
    CHECK(code == Errc::secure_channel);
    CHECK_THAT(piv_refusal(*body, bureau, &code, {.update = true}), Contains("--pin-file"));
    const keys::SecretBytes own{to_bytes("876543")};
    bureau.change_order().holder_pin = &own;
    make_piv(*body, bureau, nullptr, {.update = true});
    const auto card = read_piv(*body, bureau, &own);
    CHECK(card.fact("pin.tries") == "3");
    CHECK(keys::read_citizen_certificate(certificate_in(card, "signature-certificate"))->subject.given_name ==
          "مریم");
}

TEST_CASE("certificates are stored as gzip where the profile asks for it", "[piv]") {
    Bureau bureau{piv_profile({{"email = false", "email = false\ncompress = true"}})};
    const auto body = piv_body("pivapplet");
    make_piv(*body, bureau);
    CHECK(faults_of_piv(*body, bureau) == "");
    const auto card = read_piv(*body, bureau);
    const auto* file = card.file("signature-certificate");
    CHECK(decode_certificate_object(file->content, "signature certificate").compressed());
}

TEST_CASE("the dry run counts commands and bytes as they are", "[piv]") {
    const auto kind = GENERATE(as<std::string>{}, "kartsaz-piv", "pivapplet", "canokey");
    const auto algorithm = GENERATE(as<std::string>{}, "ec-p256", "rsa-2048");
    INFO(kind << ", " << algorithm);
    Bureau bureau{piv_profile(algorithm_of_all(algorithm))};
    const auto body = piv_body(kind);
    const auto raw = reader::sim_transport(*body);
    apdu::CountingTransport card{*raw};
    const auto run = bureau.run();
    auto prepared = perso::prepare(card, run);
    card.restart();
    perso::execute(card, prepared, run);
    const auto& real = card.count();
    CHECK(prepared.estimate.traffic.commands == real.commands);
    CHECK(prepared.estimate.traffic.bytes_out == real.bytes_to_card);
    const auto predicted = prepared.estimate.traffic.bytes_in;
    const auto apart = predicted > real.bytes_from_card ? predicted - real.bytes_from_card
                                                        : real.bytes_from_card - predicted;
    CHECK(apart <= (algorithm == "rsa-2048" ? 0U : 16U));  // DER of four ECDSA signatures
}

TEST_CASE("commands and bytes of the work that others need 75 commands for", "[piv]") {
    Bureau bureau{piv_profile({{"objects = \"ccc chuid printed fingerprints face security-object discovery\"",
                                "objects = \"ccc chuid\"\nsign = false\ncard_manager = \"\""},
                               {"required = \"ccc chuid printed fingerprints face\"", "required = \"\""}})};
    const auto body = piv_body("pivapplet");
    const auto raw = reader::sim_transport(*body);
    apdu::CountingTransport card{*raw};
    perso::personalize(card, bureau.run());
    const auto& count = card.count();
    fmt::print("piv, CHUID, CCC, four P-256 keys and certificates: {} APDUs, {} bytes out, {} bytes in\n",
               count.commands, count.bytes_to_card, count.bytes_from_card);
    CHECK(count.commands <= 52);  // 0.7 of 75
}
