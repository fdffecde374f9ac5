// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <set>

#include "apdu/error.h"
#include "keys/country_signer.h"
#include "keys/issuer.h"
#include "keys/key_store.h"
#include "tests/unit/keys/issued.h"
#include "tests/unit/keys/remote_key.h"

using namespace kartsaz;
using namespace kartsaz::keys;
using namespace kartsaz::test;
using Catch::Contains;
using Verdict = TrustAnchors::Verdict;

namespace {

/// A CA with a clock of its own.
struct Ca {
    std::int64_t now = in_2026;
    Identity identity = development_keys()->identity("citizen-ca");
    LocalCa ca{identity,
               std::make_unique<CaLedger>(authority_of(identity.key->public_key())),
               {.now = [this] { return now; }}};

    std::set<std::string> valid() {
        std::set<std::string> out;
        for (const auto& entry : ca.entries()) {
            if (entry.valid_at(now)) out.insert(entry.serial);
        }
        return out;
    }
};

std::string refusal(LocalCa& ca, const CertificateOrder& order, Errc code) {
    try {
        ca.certificate(order);
    } catch (const Error& e) {
        CHECK(e.code() == code);
        return e.what();
    }
    return "nothing was thrown";
}

}  // namespace

TEST_CASE("a citizen's certificate says what the template says, as openssl prints it") {
    Ca here;
    auto order = order_for(*card_key("ec-p256"));
    order.content.subject.email = "sara@example.ir";
    order.content.subject.organization = "سازمان";
    const auto text = openssl_text(here.ca.certificate(order));
    if (text.empty()) return;  // no openssl program at hand
    CHECK_THAT(text, Contains("Version: 3 (0x2)"));
    CHECK_THAT(text, Contains("Issuer: CN=Kartsaz DEVELOPMENT Citizen CA,OU=NOT FOR PRODUCTION"));
    CHECK_THAT(text,
               Contains("Subject: serialNumber=0084575948,CN=سارا محمدی,GN=سارا,SN=محمدی,O=سازمان,C=IR"));
    CHECK_THAT(text, Contains("X509v3 Key Usage: critical\n                Non Repudiation\n"));
    CHECK_THAT(text, Contains("X509v3 Basic Constraints: critical\n                CA:FALSE"));
    CHECK_THAT(text, Contains("Policy: 2.16.364.101.1"));
    CHECK_THAT(text, Contains("URI:http://crl.example/citizen.crl"));
    CHECK_THAT(text, Contains("email:sara@example.ir"));
    CHECK_THAT(text, Contains("X509v3 Authority Key Identifier: \n                9E:37:66:F6"));
    CHECK_THAT(text, Contains("X509v3 Subject Key Identifier"));
    CHECK_THAT(text, !Contains("Digital Signature") && !Contains("Extended Key Usage"));

    order.slot = "authentication";
    order.content.content_commitment = false;
    order.content.digital_signature = true;
    order.content.extended_usages = {"1.3.6.1.5.5.7.3.2", "1.3.6.1.4.1.311.20.2.2"};
    order.request = card_request(*card_key("ec-p384"), citizen());
    const auto other = openssl_text(here.ca.certificate(order));
    CHECK_THAT(other, Contains("X509v3 Key Usage: critical\n                Digital Signature\n"));
    CHECK_THAT(other, Contains("TLS Web Client Authentication, Microsoft Smartcard Login"));
}

TEST_CASE("certificates of two hundred cards of every kind of key have the length that was told before") {
    Ca here;
    std::set<std::string> serials;
    int issued = 0;
    for (const std::string name : {"ec-p256", "ec-p384", "rsa-2048", "rsa-3072", "rsa-4096"}) {
        INFO(name);
        const auto key = card_key(name);
        auto order = order_for(*key);
        const auto size = here.ca.certificate_size(order.content, key->public_key());
        REQUIRE(size);
        for (int i = 0; i < 40; ++i) {
            // another text every time, so that the certificate is made anew
            order.content.policy = "2.16.364.101." + std::to_string(i % 10);
            const auto certificate = here.ca.certificate(order);
            CHECK(certificate.size() == *size);
            serials.insert(certificate_facts(certificate).serial);
            ++issued;
        }
    }
    CHECK(issued == 200);
    CHECK(serials.size() == 200);
    for (const auto& serial : serials) CHECK(serial.size() == 32);
}

TEST_CASE("the length is right with a CA key of each kind") {
    for (const std::string name : {"ec-p256", "ec-p384", "ec-p521", "rsa-2048"}) {
        INFO(name);
        const auto key = card_key(name);
        AuthorityTemplate root;
        root.subject.country = "IR";
        root.subject.common_name = "Root " + name;
        root.not_before = in_2026 - day;
        root.not_after = in_2026 + 3000 * day;
        const Identity identity{key, make_root(*key, root)};
        LocalCa ca{identity, std::make_unique<CaLedger>(authority_of(key->public_key())), {.now = [] {
                       return in_2026;
                   }}};
        const auto card = card_key("ec-p256");
        for (int i = 0; i < 20; ++i) {
            auto order = order_for(*card);
            order.content.policy = "2.16.364.101." + std::to_string(i % 10);
            CHECK(ca.certificate(order).size() == ca.certificate_size(order.content, card->public_key()));
        }
    }
}

