// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <algorithm>
#include <set>

#include "apdu/error.h"
#include "libcard/app/piv/containers.h"
#include "libcard/app/piv/signatures.h"
#include "tests/unit/keys/pki.h"
#include "tests/unit/piv/samples.h"

using namespace kartsaz;
using namespace kartsaz::app::piv;
using Catch::Contains;
using keys::SignatureFault;

namespace {

constexpr std::int64_t moment = 1'763'700'000;
const std::vector<std::string> kinds{"ds.pem", "ds-p384.pem", "ds-rsa.pem"};

keys::ContentSigner signer_of(const std::string& file) {
    return keys::ContentSigner{keys::identity_from_pem(test::pki_secret(file), "test")};
}

std::set<SignatureFault> faults(const keys::SignatureCheck& check) {
    std::set<SignatureFault> out;
    for (const auto& one : check.faults) out.insert(one.fault);
    return out;
}

Bytes signed_face(const keys::ContentSigner& signer, std::int64_t at = moment) {
    const auto small = test::small_biometric();
    return sign_biometric(small.header, small.block, Bytes(16, 0x36), "face", signer, at);
}

/// The first place of `what` replaced by as many bytes.
Bytes with(Bytes bytes, ByteView what, ByteView by) {
    const auto found = std::search(bytes.begin(), bytes.end(), what.begin(), what.end());
    REQUIRE(found != bytes.end());
    std::copy(by.begin(), by.end(), found);
    return bytes;
}

}  // namespace

TEST_CASE("signed PIV objects are right under every kind of key, and say what PIV asks for") {
    for (const auto& kind : kinds) {
        INFO(kind);
        const auto signer = signer_of(kind);
        const auto value = sign_chuid(test::small_chuid(), signer, moment);
        const auto chuid = check_chuid_signature(value);
        CHECK(chuid.ok());
        CHECK(chuid.certificate_inside);
        CHECK(chuid.certificate == signer.certificate());
        CHECK(chuid.signing_time == moment);
        CHECK(signer_name_matches(chuid) == true);

        const auto face = decode_biometric(signed_face(signer), "face");
        CHECK(face.block == test::small_biometric().block);
        const auto check = check_biometric_signature(face, chuid.certificate);
        CHECK(check.signature.ok());
        CHECK_FALSE(check.signature.certificate_inside);
        CHECK(check.fascn == test::small_biometric().header.fascn);
        CHECK(check.uuid == Bytes(16, 0x36));

        const auto discovery = from_hex("7E124F0BA0000003080000100001005F2F024000");
        const auto object = decode_security_object(
            sign_security_object({{id_chuid, value}, {id_discovery, discovery}}, signer, moment));
        const auto security = check_security_object_signature(object, chuid.certificate);
        CHECK(security.ok());
        const auto hashes = decode_lds_hashes(security.content);
        CHECK(*hashes.find(1) == keys::sha256(value));
        CHECK(*hashes.find(2) == keys::sha256(ByteView{discovery}.subspan(2)));
    }
}

TEST_CASE("signed PIV objects are the same bytes each time, and others for another time or content") {
    for (const auto& kind : kinds) {
        INFO(kind);
        const auto signer = signer_of(kind);
        const auto again = signer_of(kind);
        const auto chuid = sign_chuid(test::small_chuid(), signer, moment);
        CHECK(sign_chuid(test::small_chuid(), again, moment) == chuid);
        CHECK(sign_chuid(test::small_chuid(), again, moment + 1) != chuid);
        CHECK(sign_chuid(test::small_chuid(), again, moment + 1).size() == chuid.size());
        CHECK(signed_face(signer) == signed_face(again));
        CHECK(sign_security_object({{id_chuid, chuid}}, signer, moment) ==
              sign_security_object({{id_chuid, chuid}}, again, moment));
    }
}

TEST_CASE("the size of a signature is known before it is made") {
    for (const auto& kind : kinds) {
        INFO(kind);
        const auto signer = signer_of(kind);
        for (std::int64_t at = moment; at < moment + 12; ++at) {
            const auto face = decode_biometric(signed_face(signer, at), "face");
            CHECK(face.header.signature_length == face.signature.size());
        }
    }
}

