// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <set>

#include "apdu/error.h"
#include "libcard/app/piv/containers.h"
#include "tests/unit/piv/samples.h"

using namespace kartsaz;
using namespace kartsaz::app::piv;
using Catch::Contains;
using test::fault_of;

TEST_CASE("the table of containers has every object of SP 800-73-4 once, each by tag, id and OID") {
    std::set<std::uint32_t> tags;
    std::set<std::uint16_t> ids;
    std::set<std::string> oids, names;
    for (const auto& one : containers()) {
        tags.insert(one.tag);
        ids.insert(one.id);
        oids.insert(one.oid);
        names.insert(one.name);
        CHECK(container_of_tag(one.tag) == &one);
        CHECK(container_of_id(one.id) == &one);
        if (one.key) CHECK(container_of_key(*one.key) == &one);
    }
    REQUIRE(containers().size() == 36);
    CHECK(tags.size() == 36);
    CHECK(ids.size() == 36);
    CHECK(oids.size() == 36);
    CHECK(names.size() == 36);
    CHECK(container_of_key(0x95)->tag == 0x5FC120);
    CHECK(container_of_key(0x95)->oid == "2.16.840.1.101.3.7.2.16.20");
    CHECK(container_of_key(0x95)->id == 0x1014);
    CHECK(container_of_key(0x9A)->tag == 0x5FC105);
    CHECK(container_of_key(0x9C)->tag == 0x5FC10A);
    CHECK(container_of_key(0x9D)->tag == 0x5FC10B);
    CHECK(container_of_key(0x9E)->tag == 0x5FC101);
    CHECK(container_of_tag(0x5FC108)->read == ReadAccess::pin);
    CHECK(container_of_tag(0x5FC102)->presence == Presence::mandatory);
    CHECK(container_of_tag(0x5FC1FF) == nullptr);
    CHECK_FALSE(container_of_tag(0x7E)->wrapped);
    CHECK(container_of_tag(0x5FC102)->wrapped);
}

TEST_CASE("a field twice, out of order, too long, unknown or missing is told with its offset") {
    const auto refusal = [](std::string_view hex) {
        const auto value = from_hex(hex);
        return fault_of([&] { decode_key_history(value); });
    };
    CHECK(refusal("C10105C20100FE00").empty());
    CHECK(refusal("C10105C10105C20100FE00") ==
          "key history: offset 3: keys with certificates on the card (C1) stands twice or too late; the "
          "order of "
          "the table in SP 800-73-4, appendix A is the order on the card");
    CHECK_THAT(refusal("C20100C10105FE00"),
               Contains("offset 0: keys with certificates on the card (C1) is missing"));
    CHECK(refusal("C1020005C20100FE00") ==
          "key history: offset 0: keys with certificates on the card (C1) has 2 bytes, 1 expected");
    CHECK(refusal("C10105C20100AA00FE00") == "key history: offset 6: tag AA does not belong here");
    CHECK(refusal("C10105C20100") == "key history: offset 6: error detection code (FE) is missing");
    CHECK(refusal("C10105C20100FE0100") ==
          "key history: offset 6: error detection code (FE) has 1 bytes, 0 expected");
    CHECK_THAT(refusal("C10105C20100FE00FE00"), Contains("offset 8: error detection code (FE) stands twice"));
    CHECK_THAT(refusal("C10105C28100"), Contains("key history: offset"));
    CHECK_THAT(refusal("C1050102"), Contains("offset 1: length 5 runs past the end"));
}

TEST_CASE("a key history has 20 keys at most, and a URL exactly when some are off the card") {
    CHECK_THAT(fault_of([] { encode_key_history({11, 10, "http://x", {}}); }), Contains("20 at most"));
    CHECK_THAT(fault_of([] { encode_key_history({1, 1, {}, {}}); }), Contains("a URL (F3)"));
    CHECK_THAT(fault_of([] { encode_key_history({1, 0, "http://x", {}}); }), Contains("a URL (F3)"));
    CHECK(to_hex(encode_key_history({5, 0, {}, {}})) == "C10105C20100FE00");
}

TEST_CASE("a CHUID as yubico-piv-tool writes it, without a signature, is read") {
    const auto value = from_hex(
        "3019D4E739DA739CED39CE739D836858210842108421C84210C3EB34100102030405060708090A0B0C0D0E0F10"
        "350832303330303130313E00FE00");
    const auto chuid = decode_chuid(value);
    CHECK(chuid.signature.empty());
    CHECK(expiry_of(chuid) == record::Date{2030, 1, 1});
    CHECK(decode_fascn(chuid.fascn).agency == "9999");
    CHECK(encode_chuid(chuid) == value);
}

TEST_CASE("an expiry that is no day is refused with its offset, and never written") {
    auto chuid = test::small_chuid();
    auto value = encode_chuid(chuid);
    const auto at = decode_chuid(value).offsets.at(0x35);
    value[at + 4] = '9';
    CHECK_THAT(fault_of([&] { expiry_of(decode_chuid(value)); }),
               Contains("CHUID: offset " + std::to_string(at) + ": expiration date (35)"));
    chuid.expiry = "20320230";
    CHECK_THROWS_AS(encode_chuid(chuid), Error);
}

TEST_CASE("each changed bit of a FASC-N is noticed by parity, form or LRC") {
    const auto good = test::small_chuid().fascn;
    for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
        auto bad = good;
        bad[bit / 8] = static_cast<std::uint8_t>(bad[bit / 8] ^ (0x80U >> bit % 8));
        CHECK_THAT(fault_of([&] { decode_fascn(bad); }), Contains("its parity is even"));
    }
    // two bits of one digit keep its parity; the LRC is left
    auto bad = good;
    bad[0] ^= 0x06;  // symbol 2: 4 becomes 2
    CHECK_THAT(fault_of([&] { decode_fascn(bad); }), Contains("longitudinal redundancy check"));
    auto fields = decode_fascn(good);
    fields.agency = "123";
    CHECK_THAT(fault_of([&] { encode_fascn(fields); }), Contains("agency code: 4 digits"));
}

