// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <array>

#include "apdu/error.h"
#include "libcard/app/emrtd/lds.h"
#include "tests/unit/emrtd/decoders.h"

using namespace kartsaz;
using namespace kartsaz::app::emrtd;
using namespace kartsaz::test;

TEST_CASE("EF.DG14 is the vector's, byte for byte, whatever the order of what is given") {
    const auto infos = decode_dg14(lds_file("EF.DG14"));
    REQUIRE(infos.size() == 3);
    CHECK(to_hex(infos[0].oid) == "04007F00070202030202");
    CHECK(to_hex(infos[1].oid) == "04007F00070202040202");
    CHECK(to_hex(infos[2].oid) == "04007F000702020102");
    for (const auto& order : {std::array{0U, 1U, 2U}, {2U, 1U, 0U}, {1U, 2U, 0U}, {2U, 0U, 1U}}) {
        CHECK(encode_dg14({infos[order[0]].der, infos[order[1]].der, infos[order[2]].der}) ==
              lds_file("EF.DG14"));
    }
}

TEST_CASE("PACEInfo and ActiveAuthenticationInfo are the published bytes") {
    // PACEInfo for brainpoolP256r1 as in the EF.CardAccess of TR-03110's example.
    CHECK(to_hex(pace_info_ecdh_gm_aes128(13)) == "3012060A04007F0007020204020202010202010D");
    const auto infos = decode_security_infos(from_hex("31143012060A04007F0007020204020202010202010D"), "set");
    REQUIRE(infos.size() == 1);
    CHECK(infos[0].der == pace_info_ecdh_gm_aes128(13));
    // 2.23.136.1.1.5, version 1, ecdsa-plain-SHA256 0.4.0.127.0.7.1.1.4.1.3
    CHECK(to_hex(active_authentication_info_ecdsa_sha256()) ==
          "30170606678108010105020101060A04007F00070101040103");
    CHECK_THROWS_AS(pace_info_ecdh_gm_aes128(32), Error);
}

TEST_CASE("a SecurityInfo without data, or with more than two, is refused") {
    const auto fault = [](const char* hex) {
        return fault_of([&] { decode_security_infos(from_hex(hex), "EF.CardAccess"); });
    };
    CHECK(fault("3105 3003 060104").find("EF.CardAccess") != std::string::npos);
    CHECK(fault("310E 300C 060104 020101 020101 020101").find("left over") != std::string::npos);
    CHECK(fault("3100").find("empty") != std::string::npos);
    CHECK(fault("3107 3005 0600 020101").find("empty object") != std::string::npos);
    CHECK_FALSE(fault_of([] { encode_dg14({}); }).empty());
    CHECK_FALSE(fault_of([] { encode_dg14({from_hex("3003060104")}); }).empty());
}

TEST_CASE("EF.DG15 is the vector's, byte for byte, and RSA with NULL or absent parameters is taken") {
    const Bytes key = decode_dg15(lds_file("EF.DG15"));
    CHECK(encode_dg15(key) == lds_file("EF.DG15"));
    const Bytes with_null = from_hex("3014 300D 06092A864886F70D010101 0500 0303000102");
    const Bytes without = from_hex("3012 300B 06092A864886F70D010101 0303000102");
    CHECK(decode_dg15(encode_dg15(with_null)) == with_null);
    CHECK(decode_dg15(encode_dg15(without)) == without);
    CHECK_FALSE(
        fault_of([] { encode_dg15(from_hex("3012 300B 06092A864886F70D010101 0303010102")); }).empty());
    CHECK_FALSE(fault_of([] { encode_dg15(from_hex("3003 020101")); }).empty());
}

TEST_CASE("LDSSecurityObjects of both versions are the vectors', byte for byte") {
    for (const std::string id : {"sod-v0", "sod-v1"}) {
        const Bytes der = auth_vector(id, "lds_security_object");
        const auto object = decode_lds_security_object(der);
        CHECK(object.version == (id == "sod-v1" ? 1 : 0));
        CHECK(object.algorithm == keys::HashAlgorithm::sha256);
        CHECK(object.lds_version == (id == "sod-v1" ? "0108" : ""));
        CHECK(object.unicode_version == (id == "sod-v1" ? "040000" : ""));
        CHECK(to_hex(encode_lds_security_object(object)) == to_hex(der));
        for (const auto& vector : vectors("emrtd_auth", "ef-sod")) {
            if (vector.id() != id) continue;
            const auto& hashes = vector.data.at("dg_hashes_sha256");
            REQUIRE(hashes.size() == object.groups.size());
            for (const auto& [dg, hash] : object.groups) {
                CHECK(hashes.at(std::to_string(dg)).get<std::string>() == to_hex(hash));
            }
        }
    }
}

