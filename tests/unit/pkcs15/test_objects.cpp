// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <set>

#include "libcard/app/pkcs15/fields.h"
#include "libcard/app/pkcs15/objects.h"
#include "tests/support/vectors.h"
#include "tests/unit/pkcs15/card_files.h"

using namespace kartsaz;
using namespace kartsaz::app::pkcs15;
using test::card_files;
using test::file_of_vector;

TEST_CASE("every file that OpenSC read or wrote is decoded and encoded byte for byte") {
    CHECK(card_files().size() >= 16);
    for (const auto& file : card_files()) {
        INFO(file.name);
        if (file.has_more) {
            // what was left out once stays out
            const Bytes once = file.again(file.content);
            CHECK(once.size() < file.size);
            CHECK(file.again(once) == once);
        } else {
            CHECK(to_hex(file.again(file.content)) == to_hex(file.good()));
        }
    }
}

TEST_CASE("padding of either kind and of any length changes nothing") {
    for (const auto& file : card_files()) {
        const Bytes plain = file.again(file.good());
        for (const std::uint8_t filler : {std::uint8_t{0x00}, std::uint8_t{0xFF}}) {
            for (const std::size_t count : {1U, 2U, 64U, 500U}) {
                Bytes padded = file.good();
                padded.resize(padded.size() + count, filler);
                INFO(file.name << " + " << count << " bytes");
                CHECK(file.again(padded) == plain);
            }
        }
    }
}

TEST_CASE("bit fields are as OpenSC encodes them") {
    std::size_t count = 0;
    for (const auto& vector : test::vectors("pkcs15", "pkcs15-bitfield")) {
        INFO(vector.id());
        const auto value = static_cast<std::uint32_t>(std::stoul(vector.text("opensc_value"), nullptr, 16));
        apdu::TlvWriter out;
        fields::put_bits(out, value);
        CHECK(to_hex(out.bytes()) == vector.text("der"));
        const Bytes der = vector.bytes("der");
        apdu::TlvReader in{der, "bits"};
        CHECK(fields::bits(in, in.next()) == value);
        ++count;
    }
    CHECK(count >= 8);
}

TEST_CASE("all 32 bits of a bit field come back, no bits give an empty one") {
    for (unsigned bit = 0; bit < 32; ++bit) {
        for (const std::uint32_t value : {1U << bit, (1U << bit) | 1U, 0xFFFFFFFFU >> bit}) {
            apdu::TlvWriter out;
            fields::put_bits(out, value);
            apdu::TlvReader in{out.bytes(), "bits"};
            CHECK(fields::bits(in, in.next()) == value);
        }
    }
    apdu::TlvWriter none;
    fields::put_bits(none, 0);
    CHECK(to_hex(none.bytes()) == "030100");
    const Bytes longer = from_hex("0307000000000080FF");  // bits behind the 32nd are passed over
    apdu::TlvReader in{longer, "bits"};
    CHECK(fields::bits(in, in.next()) == 0);
}

TEST_CASE("EF.DIR names the application, its label and its path") {
    const auto entries = decode_dir(file_of_vector("p15-2F00"));
    REQUIRE(entries.size() == 1);
    CHECK(to_hex(entries[0].aid) == "A000000063504B43532D3135");
    CHECK(entries[0].label == "IR-TEST");
    CHECK(to_hex(entries[0].path) == "3F005015");
}

TEST_CASE("EF.ODF names each directory, by absolute or relative path") {
    const auto entries = decode_odf(file_of_vector("p15-5031"));
    REQUIRE(entries.size() == 5);
    CHECK(entries[0] == OdfEntry{Directory::private_keys, {from_hex("3F0050154402"), {}, {}}});
    CHECK(entries[3].directory == Directory::data);
    CHECK(entries[4].directory == Directory::authentication);
    const auto relative = decode_odf(file_of_vector("p15-odf-relative"));
    REQUIRE(relative.size() == 5);
    CHECK(to_hex(relative[4].path.path) == "4401");
}

TEST_CASE("a path may have index and length, but no length without an index") {
    const Bytes file = from_hex("A00D300B0402440202021000800101");
    const auto entries = decode_odf(file);
    REQUIRE(entries.size() == 1);
    CHECK(entries[0].path.index == 0x1000);
    CHECK(entries[0].path.length == 1);
    CHECK(encode_odf(entries) == file);
    CHECK(test::fault_of([] { decode_odf(from_hex("A009300704024402800101")); }).find("no index") !=
          std::string::npos);
}

TEST_CASE("EF.TokenInfo gives serial, maker, label, flags and the last update") {
    const TokenInfo own = decode_token_info(file_of_vector("p15-5032"));
    CHECK(own.version == 0);
    CHECK(to_hex(own.serial) == "0102030405060708");
    CHECK(own.manufacturer == "Example");
    CHECK(own.label == "IR-TEST");
    CHECK(own.flags == 0x0C);
    CHECK(own.last_update.empty());
    CHECK(decode_token_info(file_of_vector("file-5032")).last_update == "20261121231149Z");
    // the standard's own form of the time, and what later editions add, are taken too
    const Bytes standard =
        from_hex("3024020100040101030100A203020101850F32303236313132313233313134395A8603610203");
    CHECK(decode_token_info(standard).last_update == "20261121231149Z");
}

