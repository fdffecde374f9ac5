// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <algorithm>

#include "apdu/error.h"
#include "good_card.h"
#include "keys/crypto.h"
#include "libcard/verify/der.h"
#include "pki.h"
#include "tests/support/vectors.h"

using namespace kartsaz;
using test::CertificateWish;
using test::GoodCard;
using test::Identity;
using test::outcome_of;
using verify::Outcome;

namespace {

constexpr std::int64_t one_day = 86'400;

/// A good card signed by an issuer of the test's own, judged by whatever is trusted.
struct Issued {
    GoodCard card;
    Identity csca{{"Test Country Signer", card.at - 1000 * one_day, card.at + 1000 * one_day, true,
                   "critical,keyCertSign,cRLSign", 1},
                  nullptr};
    CertificateWish wish{"Test Document Signer",      card.at - 100 * one_day,
                         card.at + 100 * one_day,     false,
                         "critical,digitalSignature", 4711};
    std::string crl;
    bool demand_crl = false;
    bool trusted = true;
    keys::HashAlgorithm algorithm = keys::HashAlgorithm::sha256;

    verify::Report judge() {
        const Identity signer{wish, &csca};
        const keys::DocumentSigner document_signer{keys::SecretBytes{to_bytes(signer.pem())}};
        app::emrtd::LdsSecurityObject object;
        object.algorithm = algorithm;
        object.version = 1;
        object.lds_version = "0108";
        object.unicode_version = "040000";
        for (const auto& def : app::emrtd::files()) {
            const auto* file = card.emrtd().file(def.name);
            if (def.dg == 0 || file == nullptr) continue;
            object.groups.push_back(
                {static_cast<std::uint8_t>(def.dg), keys::hash(algorithm, file->content)});
        }
        card.file("EF.SOD").content = app::emrtd::encode_sod(
            document_signer.sign_lds_security_object(app::emrtd::encode_lds_security_object(object)));
        keys::TrustAnchors trust;
        if (trusted) trust.add_certificate(to_bytes(csca.certificate_pem()), "test CSCA");
        if (!crl.empty()) trust.add_crl(to_bytes(crl), "test CRL");
        verify::Context context{card.dump, trust};
        context.at = card.at;
        context.demand_crl = demand_crl;
        return verify::judge(context);
    }
};

void rejected_for(const verify::Report& report, const std::string& check) {
    for (const auto& finding : report.findings) UNSCOPED_INFO(finding.check << ": " << finding.text);
    REQUIRE_FALSE(report.accept);
    CHECK(*report.cause == check);
    CHECK(report.findings.front().object == "EF.SOD");
}

}  // namespace

TEST_CASE("a card of another issuer is accepted when that issuer is trusted", "[verify][sod]") {
    Issued issued;
    const auto report = issued.judge();
    for (const auto& finding : report.findings) UNSCOPED_INFO(finding.check << ": " << finding.text);
    CHECK(report.accept);
    CHECK_FALSE(report.development_trust);
}

TEST_CASE("a document signer of an unknown country signer is refused", "[verify][sod]") {
    Issued issued;
    issued.trusted = false;
    rejected_for(issued.judge(), "emrtd.sod.signer-chain");
}

TEST_CASE("a document signer outside its validity is refused", "[verify][sod]") {
    Issued expired;
    expired.wish.not_after = expired.card.at - one_day;
    rejected_for(expired.judge(), "emrtd.sod.signer-validity");
    Issued early;
    early.wish.not_before = early.card.at + one_day;
    rejected_for(early.judge(), "emrtd.sod.signer-validity");
}

TEST_CASE("revoked, a stale CRL and a missing CRL are three different answers", "[verify][sod]") {
    Issued issued;
    issued.crl = issued.csca.crl({4712}, issued.card.at - one_day, issued.card.at + one_day);
    CHECK(issued.judge().accept);
    issued.crl = issued.csca.crl({4711}, issued.card.at - one_day, issued.card.at + one_day);
    const auto revoked = issued.judge();
    rejected_for(revoked, "emrtd.sod.signer-revocation");
    issued.crl = issued.csca.crl({4712}, issued.card.at - 3 * one_day, issued.card.at - one_day);
    const auto stale = issued.judge();
    rejected_for(stale, "emrtd.sod.signer-revocation");
    issued.crl.clear();
    CHECK(issued.judge().accept);
    issued.demand_crl = true;
    const auto missing = issued.judge();
    rejected_for(missing, "emrtd.sod.signer-revocation");
    CHECK(revoked.findings.front().expected != stale.findings.front().expected);
    CHECK(stale.findings.front().expected != missing.findings.front().expected);
    CHECK(revoked.findings.front().expected != missing.findings.front().expected);
}

