// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <algorithm>

#include "good_signature.h"
#include "signature_verdicts.h"

using namespace kartsaz;
using namespace kartsaz::test;
using verify::Outcome;

namespace {

constexpr std::int64_t day = 86'400;

}  // namespace

TEST_CASE("a certificate that is none, or no DER, is refused", "[verify]") {
    GoodSignature cut;
    cut.file("EF.3400").content.resize(200);
    cause(cut.judge(), "pkcs15.certificate.structure", "EF.3400");
    GoodSignature absent;
    absent.own = false;
    absent.remove("EF.3401");
    cause(absent.judge(), "pkcs15.certificate.structure", "EF.3401");
    GoodSignature refused;
    refused.own = false;
    refused.file("EF.3401").content.clear();
    refused.file("EF.3401").refused = "6982 (security status not satisfied)";
    cause(refused.judge(), "pkcs15.certificate.structure", "EF.3401");
}

TEST_CASE("a certificate that no trusted CA issued is refused", "[verify]") {
    GoodSignature card;
    CertificateWish other;
    other.common_name = "Another CA";
    other.ca = true;
    const Identity impostor{other, nullptr};
    card.certify(0, card.wish(0), &impostor);
    only(card.judge(), "pkcs15.certificate.chain", "EF.3400");
}

TEST_CASE("a certificate that says it is the CA's but is not signed by it is refused", "[verify]") {
    GoodSignature card;
    CertificateWish ca = card.wish(0);
    ca.common_name = "Test Citizen CA";
    ca.serial_number.clear();
    ca.public_key.clear();
    ca.ca = true;
    const Identity namesake{ca, nullptr};
    card.certify(1, card.wish(1), &namesake);
    only(card.judge(), "pkcs15.certificate.chain", "EF.3401");
}

TEST_CASE("one flipped byte in a certificate is found, and named as what it is", "[verify]") {
    GoodSignature card;
    auto& content = card.file("EF.3400").content;
    content[content.size() - 20] ^= 0x01;  // in the signature
    cause(card.judge(), "pkcs15.certificate.chain", "EF.3400");
}

TEST_CASE("a self-signed certificate is accepted where it is trusted itself", "[verify]") {
    GoodSignature card;
    card.own = false;
    card.certificates.pop_back();
    card.public_keys.pop_back();
    card.keys.pop_back();
    card.write();
    // the certificate that came with the key pair names nobody
    const Bytes certificate = card.holders[0].certificate();
    card.file("EF.3400").content = certificate;
    cause(card.judge(), "pkcs15.certificate.chain", "EF.3400");
    CertificateWish wish;
    wish.not_before = card.at - day;
    wish.not_after = card.at + day;
    wish.ca = true;
    wish.key_usage = "";
    const Identity self{wish, nullptr};
    card.file("EF.3400").content = self.certificate();
    card.public_keys.clear();
    card.write();
    card.facts()["key.0.signature"] = to_hex(self.sign(from_hex(card.facts()["key.0.message"])));
    card.anchor = self.certificate_pem();
    const auto report = card.judge();
    INFO(texts(report));
    CHECK(report.accept);
    for (const auto& finding : report.findings) CHECK(finding.severity == verify::Severity::note);
    CHECK(outcome_of(report, "pkcs15.certificate.chain") == Outcome::passed);
    CHECK(outcome_of(report, "pkcs15.certificate.no-authority") == Outcome::noted);
}

TEST_CASE("an expired certificate and one that is not yet valid are refused", "[verify]") {
    GoodSignature expired;
    auto wish = expired.wish(0);
    wish.not_after = expired.at - day;
    expired.certify(0, wish);
    only(expired.judge(), "pkcs15.certificate.validity", "EF.3400");
    GoodSignature early;
    wish = early.wish(1);
    wish.not_before = early.at + day;
    early.certify(1, wish);
    only(early.judge(), "pkcs15.certificate.validity", "EF.3401");
    GoodSignature old_ca;
    wish.common_name = "Short CA";
    wish.not_before = old_ca.at - 20 * day;
    wish.not_after = old_ca.at - day;
    wish.ca = true;
    wish.key_usage = "critical,keyCertSign,cRLSign";
    wish.public_key.clear();
    wish.serial_number.clear();
    const Identity short_ca{wish, nullptr};
    for (const std::size_t index : {0U, 1U}) old_ca.certify(index, old_ca.wish(index), &short_ca);
    old_ca.anchor = short_ca.certificate_pem();
    only(old_ca.judge(), "pkcs15.certificate.validity", "EF.3400");
}

