// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "apdu/error.h"
#include "apdu/tlv.h"
#include "keys/certificate_details.h"
#include "keys/crypto.h"
#include "keys/issuer.h"
#include "tests/unit/keys/icam_authorities.h"

using namespace kartsaz;
using namespace kartsaz::keys;
using namespace kartsaz::test;

namespace {

constexpr const char* fasc_n = "D13810D828AF2C108439E5A1685A08C92ADE0A6184E739C3E7";

/// A FASC-N, two URIs, an e-mail address, a UPN and a host.
Bytes names() {
    apdu::TlvWriter inner;
    const auto other = [&](const char* oid, std::uint32_t tag, ByteView value) {
        inner.nest(0xA0, [&](auto& name) {
            name.put(0x06, from_hex(oid));
            name.nest(0xA0, [&](auto& text) { text.put(tag, value); });
        });
    };
    other("6086480165030606", 0x04, from_hex(fasc_n));
    inner.put(0x86, std::string_view{"urn:uuid:F81D4FAE-7dec-11d0-a765-00a0c91e6bf6"});
    inner.put(0x86, std::string_view{"urn:uuid:nothing"});
    inner.put(0x81, std::string_view{"a@b.c"});
    other("2B060104018237140203", 0x0C, to_bytes("card@b.c"));
    inner.put(0x82, std::string_view{"b.c"});
    apdu::TlvWriter out;
    out.put(0x30, inner.bytes());
    return std::move(out).take();
}

/// All that a card's certificate may say.
Bytes card_certificate() {
    const auto ca = make_ca("CA");
    const auto made = make({"Card",
                            &ca,
                            {{"keyUsage", "critical,digitalSignature,keyAgreement,decipherOnly"},
                             {"extendedKeyUsage", "clientAuth,1.3.6.1.4.1.311.20.2.2"},
                             {"certificatePolicies", "2.16.840.1.101.3.2.1.3.13,1.2.3"},
                             {"subjectAltName", "DER:" + to_hex(names())},
                             {"authorityInfoAccess", "OCSP;URI:http://o/,caIssuers;URI:http://c/x.p7c"},
                             {"crlDistributionPoints", "URI:http://c/x.crl"},
                             {"subjectKeyIdentifier", "hash"},
                             {"authorityKeyIdentifier", "keyid"},
                             {"2.16.840.1.101.3.6.9.1", "DER:0101FF"}}});
    return made.der();
}

Bytes part(const Bytes& der, const DerRange& at) {
    REQUIRE(at.offset + at.size <= der.size());
    const auto from = der.begin() + static_cast<std::ptrdiff_t>(at.offset);
    return {from, from + static_cast<std::ptrdiff_t>(at.size)};
}

}  // namespace

TEST_CASE("the parts of a card's certificate are read") {
    const auto der = card_certificate();
    const auto facts = certificate_facts(der);
    const auto details = certificate_details(der);
    CHECK(details.fasc_ns() == std::vector<Bytes>{from_hex(fasc_n)});
    CHECK(details.other_names.size() == 2);
    CHECK(to_text(details.other_names[1].text) == "card@b.c");
    CHECK(details.other_names[1].value == concat({from_hex("0C08"), to_bytes("card@b.c")}));
    CHECK(details.uris.size() == 2);
    CHECK(details.uuids() == std::vector<Bytes>{from_hex("F81D4FAE7DEC11D0A76500A0C91E6BF6")});
    CHECK(details.emails == std::vector<std::string>{"a@b.c"});
    CHECK(details.dns_names == std::vector<std::string>{"b.c"});
    CHECK(details.key_usage_text() == "digitalSignature, keyAgreement, decipherOnly");
    CHECK(details.key_usage_critical);
    CHECK_FALSE(details.extended_usage_critical);
    CHECK(details.has_extended_usage_of("1.3.6.1.5.5.7.3.2"));
    CHECK_FALSE(details.has_extended_usage_of("1.3.6.1.5.5.7.3"));
    CHECK(details.policies == std::vector<std::string>{"2.16.840.1.101.3.2.1.3.13", "1.2.3"});
    CHECK(details.ocsp_urls == std::vector<std::string>{"http://o/"});
    CHECK(details.issuer_urls == std::vector<std::string>{"http://c/x.p7c"});
    CHECK(details.crl_urls == std::vector<std::string>{"http://c/x.crl"});
    CHECK(details.naci == true);
    CHECK(details.public_key == facts.public_key);
    CHECK(details.subject_key_identifier == hash(HashAlgorithm::sha1, details.key_bits));
    CHECK(details.authority_key_identifier == facts.authority_key_identifier);
    CHECK(details.key_algorithm == "ec");
    CHECK(details.curve == "1.2.840.10045.3.1.7");
    CHECK(details.key_size == 256);
    CHECK(details.signature_algorithm == "ecdsa-with-SHA256");
    CHECK(details.signature_digest == "sha256");
    CHECK(details.not_before == facts.not_before);
    CHECK(details.not_after == facts.not_after);
    CHECK(details.unreadable.empty());
}

