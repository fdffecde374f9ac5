// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <set>

#include "good_signature.h"
#include "libcard/app/pkcs15/commands.h"
#include "signature_verdicts.h"

using namespace kartsaz;
using namespace kartsaz::test;
namespace p15 = app::pkcs15;

TEST_CASE("a good signature application is accepted, and nothing that can be proved is skipped", "[verify]") {
    const GoodSignature card;
    const auto report = card.judge();
    for (const auto& finding : report.findings) UNSCOPED_INFO(finding.check << ": " << finding.text);
    CHECK(report.accept);
    CHECK(report.findings.empty());
    const std::set<std::string> may_skip{"pkcs15.puk", "pkcs15.key.demanded", "pkcs15.certificate.revocation",
                                         "pkcs15.subject.document"};
    std::size_t of_signature = 0;
    for (const auto& result : report.results) {
        if (!result.check.starts_with("pkcs15.")) continue;
        ++of_signature;
        INFO(result.check << ": " << result.evidence);
        CHECK(result.outcome ==
              (may_skip.contains(result.check) ? verify::Outcome::skipped : verify::Outcome::passed));
        CHECK_FALSE(result.evidence.empty());
    }
    CHECK(of_signature >= 28);
}

TEST_CASE("another maker's card of the same kind is accepted too", "[verify]") {
    GoodSignature card;
    card.own = false;
    const auto report = card.judge();
    CHECK(report.accept);
    CHECK(report.findings.empty());
    CHECK(outcome_of(report, "pkcs15.record.name") == verify::Outcome::skipped);
}

TEST_CASE("a card with no travel document has no findings about one", "[verify]") {
    const GoodSignature card;
    for (const auto& result : card.judge().results) CHECK_FALSE(result.check.starts_with("emrtd."));
}

TEST_CASE("reading that was stopped rejects the card", "[verify]") {
    GoodSignature card;
    card.facts()["fault"] = "signature application: the card does not come to an end";
    only(card.judge(), "pkcs15.read", "chip");
}

TEST_CASE("EF.DIR must be there on our own card and name the application", "[verify]") {
    GoodSignature card;
    card.remove("EF.DIR");
    only(card.judge(), "pkcs15.dir", "EF.DIR");
    card.own = false;
    noted(card.judge(), "pkcs15.dir");

    GoodSignature other;
    other.file("EF.DIR").content = p15::encode_dir({{from_hex("A000000063504B43532D3136"), "x", {}}});
    only(other.judge(), "pkcs15.dir", "EF.DIR");

    GoodSignature broken;
    broken.own = false;
    broken.file("EF.DIR").content[1] = 0x7F;
    only(broken.judge(), "pkcs15.dir", "EF.DIR");
}

TEST_CASE("EF.ODF and EF.TokenInfo must be there and be what they are called", "[verify]") {
    for (const auto& [file, check] :
         {std::pair{"EF.ODF", "pkcs15.odf"}, std::pair{"EF.TokenInfo", "pkcs15.token-info"}}) {
        GoodSignature absent;
        absent.remove(file);
        only(absent.judge(), check, file);
        GoodSignature broken;
        broken.file(file).content[1] = 0x7F;
        only(broken.judge(), check, file);
        GoodSignature refused;
        refused.file(file).content.clear();
        refused.file(file).refused = "6982 (security status not satisfied)";
        only(refused.judge(), check, file);
    }
    GoodSignature no_pins;
    auto entries = p15::decode_odf(no_pins.file("EF.ODF").content);
    entries.erase(entries.begin());
    no_pins.file("EF.ODF").content = p15::encode_odf(entries);
    only(no_pins.judge(), "pkcs15.odf", "EF.ODF");
}

TEST_CASE("a directory that EF.ODF names must be readable and hold objects", "[verify]") {
    for (const char* name : {"EF.AODF", "EF.PrKDF", "EF.PuKDF", "EF.CDF"}) {
        GoodSignature refused;
        refused.file(name).content.clear();
        refused.file(name).refused = "6A82 (file or application not found)";
        cause(refused.judge(), "pkcs15.directories", name);
        GoodSignature broken;
        auto& content = broken.file(name).content;
        content[content.size() - 3] = 0x7F;  // a length in the last object
        content.back() = 0xFF;
        content.resize(content.size() - 1);
        cause(broken.judge(), "pkcs15.directories", name);
    }
    // a directory of data is not needed, but must be sound when it is named
    GoodSignature data;
    data.application().files.push_back({"EF.DODF", 0x4405, from_hex("30053000020101"), "plain", {}});
    only(data.judge(), "pkcs15.directories", "EF.DODF");
}

