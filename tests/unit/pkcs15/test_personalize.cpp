// SPDX-License-Identifier: Apache-2.0
// Whole cards, of each kind of body with each algorithm, read back by other code than the one that wrote
// them.
#include <catch2/catch.hpp>

#include "apdu/error.h"
#include "keys/citizen_certificate.h"
#include "libcard/app/pkcs15/layout.h"
#include "tests/support/vectors.h"
#include "tests/unit/pkcs15/made_card.h"

namespace {

using namespace kartsaz;
using test::Bureau;
using test::faults_of;
using test::signature_body;
using test::signature_profile;

/// @returns the receipt of the first call; the second must find nothing to do
perso::Receipt make(const std::string& kind, const std::string& algorithm, const std::string& keys,
                    std::size_t count) {
    INFO(kind << ' ' << algorithm << ' ' << keys);
    const auto body = signature_body(kind);
    Bureau bureau{signature_profile(algorithm, keys)};
    auto receipt = test::personalize(*body, bureau);
    CHECK(receipt.complete);
    CHECK(faults_of(*body, bureau, count) == "");
    CHECK(test::personalize(*body, bureau).steps.empty());
    return receipt;
}

}  // namespace

TEST_CASE("a key of each kind that an IsoApplet makes is certified and proved", "[signature]") {
    make("isoapplet", "ec-p256", "signature", 1);
    make("isoapplet", "ec-p384", "signature", 1);
    make("isoapplet", "rsa-2048", "signature", 1);
}

TEST_CASE("the older command set makes RSA keys by short commands", "[signature]") {
    const auto receipt = make("isoapplet-v0", "rsa-2048", "signature", 1);
    CHECK(receipt.complete);
}

TEST_CASE("a key of RSA 3072 is made where the body has it", "[signature]") {
    const auto body = signature_body("kartsaz");
    auto profile = to_text(test::read_bytes(signature_profile("rsa-3072")));
    profile.insert(profile.find("[pkcs15]"), "[globalplatform]\n\n");
    profile.replace(profile.find("[\"pkcs15\"]"), 10, "[\"globalplatform\", \"pkcs15\"]");
    profile.replace(profile.find("channel = \"none\""), 16, "channel = \"scp03\"");
    const auto file = test::scratch_dir() / "signature-3072.toml";
    test::write_bytes(file, to_bytes(profile));
    Bureau bureau{file.string()};
    const auto receipt = test::personalize(*body, bureau);
    CHECK(receipt.complete);
    CHECK(faults_of(*body, bureau, 1, receipt.chip) == "");
}

TEST_CASE("a key of RSA 4096 is made, in its time", "[.slow]") {
    make("isoapplet", "rsa-4096", "signature", 1);
}

TEST_CASE("a second key is one more word in the profile", "[signature]") {
    const auto body = signature_body();
    Bureau bureau{signature_profile("ec-p256", "signature authentication")};
    CHECK(test::personalize(*body, bureau).complete);
    CHECK(faults_of(*body, bureau, 2) == "");
    const auto card = test::read_back(*body, bureau);
    const auto first = keys::read_citizen_certificate(card.file("EF.3400")->content);
    const auto second = keys::read_citizen_certificate(card.file("EF.3402")->content);
    REQUIRE(first);
    REQUIRE(second);
    CHECK((first->content_commitment && !first->digital_signature));
    CHECK((second->digital_signature && !second->content_commitment));
    CHECK(first->public_key != second->public_key);
}

TEST_CASE("a national eID card has its signature key under the secure channel", "[signature]") {
    const auto body = signature_body("kartsaz");
    Bureau bureau{"national-eid"};
    const auto receipt = test::personalize(*body, bureau);
    CHECK(receipt.complete);
    CHECK(faults_of(*body, bureau, 1, receipt.chip) == "");
    CHECK(receipt.learned.contains("pkcs15/signature.certificate"));
    CHECK(receipt.learned.contains("pkcs15/signature.public-key"));
}

TEST_CASE("the certificate says what the record and the profile say", "[signature]") {
    const auto body = signature_body();
    Bureau bureau{signature_profile("ec-p256")};
    test::personalize(*body, bureau);
    const auto card = test::read_back(*body, bureau);
    const auto says = keys::read_citizen_certificate(card.file("EF.3400")->content);
    REQUIRE(says);
    const auto& record = bureau.record();
    CHECK(says->subject.country == "IR");
    CHECK(says->subject.common_name == record.name.given_fa + " " + record.name.surname_fa);
    CHECK(says->subject.surname == record.name.surname_fa);
    CHECK(says->subject.serial_number == record.national_id);
    CHECK(says->not_before == Bureau::moment);
    CHECK(says->not_after == Bureau::moment + 1095 * 86400LL - 1);
}

TEST_CASE("a certificate never outlives the document", "[signature]") {
    const auto body = signature_body();
    Bureau bureau{signature_profile("ec-p256")};
    bureau.change().expiry_date = {2026, 2, 3};
    test::personalize(*body, bureau);
    const auto card = test::read_back(*body, bureau);
    const auto says = keys::read_citizen_certificate(card.file("EF.3400")->content);
    REQUIRE(says);
    CHECK(says->not_after == record::to_unix({2026, 2, 4}) - 1);
}

TEST_CASE("the static files are the same bytes for the same card each time", "[signature]") {
    Bureau bureau{signature_profile("ec-p256")};
    std::vector<Bytes> first;
    for (int i = 0; i < 2; ++i) {
        const auto body = signature_body();
        test::personalize(*body, bureau);
        const auto card = test::read_back(*body, bureau);
        std::vector<Bytes> files;
        for (const char* name : {"EF.DIR", "EF.ODF", "EF.TokenInfo", "EF.AODF"})
            files.push_back(card.file(name)->content);
        if (i == 0) first = files;
        CHECK(files == first);
    }
}

TEST_CASE("a signature card takes few commands and bytes", "[signature]") {
    const auto body = signature_body();
    const Bureau bureau{signature_profile("ec-p256")};
    const auto receipt = test::personalize(*body, bureau);
    // pkcs15-init takes 208 commands and 5,368 bytes for as much with RSA 2048 (standards/real-cards.md)
    CHECK(receipt.observed.commands + receipt.written.commands <= 33);
    CHECK(receipt.written.bytes_out < 1800);
}