TEST_CASE("asking again for one key gives the same certificate, also some days later") {
    Ca here;
    auto order = order_for(*card_key("ec-p256"));
    const auto first = here.ca.certificate(order);
    CHECK(here.ca.certificate(order) == first);
    here.now += 5 * day;
    order.content.not_before += 5 * day;
    order.content.not_after += 5 * day;
    order.request = card_request(*card_key("ec-p256"), citizen());  // signed anew
    CHECK(here.ca.certificate(order) == first);
    CHECK(here.ca.entries().size() == 1);
}

TEST_CASE("a renewal gives a new certificate for the key and revokes the old one") {
    Ca here;
    auto order = order_for(*card_key("ec-p256"));
    const auto first = here.ca.certificate(order);
    here.now += 710 * day;
    order.content.not_before += 710 * day;
    order.content.not_after += 710 * day;
    const auto second = here.ca.certificate(order);
    CHECK(second != first);
    CHECK(here.valid() == std::set{certificate_facts(second).serial});
    const auto entries = here.ca.entries();
    REQUIRE(entries[0].revoked);
    CHECK(entries[0].revoked->reason == 4);
    CHECK(entries[0].revoked->time == here.now);
    CHECK(here.ca.certificate(order) == second);
}

TEST_CASE("a certificate that outlives what is asked for is replaced by a shorter one") {
    Ca here;
    const auto key = card_key("ec-p256");
    auto order = order_for(*key);
    const auto longer = here.ca.certificate(order);
    CHECK(here.ca.certificate(order) == longer);
    order.content.not_after -= 300 * 86400LL;
    const auto shorter = here.ca.certificate(order);
    CHECK(certificate_facts(shorter).not_after == order.content.not_after);
    CHECK_FALSE(here.ca.stands(longer));
    CHECK(here.ca.stands(shorter));
}

TEST_CASE("another name, usage or policy for a key replaces its certificate; there are never two") {
    Ca here;
    auto order = order_for(*card_key("ec-p256"));
    std::set<std::string> serials{certificate_facts(here.ca.certificate(order)).serial};
    const auto next = [&] {
        const auto serial = certificate_facts(here.ca.certificate(order)).serial;
        CHECK(serials.insert(serial).second);
        CHECK(here.valid() == std::set{serial});
    };
    order.content.subject.surname = "کریمی";
    next();
    order.content.policy = "2.16.364.101.2";
    next();
    order.content.digital_signature = true;
    next();
    order.content.subject.email = "a@b.ir";
    next();
}

TEST_CASE(
    "another key in a chip's slot revokes the old key's certificate, other slots and chips keep theirs") {
    Ca here;
    const auto first = certificate_facts(here.ca.certificate(order_for(*card_key("ec-p256")))).serial;
    const auto slot =
        certificate_facts(here.ca.certificate(order_for(*card_key("rsa-2048"), "chip 1", "authentication")))
            .serial;
    const auto chip =
        certificate_facts(here.ca.certificate(order_for(*card_key("rsa-3072"), "chip 2"))).serial;
    const auto second = certificate_facts(here.ca.certificate(order_for(*card_key("ec-p384")))).serial;
    CHECK(here.valid() == std::set{slot, chip, second});
    CHECK(here.ca.entries()[0].serial == first);
    CHECK(here.ca.entries()[0].revoked.value().reason == 4);
}

TEST_CASE("one key in two chips, or a key that was revoked as compromised, is refused") {
    Ca here;
    const auto key = card_key("ec-p256");
    const auto certificate = here.ca.certificate(order_for(*key));
    CHECK_THAT(refusal(here.ca, order_for(*key, "chip 2"), Errc::card_refused),
               Contains("certified for slot \"signature\" of chip chip 1") && Contains("fraud"));
    CHECK_THAT(refusal(here.ca, order_for(*key, "chip 1", "authentication"), Errc::card_refused),
               Contains("certified for slot"));
    here.ca.revoke(certificate, 1);
    CHECK_THAT(refusal(here.ca, order_for(*key), Errc::card_refused), Contains("compromised"));
    CHECK(here.valid().empty());
}