TEST_CASE("changed content, attribute, signature, signer and a missing certificate are told apart") {
    const auto signer = signer_of("ds.pem");
    const auto good = signed_face(signer);
    const auto judge = [&](ByteView value, ByteView certificate) {
        return check_biometric_signature(decode_biometric(value, "face"), certificate).signature;
    };
    REQUIRE(judge(good, signer.certificate()).ok());

    const auto content =
        judge(with(good, from_hex("0102030405"), from_hex("0102030406")), signer.certificate());
    CHECK(faults(content) == std::set{SignatureFault::digest});
    auto value = good;
    value[value.size() - 3] ^= 0x01;
    const auto signature = judge(value, signer.certificate());
    CHECK(faults(signature) == std::set{SignatureFault::signature});
    REQUIRE(signature.faults[0].offset.has_value());
    CHECK(value[*signature.faults[0].offset] == 0x04);
    const auto uuid = judge(with(good, Bytes(16, 0x36), Bytes(16, 0x37)), signer.certificate());
    CHECK(faults(uuid) == std::set{SignatureFault::signature});
    CHECK(faults(judge(good, {})) == std::set{SignatureFault::certificate_missing});
    const auto other = judge(good, signer_of("ds-rsa.pem").certificate());
    CHECK(faults(other) == std::set{SignatureFault::signer, SignatureFault::signature});
    CHECK_THAT(other.faults[0].text, Contains("does not name the certificate"));
    CHECK_FALSE(other.has(SignatureFault::digest));
}

TEST_CASE("the finding of a wrong digest stands at the signed digest") {
    const auto signer = signer_of("ds-rsa.pem");
    auto value = sign_chuid(test::small_chuid(), signer, moment);
    const auto digest = keys::sha256(signed_part_of_chuid(value));
    value[2] ^= 0x40;  // in the FASC-N
    const auto check = check_chuid_signature(value);
    REQUIRE(faults(check) == std::set{SignatureFault::digest});
    const auto at = check.faults[0].offset.value();
    CHECK(std::equal(digest.begin(), digest.end(), value.begin() + static_cast<std::ptrdiff_t>(at) + 4));
}

TEST_CASE("another content type, content in the wrong place and a missing attribute are told") {
    const auto signer = signer_of("ds.pem");
    const auto content = from_hex("010203");
    keys::ContentToSign what{"2.16.840.1.101.3.6.1", content, true, true, moment, "", {}};
    const auto cms = signer.sign(what);
    const auto judge = [&](ByteView bytes, const std::string& type, std::optional<ByteView> detached) {
        return faults(keys::check_signature(bytes, {type, detached, {}}));
    };
    CHECK(judge(cms, what.content_type, content).empty());
    CHECK(judge(cms, "2.16.840.1.101.3.6.2", content) == std::set{SignatureFault::content_type});
    CHECK(judge(cms, what.content_type, {}) == std::set{SignatureFault::structure});
    what.detached = false;
    const auto attached = signer.sign(what);
    CHECK(judge(attached, what.content_type, {}).empty());
    CHECK(judge(attached, what.content_type, content) == std::set{SignatureFault::structure});
    const auto unnamed = with(cms, from_hex("2A864886F70D010904"), from_hex("2A864886F70D01096F"));
    CHECK(judge(unnamed, what.content_type, content) ==
          std::set{SignatureFault::attributes, SignatureFault::signature});
    CHECK(judge(from_hex("3003020101"), what.content_type, content) == std::set{SignatureFault::structure});
    CHECK(judge({}, what.content_type, content) == std::set{SignatureFault::structure});
    CHECK_FALSE(signer_name_matches(keys::check_signature(cms, {what.content_type, ByteView{content}, {}})));
}

TEST_CASE("hashes tell what differs, what is not there and what nobody hashed") {
    const auto signer = signer_of("ds.pem");
    const auto ccc = from_hex("FE00");
    const auto object = decode_security_object(
        sign_security_object({{id_ccc, ccc}, {id_printed, ccc}, {id_face, ccc}}, signer, moment));
    auto hashes = decode_lds_hashes(check_security_object_signature(object, signer.certificate()).content);
    hashes.groups.pop_back();
    hashes.groups.push_back({9, Bytes(32)});
    const auto other = from_hex("FE0100");
    const auto findings =
        check_hashes(object, hashes, {{id_ccc, ccc}, {id_printed, other}, {id_iris, other}});
    using Kind = HashFinding::Kind;
    std::vector<Kind> got;
    for (const auto& one : findings) got.push_back(one.kind);
    CHECK(got == std::vector{Kind::ok, Kind::mismatch, Kind::no_hash, Kind::no_map, Kind::uncovered});
    CHECK(findings[1].container == id_printed);
    CHECK(findings[1].map_offset == 5);
    CHECK(findings[1].got == keys::sha256(other));
    CHECK(findings[1].expected == keys::sha256(ccc));
}

TEST_CASE("a content signer whose certificate belongs to another key is refused") {
    auto identity = keys::identity_from_pem(test::pki_secret("ds.pem"), "test");
    identity.certificate = signer_of("ds-rsa.pem").certificate();
    CHECK_THROWS_WITH(keys::ContentSigner{identity}, Contains("content signer: the certificate"));
}
