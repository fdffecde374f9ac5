// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <algorithm>

#include "apdu/error.h"
#include "apdu/tlv.h"
#include "keys/crypto.h"
#include "keys/issuer.h"
#include "tests/unit/keys/key_vectors.h"
#include "tests/unit/keys/pki.h"

using namespace kartsaz;
using namespace kartsaz::keys;
using Catch::Contains;
using kartsaz::test::pki_secret;
using kartsaz::test::vectors;

namespace {

const Bytes content = from_hex("3009020101300406022A03");

const Bytes& good() {
    static const auto cms = DocumentSigner{pki_secret("ds.pem")}.sign_lds_security_object(content);
    return cms;
}

/// The first place of `what` replaced by as many bytes.
Bytes replaced(Bytes bytes, const Bytes& what, const Bytes& by) {
    const auto found = std::search(bytes.begin(), bytes.end(), what.begin(), what.end());
    REQUIRE(found != bytes.end());
    REQUIRE(what.size() == by.size());
    std::copy(by.begin(), by.end(), found);
    return bytes;
}

std::string refusal(ByteView cms) {
    try {
        const auto object = read_signed_object(cms);
        CHECK(object.signature_ok == object.fault.empty());
        return object.fault;
    } catch (const Error& e) {
        CHECK(e.code() == Errc::input_invalid);
        return e.what();
    }
}

}  // namespace

TEST_CASE("the security objects of the vectors are read and their signatures proved") {
    const auto all = vectors("emrtd_auth", "ef-sod");
    REQUIRE(all.size() >= 2);
    for (const auto& v : all) {
        INFO(v.id());
        const auto file = v.bytes("ef_sod");
        const auto cms = apdu::TlvReader{file, "EF.SOD"}.next(0x77).value;
        const auto object = read_signed_object(cms);
        CHECK(object.fault == "");
        CHECK(object.signature_ok);
        CHECK(object.content == v.bytes("lds_security_object"));
        CHECK(object.certificate == v.bytes("ds_cert_der"));
        CHECK(to_hex(object.content_type) == "678108010101");
    }
}

TEST_CASE("every changed byte of a signed object is noticed or leaves content and signer as they are") {
    const auto expected = read_signed_object(good());
    unsigned noticed = 0;
    for (std::size_t i = 0; i < good().size(); ++i) {
        auto bad = good();
        bad[i] ^= 0x01;
        try {
            const auto object = read_signed_object(bad);
            if (!object.signature_ok || object.certificate != expected.certificate) {
                ++noticed;
                continue;
            }
            // Only bytes that the signature does not cover: versions and algorithm lists.
            INFO("offset " << i);
            CHECK(object.content == expected.content);
        } catch (const Error&) {
            ++noticed;
        }
    }
    CHECK(noticed > good().size() * 9 / 10);
}

TEST_CASE("a signed object truncated at any byte is refused") {
    for (std::size_t size = 0; size < good().size(); ++size) {
        CHECK_THROWS_AS(read_signed_object(ByteView{good()}.first(size)), Error);
    }
    auto longer = good();
    longer.push_back(0x00);
    CHECK_THAT(refusal(longer), Contains("1 bytes left over"));
}

TEST_CASE("changed content, digest, content type and signature are told apart in words") {
    auto other = content;
    other.back() ^= 0x01;
    CHECK_THAT(refusal(replaced(good(), content, other)), Contains("messageDigest is not the hash"));
    const auto digest = sha256(content);
    CHECK_THAT(refusal(replaced(good(), digest, Bytes(32, 0x77))), Contains("messageDigest is not the hash"));
    const auto oid = from_hex("0606678108010101");
    CHECK_THAT(refusal(replaced(good(), oid, from_hex("0606678108010102"))),
               Contains("contentType is not that of the content"));
    auto signature = good();
    signature.back() ^= 0x01;
    CHECK_THAT(refusal(signature), Contains("the signature is wrong"));
    CHECK_THAT(refusal(replaced(good(), from_hex("2A864886F70D010904"), from_hex("2A864886F70D01096F"))),
               Contains("messageDigest is not there exactly once"));
}

TEST_CASE("an attribute that is signed by another key is refused as a wrong signature") {
    const DocumentSigner other{pki_secret("ds-brainpool.pem")};
    const auto cms = other.sign_lds_security_object(content);
    const auto mine = DocumentSigner{pki_secret("ds-brainpool.pem")}.sign_lds_security_object(Bytes(11, 1));
    CHECK(refusal(cms).empty());
    // The signature of one object under the attributes of the other.
    auto mixed = cms;
    std::copy(mine.end() - 40, mine.end(), mixed.end() - 40);
    CHECK_THAT(refusal(mixed), Contains("the signature is wrong"));
}

TEST_CASE("a signer whose certificate is not inside is told") {
    // The serial number in the signer's identifier comes after the certificate, so the last place is it.
    const auto serial = from_hex("02021004");
    auto bytes = good();
    bool changed = false;
    for (std::size_t i = bytes.size() - serial.size(); i > 0 && !changed; --i) {
        if (bytes[i] == 0x02 && bytes[i + 1] == 0x02 && bytes[i + 2] == 0x10) {
            bytes[i + 2] = 0x11;
            changed = true;
        }
    }
    REQUIRE(changed);
    CHECK_THAT(refusal(bytes), Contains("certificate of the signer is not inside"));
}

TEST_CASE("what is no SignedData, has no content or not exactly one signer is refused") {
    CHECK_THAT(refusal({}), Contains("no bytes"));
    CHECK_THAT(refusal(from_hex("3000")), Contains("not a ContentInfo"));
    CHECK_THAT(refusal(from_hex("300F06092A864886F70D010701A0020400")), Contains("no SignedData"));
    // SignedData without content and without signers.
    CHECK_THAT(refusal(from_hex("301C06092A864886F70D010702A00F300D02010331003006"
                                "060467810801"
                                "3100")),
               Contains("CMS: "));
    apdu::TlvWriter w;
    w.nest(0x30, [](apdu::TlvWriter& info) {
        info.put(0x06, from_hex("2A864886F70D010702")).nest(0xA0, [](apdu::TlvWriter& e) {
            e.nest(0x30, [](apdu::TlvWriter& data) {
                data.put(0x02, Bytes{3}).put(0x31, Bytes{});
                data.nest(0x30, [](apdu::TlvWriter& c) { c.put(0x06, from_hex("678108010101")); });
                data.put(0x31, Bytes{});
            });
        });
    });
    CHECK_THAT(refusal(w.bytes()), Contains("0 signers, exactly one expected"));
}

TEST_CASE("a certificate is told in words, and other bytes are not taken for one") {
    const DocumentSigner signer{pki_secret("ds.pem")};
    const auto facts = certificate_facts(signer.certificate());
    CHECK(facts.subject == "CN=Test Document Signer, O=Kartsaz Test, C=IR");
    CHECK(facts.issuer == "CN=Test Country Signer, O=Kartsaz Test, C=IR");
    CHECK(facts.serial == "1005");
    CHECK(facts.not_before == 1609459200);
    CHECK(facts.not_after == 1924992000);
    CHECK_FALSE(facts.ca);
    CHECK(facts.key_usage_digital_signature);
    CHECK_THROWS_AS(certificate_facts(from_hex("3000")), Error);
    CHECK_THROWS_AS(certificate_facts({}), Error);
    auto longer = signer.certificate();
    longer.push_back(0);
    CHECK_THROWS_AS(certificate_facts(longer), Error);
}