TEST_CASE("a certificate that will not be used is revoked once, and its key may be certified again") {
    Ca here;
    const auto key = card_key("ec-p256");
    const auto certificate = here.ca.certificate(order_for(*key));
    here.ca.revoke(certificate, 5);
    here.now += 10;
    here.ca.revoke(certificate, 4);
    CHECK(here.ca.entries()[0].revoked->reason == 5);
    CHECK(here.ca.entries()[0].revoked->time == in_2026);
    CHECK(here.ca.certificate(order_for(*key)) != certificate);

    const auto csca = development_keys()->identity("csca").certificate;
    CHECK_THROWS_WITH(here.ca.revoke(csca, 4), Contains("did not issue"));
    CHECK_THROWS_WITH(here.ca.revoke(Bytes{0x30, 0x00}, 4), Contains("not an X.509"));
    CHECK_THROWS_WITH(here.ca.revoke(certificate, 2), Contains("no reason to revoke"));
    CHECK_THROWS_WITH(here.ca.revoke_serial("00", 4), Contains("no certificate 00"));
}

TEST_CASE("the subject is the template's, whatever the request says") {
    Ca here;
    auto order = order_for(*card_key("ec-p256"));
    auto other = citizen();
    other.common_name = "somebody else";
    order.request = card_request(*card_key("ec-p256"), other);
    CHECK_THAT(certificate_facts(here.ca.certificate(order)).subject, Contains("CN=سارا محمدی"));
}

TEST_CASE("requests that a CA must not sign are refused in words") {
    Ca here;
    auto order = order_for(*card_key("ec-p256"));
    order.request.back() ^= 0x01;
    CHECK_THAT(refusal(here.ca, order, Errc::card_refused), Contains("slot \"signature\" of chip chip 1"));
    order.request = {};
    CHECK_THAT(refusal(here.ca, order, Errc::card_refused), Contains("0 bytes"));
    LocalCa picky{here.identity,
                  std::make_unique<CaLedger>("x"),
                  {.allowed = {KeyAlgorithm::ec_p384}, .now = [] { return in_2026; }}};
    CHECK_THAT(refusal(picky, order_for(*card_key("ec-p256")), Errc::card_refused),
               Contains("keys of kind ec-p256 are not allowed"));
    order = order_for(*card_key("ec-p256"));
    order.content.content_commitment = false;
    CHECK_THAT(refusal(here.ca, order, Errc::input_invalid), Contains("used for nothing"));
    order = order_for(*card_key("ec-p256"));
    order.content.policy = "2.x";
    CHECK_THAT(refusal(here.ca, order, Errc::input_invalid), Contains("object identifier"));
    order.content.policy.clear();
    order.content.crl_url = "http://آدرس";
    CHECK_THAT(refusal(here.ca, order, Errc::input_invalid), Contains("CRL address"));
    order.content.crl_url.clear();
    order.content.subject.email = "nobody";
    CHECK_THAT(refusal(here.ca, order, Errc::input_invalid), Contains("e-mail"));
    order.content.subject.email.clear();
    order.content.not_after = order.content.not_before;
    CHECK_THAT(refusal(here.ca, order, Errc::input_invalid), Contains("end before it begins"));
    CHECK(here.ca.entries().empty());
}

TEST_CASE("no certificate is valid longer than the CA, nor begins before it") {
    Ca here;
    auto order = order_for(*card_key("ec-p256"));
    order.content.not_after = 4000000000;
    const auto facts = certificate_facts(here.ca.certificate(order));
    CHECK(facts.not_after == certificate_facts(here.ca.issuer_certificate()).not_after);
    CHECK(here.ca.certificate(order) == here.ca.certificate(order));
    order.content.not_before = 1000000000;
    CHECK_THAT(refusal(here.ca, order, Errc::keys_failed), Contains("valid from 2020-01-01"));
}

TEST_CASE("when the CA's key cannot be reached or lies, the old certificate stays good") {
    Ca here;
    const auto far = std::make_shared<RemoteKey>(here.identity.key);
    LocalCa ca{Identity{far, here.identity.certificate}, std::make_unique<CaLedger>("x"), {.now = [] {
                   return in_2026;
               }}};
    ca.certificate(order_for(*card_key("ec-p256")));
    far->reachable = false;
    CHECK_THAT(refusal(ca, order_for(*card_key("ec-p384")), Errc::keys_failed), Contains("line is dead"));
    far->reachable = true;
    far->lies = true;
    CHECK_THAT(refusal(ca, order_for(*card_key("ec-p384")), Errc::keys_failed),
               Contains("signature that came from the token far away is wrong"));
    const auto entries = ca.entries();
    REQUIRE(entries.size() == 1);
    CHECK_FALSE(entries[0].revoked);
}

TEST_CASE("a certificate that is no CA's makes no CA") {
    const auto store = development_keys();
    const auto refused = [](const Identity& identity) -> std::string {
        try {
            const LocalCa ca{identity, std::make_unique<CaLedger>("x")};
        } catch (const Error& e) {
            CHECK(e.code() == Errc::keys_failed);
            return e.what();
        }
        return "nothing was thrown";
    };
    CHECK_THAT(refused(store->identity("document-signer")), Contains("may not sign certificates"));
    CHECK_THAT(refused({card_key("ec-p256"), store->identity("citizen-ca").certificate}),
               Contains("does not belong to the private key"));
    CHECK_THAT(refused({nullptr, {}}), Contains("no private key"));
}