TEST_CASE("objects must not share iD, authId or key reference", "[verify]") {
    GoodSignature reference;
    reference.keys[1].reference = 0;
    reference.write();
    only(reference.judge(), "pkcs15.identifiers", "EF.PrKDF");
    GoodSignature pin;
    pin.pins.push_back(pin.pins[0]);
    pin.write();
    only(pin.judge(), "pkcs15.identifiers", "EF.AODF");
    GoodSignature id;
    id.keys[1].id = id.keys[0].id;
    id.write();
    cause(id.judge(), "pkcs15.identifiers", "EF.PrKDF");
    GoodSignature public_id;
    public_id.public_keys.push_back(public_id.public_keys[0]);
    public_id.write();
    only(public_id.judge(), "pkcs15.identifiers", "EF.PuKDF");
}

TEST_CASE("a private key must name a PIN that is there", "[verify]") {
    GoodSignature unknown;
    unknown.own = false;
    unknown.keys[0].common.auth_id = {9};
    unknown.write();
    only(unknown.judge(), "pkcs15.key.auth-id", "EF.PrKDF");
    GoodSignature none;
    none.keys[0].common.auth_id.clear();
    none.write();
    only(none.judge(), "pkcs15.key.auth-id", "EF.PrKDF");
    none.own = false;
    noted(none.judge(), "pkcs15.key.auth-id");
}

TEST_CASE("key, public key and certificate belong together by their iD", "[verify]") {
    GoodSignature no_public;
    no_public.public_keys.erase(no_public.public_keys.begin());
    no_public.write();
    only(no_public.judge(), "pkcs15.key.public", "EF.PuKDF");
    no_public.own = false;
    noted(no_public.judge(), "pkcs15.key.public");

    GoodSignature no_certificate;
    no_certificate.certificates.erase(no_certificate.certificates.begin());
    no_certificate.write();
    only(no_certificate.judge(), "pkcs15.key.certificate", "EF.CDF");
    no_certificate.own = false;
    warned(no_certificate.judge(), "pkcs15.key.certificate");

    GoodSignature further;  // the holder's own, by other software
    further.certificates.pop_back();
    further.keys.back().id = Bytes{0x45};
    further.public_keys.back().id = Bytes{0x45};
    further.write();
    warned(further.judge(), "pkcs15.key.certificate");
    further.demanded_keys = {{"two", further.keys.back().common.label, {}, "the profile"}};
    only(further.judge(), "pkcs15.key.certificate", "EF.CDF");

    GoodSignature orphan;
    auto extra = orphan.certificates[0];
    extra.id = {0x77};
    extra.path.reset();
    CertificateWish someone;
    someone.common_name = "Somebody Else";
    someone.not_after = orphan.at;
    extra.direct = Identity{someone, nullptr}.certificate();
    orphan.certificates.push_back(extra);
    orphan.write();
    only(orphan.judge(), "pkcs15.certificate.key", "EF.CDF");
    orphan.own = false;
    warned(orphan.judge(), "pkcs15.certificate.key");

    GoodSignature authority;
    extra.direct = authority.ca.certificate();
    extra.authority = true;
    authority.certificates.push_back(extra);
    authority.write();
    CHECK(authority.judge().findings.empty());
}

TEST_CASE("a public key file that cannot be read or decoded is refused", "[verify]") {
    GoodSignature broken;
    broken.own = false;
    broken.file("EF.3300").content[1] = 0x01;
    only(broken.judge(), "pkcs15.key.public", "EF.3300");
    GoodSignature absent;
    absent.remove("EF.3301");
    only(absent.judge(), "pkcs15.key.public", "EF.3301");
}

TEST_CASE("the public key file must hold the certificate's key", "[verify]") {
    GoodSignature card;
    card.own = false;
    CertificateWish other;
    card.file("EF.3300").content = p15::public_key_file(Identity{other, nullptr}.public_key());
    only(card.judge(), "pkcs15.key.same", "EF.3300");
}

TEST_CASE("a certificate of another key than the card signs with is named, on any card", "[verify]") {
    for (const bool own : {true, false}) {
        GoodSignature card;
        card.own = own;
        auto other = card.wish(0);
        other.public_key.clear();  // a new one
        card.file("EF.3400").content = Identity{other, &card.ca}.certificate();
        const auto report = card.judge();
        cause(report, "pkcs15.key.same", "EF.3400");
        CHECK_THAT(report.findings.front().text, Catch::Contains("is another key's: the card signs with"));
    }
}