TEST_CASE("the places where the parts of a certificate stand are told") {
    const auto der = card_certificate();
    const auto facts = certificate_facts(der);
    const auto details = certificate_details(der);
    CHECK(to_hex(details.serial) == facts.serial);
    CHECK(part(der, details.serial_at) == concat({from_hex("0202"), details.serial}));
    CHECK(part(der, details.public_key_at) == details.public_key);
    CHECK(part(der, details.subject_at) == details.subject);
    CHECK(to_text(part(der, details.not_before_at)).substr(2) == "200101000000Z");
    CHECK(part(der, details.signature_at).at(0) == 0x03);
    CHECK(details.validity_at.offset + 2 == details.not_before_at.offset);
    CHECK(details.extensions.size() == 9);
    const auto naci = details.offset_of("2.16.840.1.101.3.6.9.1");
    REQUIRE(naci.has_value());
    CHECK(part(der, {*naci, 3}) == from_hex("0101FF"));
    CHECK_FALSE(details.offset_of("1.2.3").has_value());
}

TEST_CASE("what a certificate lacks is told as lacking, and what cannot be read by its OID") {
    const auto bare = certificate_details(make({"Bare", nullptr, {}, in_2020, in_2040, rsa_key(2048)}).der());
    CHECK_FALSE(bare.has_key_usage);
    CHECK(bare.key_usage_text() == "none");
    CHECK_FALSE(bare.has_basic_constraints);
    CHECK_FALSE(bare.naci.has_value());
    CHECK(bare.naci_readable);
    CHECK(bare.key_algorithm == "rsa");
    CHECK(bare.key_size == 2048);
    CHECK(bare.issuer == bare.subject);
    const auto ca =
        certificate_details(make({"CA", nullptr, {{"basicConstraints", "CA:TRUE,pathlen:3"}}}).der());
    CHECK(ca.ca);
    CHECK(ca.path_length == 3);
    const auto odd = certificate_details(
        make({"Odd", nullptr, {{"keyUsage", "DER:0500"}, {"2.16.840.1.101.3.6.9.1", "DER:0500"}}}).der());
    CHECK(odd.unreadable == std::vector<std::string>{"2.5.29.15"});
    CHECK_FALSE(odd.naci_readable);
    for (const auto& bytes : {Bytes{}, from_hex("3000"), to_bytes("text")}) {
        CHECK_THROWS_AS(certificate_details(bytes), Error);
    }
}

TEST_CASE("the identifiers of ICAM certificates are found in whichever order they stand") {
    const auto icam = icam_folder();
    if (!icam) return;
    for (const char* card : {"46_Golden_FIPS_201-2_PIV", "47_Golden_FIPS_201-2_PIV_SAN_Order"}) {
        const auto details =
            certificate_details(icam_der(*icam / card / "3 - ICAM_PIV_Auth_SP_800-73-4.crt"));
        INFO(card);
        REQUIRE(details.fasc_ns().size() == 1);
        CHECK(details.fasc_ns()[0].size() == 25);
        CHECK(details.fasc_ns()[0][0] == 0xD1);
        CHECK(details.uuids().size() == 1);
        CHECK(details.naci == false);
        CHECK(details.subject_key_identifier == hash(HashAlgorithm::sha1, details.key_bits));
        CHECK_FALSE(details.ocsp_urls.empty());
    }
    const auto signer = certificate_details(
        icam_der(*icam / "ICAM_CA_and_Signer" / "ICAM_Test_Card_PIV_Content_Signer_-_gold_gen3.crt"));
    CHECK(signer.extended_usages == std::vector<std::string>{"2.16.840.1.101.3.6.7"});
    CHECK(signer.extended_usage_critical);
    CHECK(certificate_details(icam_der(*icam / "ICAM_CA_and_Signer" /
                                       "ICAM_Test_Card_PIV_OCSP_Revoked_Signer_No_Check_Present_gen3.crt"))
              .no_check);
}
