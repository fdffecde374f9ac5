// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "apdu/error.h"
#include "keys/issuer.h"
#include "tests/unit/keys/key_vectors.h"
#include "tests/unit/keys/pki.h"

using namespace kartsaz;
using namespace kartsaz::keys;
using Catch::Contains;
using kartsaz::test::pki;
using kartsaz::test::pki_secret;
using Verdict = TrustAnchors::Verdict;

namespace {

constexpr std::int64_t in_2020 = 1592179200, in_2022 = 1655251200, in_2024 = 1718409600, in_2030 = 1907712000,
                       in_2032 = 1970784000;

/// DER of the first certificate of a PEM file.
Bytes der(const std::string& name) {
    const auto text = to_text(pki(name));
    const std::string head = "-----BEGIN CERTIFICATE-----";
    const auto from = text.find(head) + head.size();
    const auto body = text.substr(from, text.find("-----END", from) - from);
    static const std::string digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    Bytes out;
    unsigned bits = 0;
    unsigned count = 0;
    for (const char c : body) {
        const auto value = digits.find(c);
        if (value == std::string::npos) continue;
        bits = (bits << 6U | static_cast<unsigned>(value)) & 0xFFFFFFU;
        count += 6;
        if (count >= 8) {
            count -= 8;
            out.push_back(static_cast<std::uint8_t>(bits >> count & 0xFFU));
        }
    }
    return out;
}

TrustAnchors trusting(std::initializer_list<const char*> names) {
    TrustAnchors out;
    for (const auto* name : names) out.add_certificate(pki(name), name);
    return out;
}

}  // namespace

TEST_CASE("a document signer of a trusted country signer is accepted within its dates") {
    const auto anchors = trusting({"csca.pem", "csca-short.pem"});
    CHECK(anchors.size() == 2);
    const auto answer = anchors.check(der("ds.pem"), in_2022);
    CHECK(answer.verdict == Verdict::ok);
    CHECK_THAT(answer.text, Contains("Test Document Signer"));
    CHECK(anchors.check(der("ds.pem"), in_2020).verdict == Verdict::not_yet_valid);
    const auto late = anchors.check(der("ds.pem"), in_2032);
    CHECK(late.verdict == Verdict::expired);
    CHECK_THAT(late.text, Contains("valid until 2031-01-01 00:00:00 UTC"));
    CHECK(trusting({"csca.pem"}).check(der("ds-rsa.pem"), in_2022).verdict == Verdict::ok);
}

TEST_CASE("an expired country signer is named") {
    const auto anchors = trusting({"csca-short.pem"});
    CHECK(anchors.check(der("ds-short.pem"), in_2022).verdict == Verdict::ok);
    const auto answer = anchors.check(der("ds-short.pem"), in_2030);
    CHECK(answer.verdict == Verdict::expired);
    CHECK_THAT(answer.text, Contains("country signer \"CN=Short Country Signer"));
}

TEST_CASE("a document signer of nobody that is trusted is refused") {
    CHECK(TrustAnchors{}.check(der("ds.pem"), in_2022).verdict == Verdict::unknown_issuer);
    const auto answer = trusting({"csca-short.pem"}).check(der("ds.pem"), in_2022);
    CHECK(answer.verdict == Verdict::unknown_issuer);
    CHECK_THAT(answer.text, Contains("CN=Test Country Signer"));
    // A document signer among the anchors does not make itself trusted.
    CHECK(trusting({"ds.pem"}).check(der("ds.pem"), in_2022).verdict == Verdict::unknown_issuer);
}

TEST_CASE("the signature of a country signer of the same name but another key is refused") {
    const auto anchors = trusting({"csca-bare.pem"});
    CHECK(anchors.check(der("ds-impostor.pem"), in_2022).verdict == Verdict::bad_signature);
    CHECK(trusting({"csca-impostor.pem"}).check(der("ds-impostor.pem"), in_2022).verdict == Verdict::ok);
}

