// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <fstream>

#include "apdu/error.h"
#include "keys/country_signer.h"
#include "keys/issuer.h"
#include "keys/key_file.h"
#include "keys/key_store.h"
#include "tests/unit/keys/issued.h"
#include "tests/unit/keys/remote_key.h"

using namespace kartsaz;
using namespace kartsaz::keys;
using namespace kartsaz::test;
using Catch::Contains;
using Verdict = TrustAnchors::Verdict;

namespace {

AuthorityTemplate authority(const std::string& name, std::int64_t years = 10) {
    AuthorityTemplate out;
    out.subject.country = "IR";
    out.subject.organization = "سازمان";
    out.subject.common_name = name;
    out.not_before = in_2026;
    out.not_after = in_2026 + years * 365 * day;
    return out;
}

Identity root_of(const std::string& key, const std::string& name) {
    const auto signing = std::make_shared<RemoteKey>(card_key(key));
    return {signing, make_root(*signing, authority(name))};
}

std::string refusal(const std::function<void()>& work, Errc code) {
    try {
        work();
    } catch (const Error& e) {
        CHECK(e.code() == code);
        return e.what();
    }
    return "nothing was thrown";
}

}  // namespace

TEST_CASE("a country signer, its document signer and its CRL have the profile of ICAO Doc 9303-12") {
    for (const std::string kind : {"ec-p256", "ec-p384", "rsa-3072"}) {
        INFO(kind);
        const auto csca = root_of(kind, "Country Signer");
        auto content = authority("Document Signer");
        content.key_until = in_2026 + 90 * day;
        content.document_types = {"P", "ID", "I"};
        content.crl_url = "http://crl.example/csca.crl";
        const auto signer_key = card_key("ec-p256");
        const auto signer = make_document_signer(csca, signer_key->public_key(), content);

        CaLedger ledger{"csca"};
        record_authority(ledger, "document-signer", signer, in_2026);
        record_authority(ledger, "document-signer", signer, in_2026);
        CHECK(ledger.turn().entries().size() == 1);
        TrustAnchors anchors;
        anchors.add_certificate(csca.certificate, "csca");
        anchors.add_crl(make_crl(csca, ledger, in_2026, 90), "crl");
        CHECK(anchors.check(signer, in_2026 + day, true).verdict == Verdict::ok);
        // it signs what goes on cards
        const DocumentSigner works{Identity{signer_key, signer}};
        CHECK(read_signed_object(works.sign_lds_security_object(Bytes(40, 1))).signature_ok);

        const auto text = openssl_text(signer);
        if (!text.empty()) {
            CHECK_THAT(text, Contains("X509v3 Key Usage: critical\n                Digital Signature\n") &&
                                 Contains("X509v3 Private Key Usage Period") &&
                                 Contains("2.23.136.1.1.6.2") &&
                                 Contains("URI:http://crl.example/csca.crl") && !Contains("CA:TRUE"));
            CHECK_THAT(
                openssl_text(csca.certificate),
                Contains("X509v3 Key Usage: critical\n                Certificate Sign, CRL Sign\n") &&
                    Contains("X509v3 Basic Constraints: critical\n                CA:TRUE, pathlen:0") &&
                    Contains("O=سازمان"));
        }
        {
            auto turn = ledger.turn();
            turn.revoke(turn.entries()[0], {in_2026 + day, 1});
        }
        anchors.add_crl(make_crl(csca, ledger, in_2026 + 2 * day, 90), "later crl");
        CHECK(anchors.check(signer, in_2026 + 3 * day, true).verdict == Verdict::revoked);
    }
}

TEST_CASE("the document types of a signer are sorted as DER asks, and each once") {
    const auto csca = root_of("ec-p256", "Country Signer");
    auto content = authority("Document Signer");
    content.document_types = {"P", "ID", "P", "I"};
    const auto signer = to_hex(make_document_signer(csca, card_key("ec-p384")->public_key(), content));
    CHECK(signer.find("060767810801010602"
                      "0411"
                      "300F020100"
                      "310A"
                      "130149"
                      "130150"
                      "13024944") != std::string::npos);
    content.document_types = {"id"};
    CHECK_THAT(refusal([&] { make_document_signer(csca, card_key("ec-p384")->public_key(), content); },
                       Errc::input_invalid),
               Contains("document type \"id\""));
}

TEST_CASE(
    "no certificate outlives its issuer or begins before it, and no key is used beyond its certificate") {
    const auto csca = root_of("ec-p256", "Country Signer");
    const auto key = card_key("ec-p384")->public_key();
    auto content = authority("Document Signer", 30);
    CHECK(certificate_facts(make_document_signer(csca, key, content)).not_after ==
          certificate_facts(csca.certificate).not_after);
    content.not_before = in_2026 - day;
    CHECK_THAT(refusal([&] { make_document_signer(csca, key, content); }, Errc::keys_failed),
               Contains("its issuer") && Contains("is valid from"));
    content = authority("Document Signer");
    content.key_until = content.not_after + 1;
    CHECK_THAT(refusal([&] { make_document_signer(csca, key, content); }, Errc::input_invalid),
               Contains("private key would be used until"));
}