TEST_CASE("a certificate that outlives its CA is warned of", "[verify]") {
    GoodSignature card;
    auto wish = card.wish(0);
    wish.not_after = card.at + 5'000 * day;
    card.certify(0, wish);
    warned(card.judge(), "pkcs15.certificate.within-issuer");
}

TEST_CASE("a revoked certificate is refused, and so is a stale CRL or a missing one that is demanded",
          "[verify]") {
    GoodSignature card;
    card.crl = card.ca.crl({1234}, card.at - day, card.at + day);
    CHECK(card.judge().findings.empty());
    CHECK(outcome_of(card.judge(), "pkcs15.certificate.revocation") == Outcome::passed);
    card.crl = card.ca.crl({5001}, card.at - day, card.at + day);
    only(card.judge(), "pkcs15.certificate.revocation", "EF.3401");
    card.crl = card.ca.crl({}, card.at - 9 * day, card.at - 8 * day);
    only(card.judge(), "pkcs15.certificate.revocation", "EF.3400");
    card.crl.reset();
    card.demand_crl = true;
    only(card.judge(), "pkcs15.certificate.revocation", "EF.3400");
}

TEST_CASE("of several CRLs the newest counts, in whichever order they were found", "[verify]") {
    GoodSignature card;
    const auto crl = [&](std::vector<long> serials, int from, int to, long number) {
        return card.ca.crl(serials, card.at + from * day, card.at + to * day, number);
    };
    const auto judged = [&](std::vector<std::string> crls) {
        card.more_crls = crls;
        const auto report = card.judge();
        std::reverse(card.more_crls.begin(), card.more_crls.end());
        CHECK(texts(card.judge()) == texts(report));
        return report;
    };
    for (const bool demand : {false, true}) {
        card.demand_crl = demand;
        // an older list that outlives the newest one, which is too old to tell of others
        CHECK(texts(judged({crl({}, -9, 99, 1), crl({5001}, -8, -7, 2)})).find(" is revoked") !=
              std::string::npos);
        only(judged({crl({}, -9, 99, 1), crl({5001}, -8, 1, 2)}), "pkcs15.certificate.revocation", "EF.3401");
        only(judged({crl({}, -2, 99, -1), crl({5001}, -1, 1, -1)}), "pkcs15.certificate.revocation",
             "EF.3401");
        only(judged({crl({}, -2, 99, 255), crl({5001}, -2, 1, 256)}), "pkcs15.certificate.revocation",
             "EF.3401");
        // a newer one that lacks it takes nothing back: revocation is for good
        only(judged({crl({5001}, -9, 99, 1), crl({}, -2, 2, 2)}), "pkcs15.certificate.revocation", "EF.3401");
        // the newest is stale, and no older one answers for it
        CHECK_FALSE(judged({crl({}, -9, 99, 1), crl({}, -8, -7, 2)}).accept);
        // one of after the day says nothing of the day
        CHECK(judged({crl({}, -9, 9, 1), crl({5001}, 3, 9, 2)}).findings.empty());
    }
    // of the same name, and signed by nobody here
    CertificateWish wish;
    wish.common_name = "Test Citizen CA";
    const Identity other{wish, nullptr};
    card.demand_crl = false;
    only(judged({crl({5001}, -9, 99, 1), other.crl({}, card.at - day, card.at + day, 9)}),
         "pkcs15.certificate.revocation", "EF.3401");
}

TEST_CASE("on a day that is judged whole, what begins has begun and what ends has not ended", "[verify]") {
    GoodSignature card;
    const std::int64_t first = card.at - card.at % day, last = first + day - 1;
    auto wish = card.wish(0);
    wish.not_before = first + day / 2;
    card.certify(0, wish);
    wish = card.wish(1);
    wish.not_after = first + day / 2;
    card.certify(1, wish);
    card.crl = card.ca.crl({}, first + 1, first + 2);
    card.at = last;
    card.since = first;
    INFO(texts(card.judge()));
    CHECK(card.judge().findings.empty());
    CHECK(outcome_of(card.judge(), "pkcs15.certificate.revocation") == Outcome::passed);
    card.since.reset();
    CHECK_FALSE(card.judge().accept);
    card.at += day;
    card.since = first + day;
    CHECK_FALSE(card.judge().accept);
    card.at -= 2 * day;
    card.since = first - day;
    CHECK_FALSE(card.judge().accept);
}

TEST_CASE("outside its validity a certificate's issuer is not asked for, and that is said", "[verify]") {
    GoodSignature card;
    card.at += 9'000 * day;
    const auto report = card.judge();
    CHECK_FALSE(report.accept);
    for (const auto& result : report.results) {
        CHECK(result.evidence.find("no certificate of a key") == std::string::npos);
        if (result.check != "pkcs15.certificate.within-issuer") continue;
        CHECK(result.outcome == Outcome::skipped);
        CHECK_THAT(result.evidence, Catch::StartsWith("not asked of certificate \"signature\": "));
    }
}