TEST_CASE("a certificate that may not sign documents is refused", "[verify][sod]") {
    Issued usage;
    usage.wish.key_usage = "critical,keyEncipherment";
    rejected_for(usage.judge(), "emrtd.sod.signer-usage");
    Issued ca;
    ca.wish.ca = true;
    ca.wish.key_usage = "critical,digitalSignature,keyCertSign";
    rejected_for(ca.judge(), "emrtd.sod.signer-usage");
}

TEST_CASE("hashes of a broken algorithm are refused, though they are signed", "[verify][sod]") {
    Issued issued;
    issued.algorithm = keys::HashAlgorithm::sha1;
    rejected_for(issued.judge(), "emrtd.sod.digest-algorithm");
}

TEST_CASE("a signer's issuer name in other letter case is refused, though names compare equal",
          "[verify][sod]") {
    GoodCard card;
    Bytes& content = card.file("EF.SOD").content;
    std::size_t cms_offset = 0;
    const Bytes cms = app::emrtd::decode_sod(content, &cms_offset);
    const std::string issuer = keys::certificate_facts(keys::read_signed_object(cms).certificate).issuer;
    // the last place where a word of the issuer's name stands is the signer identifier
    const std::size_t word = issuer.find("CN");
    REQUIRE(word != std::string::npos);
    const std::string name = issuer.substr(issuer.find_first_not_of(" =", word + 2), 4);
    const auto at = std::find_end(content.begin(), content.end(), name.begin(), name.end());
    REQUIRE(at != content.end());
    const auto offset = static_cast<std::size_t>(at - content.begin());
    content[offset] ^= 0x20;
    const auto report = card.judge();
    rejected_for(report, "emrtd.sod.structure");
    CHECK_THAT(report.findings.front().text, Catch::Contains("byte for byte"));
}

TEST_CASE("EF.SOD files made by others have the form that is asked for", "[verify][sod]") {
    unsigned seen = 0;
    for (const auto& vector : test::vectors("emrtd_auth", "ef-sod")) {
        INFO(vector.file << " " << vector.id());
        const Bytes file = vector.bytes("ef_sod");
        std::size_t offset = 0;
        const Bytes cms = app::emrtd::decode_sod(file, &offset);
        CHECK_NOTHROW(verify::demand_der(file, "EF.SOD", 0));
        CHECK_NOTHROW(verify::demand_sod_form(cms, "EF.SOD", offset));
        ++seen;
    }
    CHECK(seen >= 2);
}

TEST_CASE("a folder of trust is read, and a wrong one is refused with its name", "[verify][trust]") {
    Issued issued;
    const auto folder = test::scratch_dir() / "trust";
    std::filesystem::create_directories(folder);
    CHECK_THROWS_WITH(verify::load_trust(folder.string()), Catch::Contains("no certificate"));
    test::write_bytes(folder / "readme.txt", to_bytes("not a certificate"));
    CHECK_THROWS_AS(verify::load_trust(folder.string()), Error);
    test::write_bytes(folder / "csca.pem", to_bytes(issued.csca.certificate_pem()));
    CHECK(verify::load_trust(folder.string()).size() == 1);
    test::write_bytes(folder / "list.crl", to_bytes(issued.csca.crl({1}, 0, 1)));
    CHECK(verify::load_trust(folder.string()).size() == 1);
    test::write_bytes(folder / "broken.der", to_bytes("not a certificate"));
    CHECK_THROWS_WITH(verify::load_trust(folder.string()), Catch::Contains("broken.der"));
    std::filesystem::remove(folder / "broken.der");
    test::write_bytes(folder / "key.pem", to_bytes("-----BEGIN PUBLIC KEY-----\n"));
    CHECK_THROWS_WITH(verify::load_trust(folder.string()), Catch::Contains("key.pem"));
    CHECK_THROWS_WITH(verify::load_trust((folder / "nowhere").string()), Catch::Contains("nowhere"));
}