TEST_CASE("EF.SOD gives its CMS, where it stands, and what it says") {
    for (const std::string id : {"sod-v0", "sod-v1"}) {
        const Bytes file = auth_vector(id, "ef_sod");
        std::size_t offset = 0;
        const Bytes cms = decode_sod(file, &offset);
        CHECK(offset == 4);
        CHECK(cms.size() == file.size() - 4);
        CHECK(encode_sod(cms) == file);
        CHECK(peek_lds_security_object(cms) == auth_vector(id, "lds_security_object"));
    }
}

TEST_CASE("hash algorithms with NULL parameters are taken, others are refused") {
    const Bytes good = auth_vector("sod-v0", "lds_security_object");
    // 30 81FD 020100 300B 0609...  ->  the algorithm gets a NULL and the outer length grows by two
    Bytes with_null = patched(good, 6, 13, "300D06096086480165030402010500");
    with_null = patched(with_null, 1, 2, "81FF");
    CHECK(decode_lds_security_object(with_null).groups == decode_lds_security_object(good).groups);
    CHECK(encode_lds_security_object(decode_lds_security_object(with_null)) == with_null);
    with_null[19] = 0x04;
    CHECK_FALSE(fault_of([&] { decode_lds_security_object(with_null); }).empty());
    Bytes other = good;
    other[18] = 0x09;
    CHECK(fault_of([&] { decode_lds_security_object(other); }).find("unknown hash algorithm") !=
          std::string::npos);
}

TEST_CASE("an LDSSecurityObject with wrong hashes, numbers or version is refused") {
    const LdsSecurityObject object{
        keys::HashAlgorithm::sha256, {{1, Bytes(32, 1)}, {2, Bytes(32, 2)}}, 1, "0108", "040000"};
    const Bytes good = encode_lds_security_object(object);
    REQUIRE(fault_of([&] { decode_lds_security_object(good); }).empty());
    const auto fault = [&](std::size_t offset, std::string_view hex) {
        return fault_of([&] { decode_lds_security_object(patched(good, offset, 1, hex)); });
    };
    REQUIRE(good[4] == 0x01);   // version
    REQUIRE(good[24] == 0x01);  // first data group number
    CHECK(fault(4, "02").find("version") != std::string::npos);
    CHECK(fault(4, "00").find("left over") != std::string::npos);
    CHECK(fault(24, "11").find("1 to 16") != std::string::npos);
    CHECK(fault(24, "02").find("twice") != std::string::npos);
    auto broken = object;
    broken.groups.push_back({3, Bytes(31, 3)});
    CHECK_FALSE(fault_of([&] { encode_lds_security_object(broken); }).empty());
    broken = object;
    broken.groups.push_back({1, Bytes(32, 3)});
    CHECK_FALSE(fault_of([&] { encode_lds_security_object(broken); }).empty());
    broken = object;
    broken.version = 2;
    CHECK_FALSE(fault_of([&] { encode_lds_security_object(broken); }).empty());
}

TEST_CASE("every hash algorithm of ICAO Doc 9303-12 reads back with its size") {
    using keys::HashAlgorithm;
    for (const auto algorithm : {HashAlgorithm::sha1, HashAlgorithm::sha224, HashAlgorithm::sha256,
                                 HashAlgorithm::sha384, HashAlgorithm::sha512}) {
        const auto size = keys::hash(algorithm, {}).size();
        const LdsSecurityObject object{algorithm, {{16, Bytes(size, 2)}, {1, Bytes(size, 1)}}};
        const auto back = decode_lds_security_object(encode_lds_security_object(object));
        CHECK(back.algorithm == algorithm);
        CHECK(back.groups == object.groups);
        const LdsSecurityObject longer{algorithm, {{1, Bytes(size + 1, 1)}}};
        CHECK_FALSE(fault_of([&] { encode_lds_security_object(longer); }).empty());
    }
}
