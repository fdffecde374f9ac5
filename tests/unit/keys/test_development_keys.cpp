// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "apdu/error.h"
#include "keys/active_authentication.h"
#include "keys/issuer.h"
#include "keys/key_store.h"

using namespace kartsaz;
using namespace kartsaz::keys;
using Catch::Contains;

TEST_CASE("the development keys hold the published transport keys and say what they are") {
    const auto store = development_keys();
    CHECK(store->development());
    CHECK(store->names() ==
          std::vector<std::string>{"active-authentication", "issuer", "pin", "piv-management", "transport"});
    const auto& transport = store->keyset("transport");
    CHECK(transport.version == 0x30);
    CHECK(transport.development);
    CHECK(transport.scp_keys({}).kcvs() == "504A77 504A77 504A77");
    const auto& issuer = store->keyset("issuer");
    CHECK(issuer.version == 0x31);
    CHECK(issuer.development);
    CHECK(issuer.diversification == Diversification::kdf3);
    const auto chip = issuer.scp_keys(from_hex("00010203040506070809"));
    CHECK_FALSE(chip.enc == chip.mac);
    CHECK_FALSE(chip.enc == issuer.keys.at("enc"));
    CHECK(store->keyset("active-authentication").keys.at("aa").size() == 32);
}

TEST_CASE("the development document signer signs, and its certificate leads to the development CSCA") {
    const auto store = development_keys();
    const DocumentSigner signer{store->blob("document-signer")};
    const auto object = read_signed_object(signer.sign_lds_security_object(Bytes(200, 7)));
    CHECK(object.fault == "");
    CHECK_THAT(object.signer, Contains("DEVELOPMENT") && Contains("NOT FOR PRODUCTION"));
    TrustAnchors anchors;
    anchors.add_certificate(to_bytes(development_csca_pem()), "development CSCA");
    anchors.add_crl(to_bytes(development_crl_pem()), "development CRL");
    for (const std::int64_t at : {1577923200LL, 1795305600LL, 2840054400LL}) {
        const auto answer = anchors.check(object.certificate, at, true);
        INFO(answer.text);
        CHECK(answer.verdict == TrustAnchors::Verdict::ok);
    }
    const auto facts = certificate_facts(object.certificate);
    CHECK(facts.key_usage_digital_signature);
    CHECK_FALSE(facts.ca);
    CHECK_THAT(facts.issuer, Contains("C=IR") && Contains("O=Kartsaz Development"));
}

TEST_CASE("the development country signer and citizen CA are held with their private keys") {
    const auto store = development_keys();
    const auto csca = store->identity("csca");
    TrustAnchors country;
    country.add_certificate(to_bytes(development_csca_pem()), "development CSCA");
    CHECK(country.check(store->identity("document-signer").certificate, 1795305600).verdict ==
          TrustAnchors::Verdict::ok);
    for (const auto* name : {"csca", "citizen-ca"}) {
        const auto facts = certificate_facts(store->identity(name).certificate);
        CHECK(facts.ca);
        CHECK(facts.subject == facts.issuer);
        CHECK_THAT(facts.subject, Contains("DEVELOPMENT") && Contains("NOT FOR PRODUCTION"));
        CHECK(facts.not_after == 2840140800);
    }
    TrustAnchors citizens;
    citizens.add_certificate(to_bytes(development_citizen_ca_pem()), "development citizen CA");
    citizens.add_crl(to_bytes(development_citizen_crl_pem()), "development CRL");
    CHECK(citizens.size() == 1);
}

TEST_CASE("a keyset or blob that a store does not hold is refused with what it does hold") {
    const auto store = development_keys();
    CHECK_THROWS_WITH(store->keyset("bank"), Contains("no keyset \"bank\"") &&
                                                 Contains("issuer version 31") &&
                                                 Contains("transport version 30"));
    CHECK_THROWS_WITH(store->keyset("issuer", 0x32), Contains("\"issuer\" version 32"));
    CHECK_NOTHROW(store->keyset("issuer", 0x31));
    CHECK_THROWS_WITH(store->blob("cvca"),
                      Contains("there is: citizen-ca, content-signer, csca, document-signer"));
    CHECK(store->versions("bank").empty());
    CHECK(store->versions("issuer").size() == 2);  // SCP03 and SCP02
}