TEST_CASE("a certificate must allow what its key is for", "[verify]") {
    for (const std::size_t index : {0U, 1U}) {
        GoodSignature card;
        auto wish = card.wish(index);
        wish.key_usage = card.wish(1 - index).key_usage;
        card.certify(index, wish);
        const std::string file = index == 0 ? "EF.3400" : "EF.3401";
        only(card.judge(), "pkcs15.certificate.usage", file);
        card.own = false;
        noted(card.judge(), "pkcs15.certificate.usage");
    }
    GoodSignature silent;  // no keyUsage: everything is allowed
    auto wish = silent.wish(0);
    wish.key_usage = "";
    silent.certify(0, wish);
    CHECK(silent.judge().findings.empty());
}

TEST_CASE("a holder's certificate must be no CA's", "[verify]") {
    GoodSignature card;
    auto wish = card.wish(0);
    wish.ca = true;
    wish.key_usage = "critical,nonRepudiation,keyCertSign";
    card.certify(0, wish);
    only(card.judge(), "pkcs15.certificate.no-authority", "EF.3400");
    card.own = false;
    noted(card.judge(), "pkcs15.certificate.no-authority");
}

TEST_CASE("two certificates for one key are refused", "[verify]") {
    GoodSignature card;
    auto twin = card.certificates[0];
    twin.common.label = "renewed";
    twin.path.reset();
    auto wish = card.wish(0);
    wish.serial = 6000;
    twin.direct = Identity{wish, &card.ca}.certificate();
    card.certificates.push_back(twin);
    card.write();
    only(card.judge(), "pkcs15.certificate.one-for-a-key", "EF.CDF");
    card.own = false;
    noted(card.judge(), "pkcs15.certificate.one-for-a-key");
}

TEST_CASE("the certificates must name the record's person", "[verify]") {
    GoodSignature name;
    auto wish = name.wish(0);
    wish.common_name = "محمد رضایی";
    name.certify(0, wish);
    only(name.judge(), "pkcs15.record.name", "EF.3400");
    GoodSignature number;
    wish = number.wish(1);
    wish.serial_number = "1234567891";
    number.certify(1, wish);
    only(number.judge(), "pkcs15.record.national-id", "EF.3401");
    // a CA may leave the number out by its policy
    GoodSignature without;
    for (const std::size_t index : {0U, 1U}) {
        wish = without.wish(index);
        wish.serial_number.clear();
        without.certify(index, wish);
    }
    CHECK(without.judge().findings.empty());
    CHECK(outcome_of(without.judge(), "pkcs15.record.national-id") == Outcome::skipped);
    // surname first, and an Arabic letter for a Persian one
    GoodSignature order;
    wish = order.wish(0);
    wish.common_name = order.record.name.surname_fa + " " + order.record.name.given_fa;
    order.certify(0, wish);
    CHECK(order.judge().findings.empty());
}

namespace {

/// A card with both applications.
struct WholeCard {
    GoodCard document;
    GoodSignature signature;

    verify::Report judge() {
        document.dump.applications.resize(1);
        document.dump.applications.push_back(signature.application());
        keys::TrustAnchors holders;
        holders.add_certificate(to_bytes(signature.ca.certificate_pem()), "test CA");
        auto context = document.context();
        context.holder_trust = &holders;
        return verify::judge(context);
    }
};

}  // namespace

TEST_CASE("certificates and travel document of one card must be of one person", "[verify]") {
    WholeCard card;
    {
        const auto report = card.judge();
        INFO(texts(report));
        CHECK(report.accept);
        CHECK(outcome_of(report, "pkcs15.subject.document") == Outcome::passed);
    }
    auto wish = card.signature.wish(0);
    wish.common_name = "محمد رضایی";
    card.signature.certify(0, wish);
    only(card.judge(), "pkcs15.subject.document", "EF.3400");
    wish = card.signature.wish(0);
    wish.serial_number = "1234567891";
    card.signature.certify(0, wish);
    only(card.judge(), "pkcs15.subject.document", "EF.3400");
}

TEST_CASE("nobody's own certificate passes for a document signer's", "[verify]") {
    WholeCard card;
    card.judge();
    // the citizens' CA is no country signer, whatever its certificates allow
    const auto context = card.document.context();
    const auto answer = context.trust.check(card.signature.file("EF.3401").content, card.signature.at);
    CHECK(answer.verdict == keys::TrustAnchors::Verdict::unknown_issuer);
}
