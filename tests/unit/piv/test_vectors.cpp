// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "libcard/app/piv/containers.h"
#include "libcard/app/piv/signatures.h"
#include "tests/unit/piv/samples.h"

using namespace kartsaz;
using namespace kartsaz::app::piv;
using test::piv_vector;
using test::vectors;

TEST_CASE("the FASC-N of the vectors are read into their fields and written back") {
    for (const auto& v : vectors("piv", "fasc-n")) {
        INFO(v.id());
        const auto& fields = v.data.at("fields_text");
        const auto text = [&](const char* key) { return fields.at(key).get<std::string>(); };
        const FascN expected{text("agency"), text("system"), text("credential"), text("cs"), text("ici"),
                             text("pi"),     text("oc"),     text("oi"),         text("poa")};
        CHECK(decode_fascn(v.bytes("fasc_n")) == expected);
        CHECK(encode_fascn(expected) == v.bytes("fasc_n"));
    }
}

TEST_CASE("the golden CHUID of the vectors has its fields, its signed bytes and a right signature") {
    const auto v = piv_vector("chuid-golden");
    const auto value = v.bytes("container_value");
    const auto chuid = decode_chuid(value);
    CHECK(to_hex(chuid.fascn) == v.data.at("tags").at("30"));
    CHECK(to_hex(chuid.guid) == v.data.at("tags").at("34"));
    CHECK(to_hex(to_bytes(chuid.expiry)) == v.data.at("tags").at("35"));
    CHECK(expiry_of(chuid) == record::Date{2032, 12, 2});
    CHECK(to_hex(chuid.cardholder_uuid.value()) == v.data.at("tags").at("36"));
    CHECK(chuid.signature.size() == 2115);
    CHECK(chuid.offsets.at(0x34) == 35);
    CHECK(signed_part_of_chuid(value) == v.bytes("signed_bytes"));
    CHECK(encode_chuid(chuid) == value);
    const auto check = check_chuid_signature(value);
    CHECK(check.ok());
    CHECK(check.certificate_inside);
    CHECK(check.signer_serial == "600000000000000000CA");
    CHECK(check.signing_time == 1'526'456'221);  // 180516073701Z
    CHECK(signer_name_matches(check) == true);
}

TEST_CASE("the CBEFF headers of the vectors are read into their fields and written back") {
    for (const auto& v : vectors("piv", "piv-cbeff")) {
        INFO(v.id());
        const auto header = v.bytes("cbeff_header");
        const auto& fields = v.data.at("fields");
        const auto block = Bytes(fields.at("bdb_length").get<std::size_t>(), 0x46);
        const auto signature = Bytes(fields.at("sb_length").get<std::size_t>(), 0x30);
        apdu::TlvWriter value;
        value.put(0xBC, concat({header, block, signature})).put(0xFE, ByteView{});
        const auto object = decode_biometric(value.bytes(), "face");
        const auto text = [&](const char* key) { return fields.at(key).get<std::string>(); };
        const auto& got = object.header;
        CHECK(to_hex(big_endian(got.format_owner, 2)) == text("bdb_format_owner"));
        CHECK(to_hex(big_endian(got.format_type, 2)) == text("bdb_format_type"));
        CHECK(to_hex(got.created) == text("creation_date"));
        CHECK(to_hex(got.valid_from) == text("validity_not_before"));
        CHECK(to_hex(got.valid_to) == text("validity_not_after"));
        CHECK(to_hex(big_endian(got.biometric_type, 3)) == text("biometric_type"));
        CHECK(to_hex(Bytes{got.data_type}) == text("biometric_data_type"));
        CHECK(got.quality == -2);
        CHECK(to_hex(got.creator) == text("creator"));
        CHECK(to_hex(got.fascn) == text("fasc_n"));
        CHECK(object.block == block);
        CHECK(object.signature == signature);
        CHECK(object.signature_offset == object.block_offset + block.size());
        CHECK(encode_biometric(object, "face") == value.bytes());
        const bool face = v.id() == "cbeff-face";
        CHECK(header_faults(got, face ? Biometric::face : Biometric::fingerprints).empty());
        CHECK(header_faults(got, face ? Biometric::fingerprints : Biometric::face).size() == 3);
    }
}

TEST_CASE("the golden security object of the vectors has its map, its hashes and a right signature") {
    const auto v = piv_vector("security-object-golden");
    const auto object = decode_security_object(v.bytes("container_value"));
    REQUIRE(object.map.size() == 4);
    CHECK(object.map[1] == SecurityObject::Entry{3, 0x6030});
    CHECK(encode_security_object(object) == v.bytes("container_value"));
    const auto chuid = piv_vector("chuid-golden").bytes("container_value");
    const auto signer = check_chuid_signature(chuid).certificate;
    const auto check = check_security_object_signature(object, signer);
    CHECK(check.ok());
    CHECK(check.content == v.bytes("lds_security_object"));
    const auto hashes = decode_lds_hashes(check.content);
    CHECK(encode_lds_hashes(hashes) == check.content);
    CHECK(to_hex(*hashes.find(2)) == piv_vector("cbeff-fingerprints").text("container_value_sha256"));
    const auto printed = piv_vector("printed-info-golden").bytes("container_value");
    const auto findings = check_hashes(object, hashes, {{id_chuid, chuid}, {id_printed, printed}});
    using Kind = HashFinding::Kind;
    REQUIRE(findings.size() == 4);
    CHECK(findings[0].kind == Kind::ok);
    CHECK(findings[1].kind == Kind::absent);
    CHECK(findings[3].kind == Kind::ok);
    CHECK(findings[3].container == id_printed);
}

TEST_CASE("the golden CCC, printed information and discovery object of the vectors come back as they were") {
    const auto ccc = piv_vector("ccc-golden").bytes("container_value");
    CHECK(to_hex(decode_ccc(ccc).card_identifier) == "A00000007950495620322E332E3220636172642020");
    CHECK(encode_ccc(decode_ccc(ccc)) == ccc);
    const auto print = piv_vector("printed-info-golden").bytes("container_value");
    const auto printed = decode_printed_information(print);
    CHECK(printed.name == "ICAM Card 46 Golden FIPS 201-2 PIV");
    CHECK(printed.affiliation == "4700");
    CHECK(parse_printed_date(printed.expiry) == record::Date{2032, 12, 2});
    CHECK(printed.offsets.at(0x05) == 55);
    CHECK(encode_printed_information(printed) == print);
    const auto answer = piv_vector("discovery-golden").bytes("get_data_response");
    const auto discovery = decode_discovery(answer);
    CHECK(discovery.policy == Bytes{Discovery::piv_pin, 0x00});
    CHECK(discovery.policy_offset == 18);
    CHECK(encode_discovery(discovery) == answer);
}
