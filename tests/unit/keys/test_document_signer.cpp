// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <openssl/bio.h>
#include <openssl/cms.h>
#include <openssl/x509.h>

#include <set>

#include "apdu/error.h"
#include "keys/issuer.h"
#include "tests/unit/keys/pki.h"

using namespace kartsaz;
using namespace kartsaz::keys;
using Catch::Contains;
using kartsaz::test::pki;
using kartsaz::test::pki_secret;

namespace {

/// What OpenSSL's own CMS code says, the signer's chain not looked at.
bool openssl_accepts(const Bytes& cms, const Bytes& content) {
    const auto* at = cms.data();
    CMS_ContentInfo* info = d2i_CMS_ContentInfo(nullptr, &at, static_cast<long>(cms.size()));
    REQUIRE(info != nullptr);
    BIO* out = BIO_new(BIO_s_mem());
    const int good = CMS_verify(info, nullptr, nullptr, nullptr, out, CMS_BINARY | CMS_NO_SIGNER_CERT_VERIFY);
    char* text = nullptr;
    const long size = BIO_get_mem_data(out, &text);
    const Bytes written(text, text + size);
    BIO_free_all(out);
    CMS_ContentInfo_free(info);
    return good == 1 && written == content;
}

const Bytes content = from_hex("3009020101300406022A03");
const std::vector<std::string> signers{"ds.pem", "ds-p384.pem", "ds-p521.pem", "ds-brainpool.pem",
                                       "ds-rsa.pem"};

}  // namespace

TEST_CASE("signed objects are accepted by OpenSSL's CMS code and read back whole, for every kind of key") {
    for (const auto& name : signers) {
        INFO(name);
        const DocumentSigner signer{pki_secret(name)};
        const auto cms = signer.sign_lds_security_object(content);
        CHECK(openssl_accepts(cms, content));
        const auto object = read_signed_object(cms);
        CHECK(object.fault == "");
        CHECK(object.signature_ok);
        CHECK(object.content == content);
        CHECK(to_hex(object.content_type) == "678108010101");
        CHECK(object.certificate == signer.certificate());
        CHECK_THAT(object.signer, Contains("CN=Test Document Signer"));
    }
}

TEST_CASE("signed objects of one content length have one length, whatever the signature is") {
    for (const auto& name : signers) {
        INFO(name);
        const DocumentSigner signer{pki_secret(name)};
        std::set<std::size_t> sizes;
        std::set<Bytes> forms;
        for (std::uint8_t i = 0; i < 40; ++i) {
            const auto cms = signer.sign_lds_security_object(Bytes(300, i));
            sizes.insert(cms.size());
            forms.insert(cms);
        }
        CHECK(sizes.size() == 1);
        CHECK(forms.size() == 40);
    }
}

TEST_CASE("no signing time goes into a signed object") {
    const DocumentSigner signer{pki_secret("ds.pem")};
    const auto text = to_hex(signer.sign_lds_security_object(content));
    CHECK(text.find("2A864886F70D010905") == std::string::npos);
    CHECK(text.find("2A864886F70D010904") != std::string::npos);
}

TEST_CASE("key and certificate may stand in any order, with other certificates between") {
    const auto both = to_text(pki("ds.pem"));
    const auto at = both.find("-----BEGIN CERTIFICATE");
    const auto other = to_text(pki("ds-revoked.pem"));
    const auto turned = other + both.substr(at) + both.substr(0, at);
    const DocumentSigner signer{SecretBytes{to_bytes(turned)}};
    CHECK(signer.certificate() == DocumentSigner{pki_secret("ds.pem")}.certificate());
}

TEST_CASE("a document signer without key, without certificate or with another's certificate is refused") {
    const auto refusal = [](const std::string& pem) -> std::string {
        try {
            const DocumentSigner signer{SecretBytes{to_bytes(pem)}};
        } catch (const Error& e) {
            CHECK(e.code() == Errc::keys_failed);
            return e.what();
        }
        return "nothing was thrown";
    };
    const auto both = to_text(pki("ds.pem"));
    const auto at = both.find("-----BEGIN CERTIFICATE");
    CHECK_THAT(refusal(both.substr(at)), Contains("no private key"));
    CHECK_THAT(refusal(both.substr(0, at)), Contains("certificate"));
    CHECK_THAT(refusal(both.substr(0, at) + to_text(pki("csca.pem"))),
               Contains("none of the 1 certificates belongs"));
    CHECK_THAT(refusal(""), Contains("no private key"));
    CHECK_THAT(refusal(both.substr(0, 80)), Contains("no private key"));
    const auto body = both.substr(28, 40);
    CHECK(refusal(both.substr(0, at)).find(body) == std::string::npos);
}
