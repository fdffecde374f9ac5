// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/cms.h>

#include <algorithm>

#include "keys/content_signer.h"
#include "keys/signature_check.h"
#include "tests/unit/keys/pki.h"
#include "tests/unit/keys/small_ca.h"

using namespace kartsaz;
using namespace kartsaz::keys;
using namespace kartsaz::test;
using Catch::Contains;

namespace {

const std::string content_type = "2.16.840.1.101.3.6.1";
const Bytes content = from_hex("0102030405060708");
const Bytes sha256_oid = from_hex("0609608648016503040201"), sha384_oid = from_hex("0609608648016503040202");

/// A signature as the CHUID (0), a biometric (1) and the security object (2) have it, and what they demand.
struct Kind {
    bool detached, inside;
};
constexpr Kind kinds[] = {{true, true}, {true, false}, {false, false}};

struct Signed {
    explicit Signed(Kind wanted, const std::string& key = "ds.pem")
        : signer{identity_from_pem(pki_secret(key), "test")},
          kind{wanted},
          cms{signer.sign(
              {content_type, content, kind.detached, kind.inside, 1'763'700'000, std::string{}, {}})} {}
    SignatureCheck check(ByteView bytes) const {
        return check_signature(bytes,
                               {content_type, kind.detached ? std::optional<ByteView>{content} : std::nullopt,
                                kind.inside ? ByteView{} : ByteView{signer.certificate()}});
    }
    ContentSigner signer;
    Kind kind;
    Bytes cms;
};

/// The place of the first `what`, from `from` on.
std::size_t place(const Bytes& bytes, const Bytes& what, std::size_t from = 0) {
    const auto found =
        std::search(bytes.begin() + static_cast<std::ptrdiff_t>(from), bytes.end(), what.begin(), what.end());
    REQUIRE(found != bytes.end());
    return static_cast<std::size_t>(found - bytes.begin());
}

/// One finding, of the structure, at this offset.
void check_structure(const SignatureCheck& check, std::size_t offset, const std::string& words) {
    REQUIRE(check.faults.size() == 1);
    CHECK(check.faults.front().fault == SignatureFault::structure);
    CHECK(check.faults.front().offset == offset);
    CHECK_THAT(check.faults.front().text, Contains(words));
}

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;

/// The content signed by OpenSSL, with the certificate inside; `flags` CMS_STREAM: in BER of no definite
/// length.
Bytes by_openssl(const Made& signer, const std::string& type, unsigned flags) {
    const Bio in{BIO_new_mem_buf(content.data(), static_cast<int>(content.size())), &BIO_free},
        out{BIO_new(BIO_s_mem()), &BIO_free};
    flags |= CMS_BINARY;
    const std::unique_ptr<CMS_ContentInfo, decltype(&CMS_ContentInfo_free)> made{
        CMS_sign(nullptr, nullptr, nullptr, nullptr, flags | CMS_PARTIAL), &CMS_ContentInfo_free};
    const std::unique_ptr<ASN1_OBJECT, decltype(&ASN1_OBJECT_free)> oid{OBJ_txt2obj(type.c_str(), 1),
                                                                        &ASN1_OBJECT_free};
    REQUIRE(CMS_set1_eContentType(made.get(), oid.get()) == 1);
    REQUIRE(CMS_add1_signer(made.get(), signer.x509.get(), signer.key.get(), EVP_sha256(), flags) != nullptr);
    if ((flags & CMS_STREAM) == 0) REQUIRE(CMS_final(made.get(), in.get(), nullptr, flags) == 1);
    REQUIRE(i2d_CMS_bio_stream(out.get(), made.get(), in.get(), static_cast<int>(flags)) == 1);
    const BUF_MEM* memory = nullptr;
    BIO_get_mem_ptr(out.get(), &memory);
    return Bytes(memory->data, memory->data + memory->length);
}

/// With this byte in place of that one.
Bytes with(Bytes bytes, std::size_t at, unsigned byte) {
    bytes.at(at) = static_cast<std::uint8_t>(byte);
    return bytes;
}

}  // namespace

TEST_CASE(
    "every changed byte beside the certificate of a signature has a finding, for each kind of object and "
    "key") {
    for (const auto* key : {"ds.pem", "ds-p384.pem", "ds-rsa.pem"}) {
        for (const auto kind : kinds) {
            const Signed made{kind, key};
            REQUIRE(made.check(made.cms).ok());
            for (std::size_t i = 0; i < made.cms.size(); ++i) {
                for (const unsigned bit : {0x01U, 0x80U}) {
                    auto bad = made.cms;
                    bad[i] = static_cast<std::uint8_t>(bad[i] ^ bit);
                    INFO(key << ", inside " << kind.inside << ", offset " << i << ", bit " << bit);
                    const auto check = made.check(bad);
                    // the certificate is for the path to judge
                    CHECK((!check.ok() || check.certificate != made.signer.certificate()));
                }
            }
        }
    }
}

TEST_CASE("a version or a digest list that the signature does not cover is a finding at its place") {
    for (const auto kind : kinds) {
        const Signed made{kind};
        INFO("inside " << kind.inside << ", detached " << kind.detached);
        const auto version = place(made.cms, from_hex("020103"));
        for (const unsigned wrong : {0U, 1U, 2U, 4U, 5U}) {
            check_structure(made.check(with(made.cms, version + 2, wrong)), version,
                            fmt::format("the version of SignedData (RFC 5652, 5.1) is 0{}, not 3", wrong));
        }
        // after the list: the attributes' hash and the signer's own algorithm, which stay
        const auto list = place(made.cms, sha256_oid) - 4;
        REQUIRE(made.cms.at(list) == 0x31);
        check_structure(made.check(with(made.cms, list + 4 + sha256_oid.size() - 1, sha384_oid.back())), list,
                        "not among digestAlgorithms (RFC 5652, 5.3)");
        const auto signer =
            place(made.cms, from_hex("020101"), list + (kind.inside ? made.signer.certificate().size() : 0));
        check_structure(made.check(with(made.cms, signer + 2, 3)), signer,
                        "SignerInfo with issuer and serial (RFC 5652, 5.3) is 03, not 1");
    }
}

TEST_CASE("signatures of OpenSSL are right by issuer and by key identifier, also in BER") {
    const auto ca = make_ca("CA");
    const auto signer = make({"Signer", &ca, {{"subjectKeyIdentifier", "hash"}}});
    const auto check = [&](const Bytes& cms, const std::string& type = content_type) {
        return check_signature(cms, {type, {}, {}});
    };
    for (const unsigned names : {0U, static_cast<unsigned>(CMS_USE_KEYID)}) {
        for (const unsigned stream : {0U, static_cast<unsigned>(CMS_STREAM)}) {
            INFO("by key identifier " << names << ", BER " << stream);
            const auto cms = by_openssl(signer, content_type, names | stream);
            CHECK((cms.at(1) == 0x80) == (stream != 0));
            CHECK(check(cms).ok());
            const auto version = place(cms, from_hex("020103"));
            const auto bad = check(with(cms, version + 2, 1));
            REQUIRE(bad.faults.size() == 1);
            CHECK(bad.has(SignatureFault::structure));
            CHECK(bad.faults.front().offset.has_value() == (stream == 0));
            const auto own = place(cms, names != 0 ? from_hex("020103") : from_hex("020101"), cms.size() / 2);
            const auto other = check(with(cms, own + 2, 2));
            REQUIRE(other.faults.size() == 1);
            CHECK_THAT(other.faults.front().text,
                       Contains(names != 0 ? "SignerInfo with a key identifier" : "issuer and serial"));
        }
    }
    // version 1 is that of id-data, unless the signer has version 3
    const std::string data = "1.2.840.113549.1.7.1";
    const auto old = by_openssl(signer, data, 0);
    CHECK(check(old, data).ok());
    CHECK_FALSE(check(with(old, place(old, from_hex("020101")) + 2, 3), data).ok());
    CHECK(check(by_openssl(signer, data, CMS_USE_KEYID), data).ok());
}
