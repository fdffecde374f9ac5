// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "apdu/error.h"
#include "keys/issuer.h"
#include "keys/key_store.h"
#include "keys/local_ca.h"
#include "tests/unit/keys/issued.h"

using namespace kartsaz;
using namespace kartsaz::keys;
using namespace kartsaz::test;
using Catch::Contains;

namespace {

struct Made {
    std::unique_ptr<LocalCa> ca =
        std::make_unique<LocalCa>(development_keys()->identity("citizen-ca"), std::make_unique<CaLedger>("x"),
                                  LocalCaOptions{.now = [] { return in_2026; }});
    CertificateOrder order = [] {
        auto out = order_for(*card_key("ec-p256"));
        out.content.subject.email = "sara@example.ir";
        out.content.subject.organization = "سازمان";
        out.content.extended_usages = {"1.3.6.1.5.5.7.3.4", "2.16.364.101.3"};
        return out;
    }();
    Bytes certificate = ca->certificate(order);
};

Bytes changed(const Bytes& bytes, std::size_t at, std::uint8_t value) {
    auto out = bytes;
    out[at] = value;
    return out;
}

}  // namespace

TEST_CASE("a citizen's certificate is told in all its parts") {
    const Made made;
    const auto facts = certificate_facts(made.certificate);
    CHECK(facts.country == "IR");
    CHECK(facts.organization == "سازمان");
    CHECK(facts.common_name == "سارا محمدی");
    CHECK(facts.given_name == "سارا");
    CHECK(facts.surname == "محمدی");
    CHECK(facts.serial_number == "0084575948");
    CHECK(facts.email == "sara@example.ir");
    CHECK(facts.public_key == card_key("ec-p256")->public_key());
    CHECK(facts.subject_key_identifier == key_identifier(facts.public_key));
    const auto issuer = certificate_facts(made.ca->issuer_certificate());
    CHECK(facts.authority_key_identifier == issuer.subject_key_identifier);
    CHECK(facts.policies == std::vector<std::string>{"2.16.364.101.1"});
    CHECK(facts.extended_usages == made.order.content.extended_usages);
    CHECK(facts.crl_urls == std::vector<std::string>{"http://crl.example/citizen.crl"});
    CHECK(facts.not_before == made.order.content.not_before);
    CHECK(facts.not_after == made.order.content.not_after);
    CHECK(facts.has_key_usage);
    CHECK(facts.key_usage_content_commitment);
    CHECK_FALSE(facts.key_usage_digital_signature);
    CHECK_FALSE(facts.key_usage_certificate_sign);
    CHECK_FALSE(facts.ca);
    CHECK_FALSE(facts.self_signed);

    CHECK(issuer.ca);
    CHECK(issuer.self_signed);
    CHECK(issuer.key_usage_certificate_sign);
    CHECK(issuer.key_usage_crl_sign);
    CHECK(issuer.policies.empty());
    CHECK(issuer.email.empty());
}

TEST_CASE("every truncation of a certificate is refused, and no changed length leads its reader astray") {
    const Made made;
    const auto& good = made.certificate;
    for (std::size_t size = 0; size < good.size(); ++size) {
        CHECK_THROWS_AS(certificate_facts(ByteView{good}.first(size)), Error);
    }
    CHECK_THROWS_AS(certificate_facts(concat({good, Bytes{0}})), Error);
    TrustAnchors anchors;
    anchors.add_certificate(made.ca->issuer_certificate(), "ca");
    int read = 0;
    for (std::size_t i = 0; i < good.size(); ++i) {
        for (const std::uint8_t value : from_hex("007F80818384FFA030")) {
            if (good[i] == value) continue;
            const auto bad = changed(good, i, value);
            CHECK(anchors.check(bad, in_2026).verdict != TrustAnchors::Verdict::ok);
            try {
                (void)certificate_facts(bad);
                ++read;
            } catch (const Error& error) {
                if (error.code() != Errc::input_invalid) FAIL(error.what());
            }
        }
    }
    CHECK(read > 0);  // names, dates and numbers may change and still be read
}

TEST_CASE("every truncation of a CRL is refused, and no changed length leads its reader astray") {
    const Made made;
    made.ca->revoke(made.certificate, 1);
    const auto good = made.ca->crl(in_2026, 7);
    for (std::size_t size = 0; size < good.size(); ++size) {
        TrustAnchors anchors;
        CHECK_THROWS_AS(anchors.add_crl(ByteView{good}.first(size), "crl"), Error);
    }
    for (std::size_t i = 0; i < good.size(); ++i) {
        for (const std::uint8_t value : from_hex("007F808184FF")) {
            if (good[i] == value) continue;
            TrustAnchors anchors;
            try {
                anchors.add_crl(changed(good, i, value), "crl");
            } catch (const Error& error) {
                if (error.code() != Errc::input_invalid) FAIL(error.what());
            }
        }
    }
}