TEST_CASE("a country signer can have no CA below it, a root of its own kind can") {
    const auto csca = root_of("ec-p256", "Country Signer");
    const auto key = card_key("ec-p384");
    CHECK_THAT(refusal([&] { make_citizen_ca(csca, key->public_key(), authority("Citizen CA")); },
                       Errc::keys_failed),
               Contains("path length 0"));
    const auto upper = card_key("rsa-2048");
    const Identity root{upper, make_upper_root(*upper, authority("Root"))};
    const auto citizen_ca = make_citizen_ca(root, key->public_key(), authority("Citizen CA"));
    const auto facts = certificate_facts(citizen_ca);
    CHECK(facts.ca);
    CHECK_FALSE(facts.self_signed);
    CHECK(certificate_facts(root.certificate).self_signed);
    CHECK(facts.authority_key_identifier == certificate_facts(root.certificate).subject_key_identifier);
    LocalCa ca{{key, citizen_ca}, std::make_unique<CaLedger>("x"), {.now = [] { return in_2026; }}};
    CHECK(certificate_facts(ca.certificate(order_for(*card_key("ec-p256")))).issuer == facts.subject);
    // who is no CA at all signs nothing
    const auto signer = make_document_signer(csca, upper->public_key(), authority("Document Signer"));
    CHECK_THAT(refusal(
                   [&] {
                       make_document_signer({upper, signer}, key->public_key(), authority("x"));
                   },
                   Errc::keys_failed),
               Contains("may not sign certificates"));
}

TEST_CASE("a citizen's path goes over an intermediate CA, and each level is asked for its CRL") {
    const auto root_key = card_key("rsa-2048");
    const Identity root{root_key, make_upper_root(*root_key, authority("Root"))};
    const auto ca_key = card_key("ec-p384");
    const Identity middle{ca_key, make_citizen_ca(root, ca_key->public_key(), authority("Citizen CA"))};
    LocalCa ca{middle, std::make_unique<CaLedger>("x"), {.now = [] { return in_2026; }}};
    const auto certificate = ca.certificate(order_for(*card_key("ec-p256")));
    CaLedger books{"root"};
    record_authority(books, "ca", middle.certificate, in_2026);

    const auto verdict = [&](const std::vector<Bytes>& trusted, const std::vector<Bytes>& crls,
                             bool demand = false) {
        TrustAnchors anchors;
        for (const auto& one : trusted) anchors.add_certificate(one, "trusted");
        for (const auto& one : crls) anchors.add_crl(one, "crl");
        return anchors.check_holder(certificate, in_2026 + day, demand).verdict;
    };
    const auto quiet_root = make_crl(root, books, in_2026, 90);
    const auto quiet_ca = ca.crl(in_2026, 90);
    CHECK(verdict({root.certificate, middle.certificate}, {}) == Verdict::ok);
    CHECK(verdict({root.certificate, middle.certificate}, {}, true) == Verdict::crl_missing);
    CHECK(verdict({root.certificate, middle.certificate}, {quiet_root, quiet_ca}, true) == Verdict::ok);
    CHECK(verdict({root.certificate, middle.certificate}, {quiet_ca}, true) == Verdict::ok);
    CHECK(verdict({middle.certificate}, {quiet_ca}, true) == Verdict::ok);  // the CA alone is trusted
    CHECK(verdict({root.certificate}, {}) == Verdict::unknown_issuer);      // the CA is not at hand

    ca.revoke(certificate, 1);
    CHECK(verdict({root.certificate, middle.certificate}, {quiet_root, ca.crl(in_2026, 90)}) ==
          Verdict::revoked);
    {
        auto turn = books.turn();
        turn.revoke(turn.entries()[0], {in_2026, 4});
    }
    const auto loud_root = make_crl(root, books, in_2026, 90);
    CHECK(verdict({root.certificate, middle.certificate}, {loud_root, quiet_ca}) == Verdict::revoked);
    CHECK(verdict({root.certificate, middle.certificate}, {loud_root}) == Verdict::revoked);
    // a CRL that is too old is no CRL
    TrustAnchors anchors;
    anchors.add_certificate(root.certificate, "root");
    anchors.add_certificate(middle.certificate, "ca");
    anchors.add_crl(quiet_root, "crl");
    CHECK(anchors.check_holder(certificate, in_2026 + 91 * day).verdict == Verdict::crl_stale);
}

TEST_CASE("a key that is too short, or a token that lies, makes no certificate") {
    const auto csca = root_of("ec-p256", "Country Signer");
    const auto far = std::make_shared<RemoteKey>(card_key("ec-p256"));
    far->lies = true;
    CHECK_THAT(refusal([&] { make_root(*far, authority("Root")); }, Errc::keys_failed),
               Contains("token far away is wrong"));
    CHECK_THAT(
        refusal([&] { make_document_signer(csca, from_hex("3000"), authority("x")); }, Errc::keys_failed),
        Contains("cannot be read"));
}

TEST_CASE("identities that are made here go into a key file and sign from there") {
    const TemporaryFolder folder;
    const SecretBytes passphrase{to_bytes("correct horse")};
    std::map<std::string, SecretBytes> made;
    for (const auto kind : {KeyAlgorithm::ec_p256, KeyAlgorithm::ec_p384, KeyAlgorithm::rsa_2048}) {
        const auto pem = new_private_key(kind);
        const auto key = signing_key_from_pem(pem);
        CHECK(algorithm_of(key->public_key()) == kind);
        made.emplace(std::string{name(kind)}, identity_text(pem, make_root(*key, authority("Root"))));
    }
    add_identities(folder / "keys", passphrase, std::move(made));
    const auto store = open_key_file(folder / "keys", passphrase);
    CHECK(store->identity("ec-p384").key->public_key() ==
          certificate_facts(store->identity("ec-p384").certificate).public_key);
    std::map<std::string, SecretBytes> again;
    again.emplace("ec-p256", SecretBytes{to_bytes("x")});
    CHECK_THROWS_WITH(add_identities(folder / "keys", passphrase, std::move(again)),
                      Contains("\"ec-p256\" is there already"));
}