TEST_CASE("a discovery object without content says that there is none") {
    const auto empty = decode_discovery(from_hex("7E00"));
    CHECK(empty.empty());
    CHECK(to_hex(encode_discovery(empty)) == "7E00");
    CHECK_THAT(fault_of([] { decode_discovery(from_hex("7E0B4F0BA0000003080000")); }),
               Contains("discovery object"));
    CHECK_THAT(fault_of([] { decode_discovery(from_hex("7E0F4F07A00000030800005F2F03400000")); }),
               Contains("discovery object"));
}

TEST_CASE("the BIT group of the vectors has its fields, and one without fingers says so") {
    const auto bytes = test::piv_vector("bit-group-example", "biometrics").bytes("bit_group");
    const auto all = decode_bit_group(bytes);
    REQUIRE(all.size() == 1);
    CHECK(all[0].reference == 0x96);
    CHECK(to_hex(all[0].format_owner) == "0101");
    CHECK(to_hex(all[0].format_type) == "0005");
    CHECK(encode_bit_group(all) == bytes);
    CHECK(to_hex(encode_bit_group({})) == "7F6103020100");
    CHECK(decode_bit_group(encode_bit_group({all[0], all[0]})) == std::vector{all[0], all[0]});
    CHECK_THROWS_AS(encode_bit_group({all[0], all[0], all[0]}), Error);
    auto wrong = bytes;
    wrong[5] = 0x02;
    CHECK_THAT(fault_of([&] { decode_bit_group(wrong); }),
               Contains("offset 5: 2 templates are told, 1 are there"));
}

TEST_CASE("a pairing code is eight digits, and no error text repeats it") {
    const auto value = encode_pairing_code(keys::SecretBytes{to_bytes("31415926")});
    value.reveal([](ByteView bytes) { CHECK(to_hex(bytes) == "99083331343135393236FE00"); });
    CHECK(decode_pairing_code(value) == keys::SecretBytes{to_bytes("31415926")});
    for (const char* bad : {"3141592", "3141592x", "314159265"}) {
        const auto fault = fault_of([&] { encode_pairing_code(keys::SecretBytes{to_bytes(bad)}); });
        CHECK_THAT(fault, Contains("8 digits expected"));
        CHECK(fault.find("31415") == std::string::npos);
    }
    const auto stored = from_hex("99083331343135393236FE00");
    for (std::size_t at = 0; at < stored.size(); ++at) {
        auto bad = stored;
        bad[at] = 0xFF;
        const auto fault = fault_of([&] { decode_pairing_code(keys::SecretBytes{bad}); });
        CHECK_THAT(fault, Contains("pairing code: offset 0"));
    }
    CHECK_FALSE(
        fault_of([&] { decode_pairing_code(keys::SecretBytes{ByteView{stored}.first(11)}); }).empty());
}

TEST_CASE("printed dates are written and read, and no other text is taken for one") {
    CHECK(printed_date({2032, 12, 2}) == "2032DEC02");
    CHECK(parse_printed_date("2032DEC02") == record::Date{2032, 12, 2});
    for (const char* bad : {"2032DEC32", "2032Dec02", "2032FEB30", "32DEC02", "20X2DEC02", "2032DEC0 "}) {
        CHECK_FALSE(parse_printed_date(bad));
    }
    PrintedInformation printed;
    printed.expiry = "20321202 ";
    CHECK_THROWS_AS(encode_printed_information(printed), Error);
    printed.expiry = "2032DEC02";
    printed.issuer = "sixteen letters!";
    CHECK_THAT(fault_of([&] { encode_printed_information(printed); }),
               Contains("issuer identification (06) has 16 bytes, 0 to 15 expected"));
}

TEST_CASE("a card identifier is filled to 21 bytes") {
    CHECK(to_hex(make_card_identifier(0x40, from_hex("ABCD"))) ==
          "A0000001164002000000000000000000000000ABCD");
    CHECK_THROWS_AS(make_card_identifier(0x40, Bytes(15)), Error);
}

TEST_CASE("lengths in a CBEFF header that are not those of the container are refused at their offset") {
    const auto good = encode_biometric(test::small_biometric(), "face");
    for (const std::size_t at : {2U, 3U, 4U, 5U, 6U, 7U}) {
        auto bad = good;
        ++bad[2 + at];
        INFO("header offset " << at);
        CHECK_THAT(fault_of([&] { decode_biometric(bad, "face"); }),
                   Contains("face: offset 4: the header tells"));
    }
}

TEST_CASE("the map of a security object names each group and container once") {
    const auto refusal = [](std::vector<SecurityObject::Entry> map) {
        return fault_of([&] { encode_security_object({std::move(map), Bytes{0x30}, {}}); });
    };
    CHECK(refusal({{1, 0x3000}, {2, 0x6010}}).empty());
    CHECK_THAT(refusal({{1, 0x3000}, {1, 0x6010}}),
               Contains("security object: offset 5: data group 1 stands twice"));
    CHECK_THAT(refusal({{1, 0x3000}, {2, 0x3000}}), Contains("offset 6: container 3000 stands twice"));
    CHECK_THAT(refusal({{0, 0x3000}}), Contains("data group 0, 1 to 16 expected"));
    CHECK_THAT(fault_of([] { decode_security_object(from_hex("BA0401300002BB0130FE00")); }),
               Contains("a map (BA) of 4 bytes"));
}