TEST_CASE("a changed certificate is refused") {
    const auto anchors = trusting({"csca.pem"});
    const auto good = der("ds.pem");
    for (std::size_t i = 0; i < good.size(); ++i) {
        auto bad = good;
        bad[i] ^= 0x01;
        CHECK(anchors.check(bad, in_2022).verdict != Verdict::ok);
    }
    CHECK(anchors.check({}, in_2022).verdict == Verdict::not_allowed);
}

TEST_CASE("a certificate that may not sign is refused") {
    const auto anchors = trusting({"csca.pem"});
    for (const auto* name : {"ds-wrong-usage.pem", "ds-no-usage.pem", "csca.pem"}) {
        const auto answer = anchors.check(der(name), in_2022);
        CHECK(answer.verdict == Verdict::not_allowed);
        CHECK_THAT(answer.text, Contains("digitalSignature"));
    }
}

TEST_CASE("a CRL is used when one of the issuer is there, and missed only by who demands it") {
    auto anchors = trusting({"csca.pem", "csca-short.pem"});
    CHECK(anchors.check(der("ds-revoked.pem"), in_2022).verdict == Verdict::ok);
    CHECK(anchors.check(der("ds.pem"), in_2022, true).verdict == Verdict::crl_missing);
    anchors.add_crl(pki("csca.crl"), "csca.crl");
    CHECK(anchors.check(der("ds.pem"), in_2022, true).verdict == Verdict::ok);
    CHECK_THAT(anchors.check(der("ds.pem"), in_2022).text, Contains("not on its CRL"));
    const auto revoked = anchors.check(der("ds-revoked.pem"), in_2022);
    CHECK(revoked.verdict == Verdict::revoked);
    CHECK_THAT(revoked.text, Contains("Revoked Document Signer"));
    CHECK(anchors.check(der("ds.pem"), in_2024).verdict == Verdict::crl_stale);
    // The other country signer has none, which only matters when one is demanded.
    CHECK(anchors.check(der("ds-short.pem"), in_2022).verdict == Verdict::ok);
    CHECK(anchors.check(der("ds-short.pem"), in_2022, true).verdict == Verdict::crl_missing);
}

TEST_CASE("anchors and CRLs are read from PEM and DER, several at once") {
    TrustAnchors anchors;
    anchors.add_certificate(concat({pki("csca.pem"), pki("csca-short.pem")}), "two");
    anchors.add_certificate(concat({der("csca-bare.pem"), der("csca-impostor.pem")}), "two in DER");
    CHECK(anchors.size() == 4);
}

TEST_CASE("anchors and CRLs that cannot be read are refused, naming the file") {
    TrustAnchors anchors;
    const auto refusal = [&](const Bytes& encoded, bool crl) -> std::string {
        try {
            if (crl) {
                anchors.add_crl(encoded, "trust/x");
            } else {
                anchors.add_certificate(encoded, "trust/x");
            }
        } catch (const Error& e) {
            CHECK(e.code() == Errc::input_invalid);
            return e.what();
        }
        return "nothing was thrown";
    };
    CHECK_THAT(refusal({}, false), Contains("trust/x"));
    CHECK_THAT(refusal(from_hex("3000"), false), Contains("offset 0"));
    CHECK_THAT(refusal(pki("csca.crl"), false), Contains("trust/x"));
    CHECK_THAT(refusal(pki("csca.pem"), true), Contains("trust/x"));
    const auto whole = pki("csca.pem");
    CHECK_THAT(refusal(Bytes(whole.begin(), whole.begin() + 300), false), Contains("cannot be read"));
    const auto binary = der("csca.pem");
    CHECK_THAT(refusal(concat({binary, Bytes{0x30}}), false),
               Contains("offset " + std::to_string(binary.size())));
    CHECK(anchors.size() == 0);
}

TEST_CASE("the certificates of the vectors lead to their country signers") {
    for (const auto& v : kartsaz::test::vectors("emrtd_auth", "ef-sod")) {
        TrustAnchors anchors;
        anchors.add_certificate(v.bytes("csca_cert_der"), "vector");
        const auto answer = anchors.check(v.bytes("ds_cert_der"), 1767225600);
        INFO(v.id() << ": " << answer.text);
        CHECK(answer.verdict == Verdict::ok);
    }
}
