// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "apdu/error.h"
#include "keys/crypto.h"
#include "keys/issuer.h"
#include "keys/memory_key_store.h"
#include "keys/trust_files.h"
#include "tests/unit/keys/pki.h"

namespace kartsaz::keys {
namespace {

using Catch::Contains;
using Catch::EndsWith;
using Catch::StartsWith;

Error thrown(const KeyStore& store, const std::vector<std::pair<std::string, Bytes>>& crls) {
    try {
        (void)trust_files(store, crls);
    } catch (const Error& error) {
        return error;
    }
    throw std::runtime_error{"nothing was thrown"};
}

const std::vector<std::pair<std::string, Bytes>>& development_crls() {
    static const std::vector<std::pair<std::string, Bytes>> crls{
        {"csca.crl", to_bytes(development_crl_pem())}, {"ca.crl", to_bytes(development_citizen_crl_pem())}};
    return crls;
}

}  // namespace

TEST_CASE("the trust of a store is its authorities' certificates and the CRLs that they signed") {
    const auto files = trust_files(*development_keys(), development_crls());
    REQUIRE(files.size() == 4);
    CHECK_THAT(files[0].path, StartsWith("csca-") && EndsWith(".cer"));
    CHECK(files[0].kind == "country signer");
    CHECK_THAT(files[0].name, Contains("DEVELOPMENT Country Signer"));
    CHECK_THAT(files[1].path, StartsWith("holders/citizen-ca-") && EndsWith(".cer"));
    CHECK(files[2].path == files[0].path.substr(0, files[0].path.size() - 4) + ".crl");
    CHECK(files[3].path == files[1].path.substr(0, files[1].path.size() - 4) + ".crl");
    for (const auto& file : files) {
        CHECK(file.until > file.from);
        CHECK(file.content.front() == 0x30);  // DER
    }

    TrustAnchors anchors;
    anchors.add_certificate(files[0].content, files[0].path);
    anchors.add_crl(files[2].content, files[2].path);
    const auto signer = development_keys()->identity("document-signer").certificate;
    CHECK(anchors.check(signer, 1'763'700'000, true).verdict == TrustAnchors::Verdict::ok);
}

TEST_CASE("nothing secret is in the trust of a store") {
    const auto store = development_keys();
    for (const auto& file : trust_files(*store, {})) {
        CHECK(certificate_facts(file.content).ca);
        CHECK(to_text(file.content).find("PRIVATE") == std::string::npos);
    }
}

TEST_CASE("a CRL of strangers, a second one and no CRL at all are refused by name") {
    const auto store = development_keys();
    CHECK_THAT(thrown(*store, {{"bad.crl", to_bytes("-----BEGIN X509 CRL-----\nAAAA\n")}}).what(),
               Contains("bad.crl"));
    auto changed = development_crls();
    auto swapped = changed;
    swapped[0].first = "again.crl";
    changed.push_back(swapped[0]);
    const auto twice = thrown(*store, changed);
    CHECK(twice.code() == Errc::input_invalid);
    CHECK_THAT(twice.what(), Contains("again.crl: a second CRL"));

    KeyStoreContent content;
    content.blobs.emplace("csca", store->blob("csca").clone());
    const auto csca_only = memory_key_store(std::move(content), "csca.keys");
    CHECK(trust_files(*csca_only, {development_crls()[0]}).size() == 2);
    const auto foreign = thrown(*csca_only, {development_crls()[1]});
    CHECK(foreign.code() == Errc::input_invalid);
    CHECK_THAT(foreign.what(), Contains("ca.crl: a CRL of") && Contains("none of the exported authorities"));
}

TEST_CASE("a store without authorities has no trust to give") {
    const auto empty = memory_key_store({}, "empty.keys");
    const auto error = thrown(*empty, {});
    CHECK(error.code() == Errc::keys_failed);
    CHECK_THAT(error.what(), Contains("neither csca nor citizen-ca"));
}

}  // namespace kartsaz::keys