TEST_CASE("EF.AODF gives PIN and PUK in both forms that OpenSC takes") {
    const auto own = decode_aodf(file_of_vector("p15-4401"));
    REQUIRE(own.size() == 2);
    CHECK(own[0].common.label == "User PIN");
    CHECK(own[0].flags == (pin_case_sensitive | pin_initialized | pin_needs_padding));
    CHECK(own[0].type == 2);
    CHECK(own[0].min_length == 4);
    CHECK(own[0].stored_length == 16);
    CHECK(own[0].max_length == 16);
    CHECK(own[0].reference == 1);
    CHECK(own[0].pad_char == 0);
    REQUIRE(own[0].path);
    CHECK(to_hex(own[0].path->path) == "3F005015");
    CHECK((own[1].flags & pin_unblocking) != 0);
    const auto theirs = decode_aodf(file_of_vector("file-4401"));
    REQUIRE(theirs.size() == 1);
    CHECK(to_hex(theirs[0].auth_id) == "FF");
    CHECK_FALSE(theirs[0].path);
}

TEST_CASE("EF.PrKDF gives RSA and EC keys with their references") {
    const auto own = decode_prkdf(file_of_vector("p15-4402"));
    REQUIRE(own.size() == 2);
    CHECK(own[0].type == KeyType::rsa);
    CHECK(own[0].usage == (usage_decrypt | usage_sign | usage_sign_recover | usage_unwrap));
    CHECK(own[0].access ==
          (access_sensitive | access_always_sensitive | access_never_extractable | access_local));
    CHECK(own[0].reference == 0);
    CHECK(own[0].size_bits == 2048);
    CHECK(own[1].type == KeyType::ec);
    CHECK(own[1].reference == 1);
    CHECK(to_hex(own[1].id) == "02");
    CHECK(to_hex(own[1].common.auth_id) == "01");
    // with the certificate's subject inside the entry, as pkcs15-init writes it
    const auto theirs = decode_prkdf(file_of_vector("file-4402"));
    REQUIRE(theirs.size() == 2);
    CHECK(theirs[0].common.label == "Cert");
    CHECK(theirs[0].size_bits == 2048);
    CHECK(theirs[1].reference == 1);
}

TEST_CASE("a key reference of one byte above 7F is no negative number") {
    PrivateKeyObject key;
    key.id = {1};
    key.reference = 0x84;
    key.path.path = from_hex("3F005015");
    Bytes file = encode_prkdf({key});
    CHECK(decode_prkdf(file)[0].reference == 0x84);
    CHECK(to_hex(file).find("02020084") != std::string::npos);
    // as older cards have it: 02 01 84
    const std::string two = "02020084", one = "020184";
    std::string hex = to_hex(file);
    hex.replace(hex.find(two), two.size(), one);
    for (const std::size_t place : {1U, 5U})
        hex.replace(
            2 * place, 2,
            to_hex(Bytes{static_cast<std::uint8_t>(std::stoul(hex.substr(2 * place, 2), nullptr, 16) - 1)}));
    CHECK(decode_prkdf(from_hex(hex))[0].reference == 0x84);
}

TEST_CASE("public keys and certificates may stand in the entry itself") {
    const Bytes spki = file_of_vector("p15-3302");
    PublicKeyObject key;
    key.common.label = "EC";
    key.id = {2};
    key.usage = usage_verify;
    key.direct = spki;
    CHECK(decode_pukdf(encode_pukdf({key})).at(0) == key);

    CertificateObject certificate;
    certificate.id = {2};
    certificate.authority = true;
    certificate.direct = from_hex("300A3003020101300003020000");
    certificate.direct.resize(12);
    const Bytes file = encode_cdf({certificate});
    CHECK(decode_cdf(file).at(0) == certificate);
    // the standard's implicit tag takes the place of the SEQUENCE
    const Bytes implicit = from_hex("3015300030060401020101FFA1093007A0053000020101");
    CHECK(to_hex(decode_cdf(implicit).at(0).direct) == "30053000020101");
    CHECK(decode_cdf(implicit).at(0).authority);
}

TEST_CASE("objects of kinds that are not known are passed over") {
    const Bytes known = file_of_vector("p15-4404");
    // [0] X.509 attribute certificate, [5] a card-verifiable one
    CHECK(decode_cdf(concat({from_hex("A003020101"), known, from_hex("A5020500")})).size() == 2);
    CHECK(decode_aodf(concat({from_hex("A003020101"), file_of_vector("p15-4401")})).size() == 2);
    CHECK(decode_prkdf(concat({from_hex("A2020500"), file_of_vector("p15-4402")})).size() == 2);
    CHECK(decode_dir(concat({from_hex("5F500161"), file_of_vector("p15-2F00")})).size() == 1);
    CHECK(decode_odf(concat({from_hex("AA0430020400"), file_of_vector("p15-5031")})).size() == 5);
}

TEST_CASE("a padding cutter gives the object and nothing behind it") {
    const Bytes object = from_hex("3003020101");
    CHECK(without_padding(concat({object, Bytes(20, 0x00)}), "EF.3300") == object);
    CHECK(without_padding(concat({object, Bytes(20, 0xFF)}), "EF.3300") == object);
    CHECK(test::fault_of([] { without_padding(from_hex("300302"), "EF.3300"); }).find("EF.3300") !=
          std::string::npos);
    CHECK_FALSE(test::fault_of([] { without_padding({}, "EF.3300"); }).empty());
    CHECK_FALSE(test::fault_of([] { without_padding(Bytes(20, 0x00), "EF.3300"); }).empty());
}