TEST_CASE("a certificate that stands under another iD than its key is refused, on any card", "[verify]") {
    for (const bool own : {true, false}) {
        GoodSignature card;
        card.own = own;
        card.certificates[0].id = {0x46};
        card.write();
        only(card.judge(), "pkcs15.certificate.key", "EF.CDF");
        CHECK_THAT(card.judge().findings.front().text, Catch::Contains("stands under another iD"));
        CHECK(card.judge().findings.front().got == "iD 46");
    }
}

TEST_CASE("an iD that is no hash of the key is a warning on our own card, a note on another", "[verify]") {
    GoodSignature card;
    card.keys[0].id = card.public_keys[0].id = card.certificates[0].id = {0x45};
    card.write();
    const auto report = card.judge();
    CHECK(report.accept);
    REQUIRE(findings_of(report, "pkcs15.key.id").size() == 1);
    CHECK(findings_of(report, "pkcs15.key.id")[0].severity == verify::Severity::warning);
    CHECK(report.findings.size() == 1);
    card.own = false;
    noted(card.judge(), "pkcs15.key.id");
}

TEST_CASE("a chip that does not prove its key is refused, on every slot", "[verify]") {
    for (const std::string slot : {"0", "1"}) {
        GoodSignature other;
        other.own = false;
        CertificateWish wish;
        wish.algorithm = slot == "1" ? "rsa-2048" : "ec-p256";
        const Identity thief{wish, nullptr};
        const Bytes message = from_hex(other.facts()["key." + slot + ".message"]);
        other.facts()["key." + slot + ".signature"] = to_hex(thief.sign(message));
        only(other.judge(), "pkcs15.key.possession", "chip");

        GoodSignature replayed;
        replayed.facts()["key." + slot + ".message"] = to_hex(keys::sha256(message));
        only(replayed.judge(), "pkcs15.key.possession", "chip");

        GoodSignature refused;
        refused.facts().erase("key." + slot + ".signature");
        refused.facts()["key." + slot + ".sw"] = "6F00";
        only(refused.judge(), "pkcs15.key.possession", "chip");

        GoodSignature garbage;
        garbage.facts()["key." + slot + ".signature"] = "30060201";
        only(garbage.judge(), "pkcs15.key.possession", "chip");
    }
    GoodSignature brief;
    brief.facts()["key.0.message"] = "00";
    brief.facts()["key.0.signature"] = to_hex(brief.holders[0].sign(Bytes{0x00}));
    only(brief.judge(), "pkcs15.key.possession", "chip");
}

TEST_CASE("a card that makes SHA-1 itself is proved with it, and only where it says so", "[verify]") {
    GoodSignature card;
    const Bytes message = from_hex(card.facts()["key.0.message"]);
    card.facts()["key.0.signature"] = to_hex(card.holders[0].sign(message, "SHA1"));
    only(card.judge(), "pkcs15.key.possession", "chip");
    card.facts()["key.0.digest"] = "sha1";
    CHECK(card.judge().findings.empty());
    card.facts()["key.0.signature"] = to_hex(card.holders[0].sign(message));
    only(card.judge(), "pkcs15.key.possession", "chip");
}

TEST_CASE("a key that was not made on the card is refused on ours and warned of on others", "[verify]") {
    for (const std::uint32_t access :
         {0U, std::uint32_t{p15::access_local}, std::uint32_t{p15::access_sensitive},
          p15::access_local | p15::access_always_sensitive | p15::access_never_extractable |
              p15::access_extractable}) {
        GoodSignature card;
        card.keys[1].access = access;
        card.write();
        only(card.judge(), "pkcs15.key.made-on-card", "EF.PrKDF");
        card.own = false;
        warned(card.judge(), "pkcs15.key.made-on-card");
    }
}

TEST_CASE("a key that no directory names is refused on ours and warned of on others", "[verify]") {
    GoodSignature card;
    card.facts()["orphan.7"] = "ec";
    only(card.judge(), "pkcs15.key.orphan", "chip");
    card.own = false;
    warned(card.judge(), "pkcs15.key.orphan");
    card.facts()["pin.state"] = "not tried";
    CHECK(outcome_of(card.judge(), "pkcs15.key.orphan") == verify::Outcome::skipped);
}
