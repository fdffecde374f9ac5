// SPDX-License-Identifier: Apache-2.0
// Commands of the PIV application, byte for byte. Expected bytes are of SP 800-73-4 part 2, appendix A, and
// of what public tools send.
#include <catch2/catch.hpp>

#include "apdu/error.h"
#include "keys/crypto.h"
#include "libcard/app/piv/commands.h"
#include "libcard/app/piv/key_commands.h"

namespace {

using namespace kartsaz;
using namespace kartsaz::app::piv;
using keys::KeyAlgorithm;

std::string wire(const apdu::CommandApdu& command) {
    return to_hex(apdu::encode(command));
}

std::string secret_hex(const keys::SecretBytes& secret) {
    return secret.reveal([](ByteView bytes) { return to_hex(bytes); });
}

const Container& chuid_container() {
    return *container_of_id(id_chuid);
}

}  // namespace

TEST_CASE("the application is selected whole and without its version", "[piv]") {
    CHECK(wire(select_application()) == "00A404000BA00000030800001000010000");
    CHECK(wire(select_application(truncated_aid)) == "00A4040009A0000003080000100000");
}

TEST_CASE("objects are asked for by their tags of one, two and three bytes", "[piv]") {
    CHECK(wire(get_data(0x5FC102)) == "00CB3FFF055C035FC10200");
    CHECK(wire(get_data(0x7F61)) == "00CB3FFF045C027F6100");
    CHECK(wire(get_data(0x7E, 65536)) == "00CB3FFF0000035C017E0000");
}

TEST_CASE("PUT DATA is one command as long as it fits, and parts of exactly the block's size after that",
          "[piv]") {
    const std::size_t block = GENERATE(32, 200, 255, 1000);
    // 5C 03 tag is 5 bytes, the header of 53 two to four
    for (std::size_t size = block - 12; size < block + 12; ++size) {
        const Bytes value(size, 0x41);
        const Bytes field = put_data_field(chuid_container(), value);
        const auto parts = put_data(chuid_container(), value, block);
        INFO("block " << block << ", field " << field.size());
        CHECK(parts.size() == (field.size() + block - 1) / block);
        Bytes joined;
        for (const auto& part : parts) {
            const bool last = &part == &parts.back();
            CHECK(part.cla == (last ? 0x00 : 0x10));
            CHECK(((last && !part.data.empty()) || part.data.size() == block));
            append(joined, part.data);
        }
        CHECK(joined == field);
    }
    CHECK(to_hex(put_data_field(chuid_container(), {})) == "5C035FC1025300");
    CHECK(to_hex(put_data_field(*container_of_id(id_discovery), from_hex("7E00"))) == "7E00");
}

TEST_CASE("an answer gives the object's value, and an empty object is nothing", "[piv]") {
    CHECK(to_hex(value_in(chuid_container(), from_hex("53021234"))) == "1234");
    CHECK(value_in(chuid_container(), from_hex("5300")).empty());
    CHECK(value_in(*container_of_id(id_discovery), from_hex("7E00")).empty());
    CHECK(to_hex(value_in(*container_of_id(id_discovery), from_hex("7E024F00"))) == "7E024F00");
    CHECK_THROWS_AS(value_in(chuid_container(), from_hex("53021234FF")), Error);
    CHECK_THROWS_AS(value_in(chuid_container(), from_hex("7E021234")), Error);
    CHECK_THROWS_AS(value_in(chuid_container(), from_hex("530512")), Error);
}

TEST_CASE("a PIN has six to eight digits and is filled with FF", "[piv]") {
    CHECK(secret_hex(padded_pin(factory_pin())) == "313233343536FFFF");
    CHECK(secret_hex(padded_pin(factory_puk())) == "3132333435363738");
    CHECK_THROWS_AS(padded_pin(keys::SecretBytes{to_bytes("12345")}), Error);
    CHECK_THROWS_AS(padded_pin(keys::SecretBytes{to_bytes("123456789")}), Error);
    CHECK_THROWS_AS(padded_pin(keys::SecretBytes{to_bytes("12345a")}), Error);
    CHECK(secret_hex(padded_pin(keys::SecretBytes{to_bytes("12345a")}, false)) == "313233343561FFFF");
    CHECK(wire(pin_status()) == "00200080");
    CHECK(wire(drop_pin()) == "0020FF80");
    CHECK(wire(change_reference_header(puk_reference)) == "00240081");
    CHECK(wire(reset_retry_header()) == "002C0080");
}

TEST_CASE("a key pair is asked for by its algorithm, and what the card made becomes a public key", "[piv]") {
    CHECK(wire(generate(0x9A, KeyAlgorithm::ec_p256)) == "0047009A05AC0380011100");
    CHECK(wire(generate(0x9D, KeyAlgorithm::rsa_2048)) == "0047009D05AC0380010700");
    CHECK(generate_answer_size(KeyAlgorithm::ec_p256) == 70);
    CHECK(generate_answer_size(KeyAlgorithm::rsa_2048) == 270);
    // the base point of P-256
    const Bytes answer = from_hex(
        "7F49438641046B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C2964FE342E2FE1A7F9B8EE7EB4A"
        "7C0F9E"
        "162BCE33576B315ECECBB6406837BF51F5");
    const Bytes key = public_key_of_answer(answer, KeyAlgorithm::ec_p256);
    CHECK(keys::algorithm_of(key) == KeyAlgorithm::ec_p256);
    CHECK(key.size() == sample_public_key(KeyAlgorithm::ec_p256).size());
    CHECK_THROWS_AS(public_key_of_answer(answer, KeyAlgorithm::ec_p384), Error);
    CHECK_THROWS_AS(public_key_of_answer(answer, KeyAlgorithm::rsa_2048), Error);
    CHECK_THROWS_AS(public_key_of_answer(ByteView{answer}.first(69), KeyAlgorithm::ec_p256), Error);
    for (const auto algorithm : {KeyAlgorithm::ec_p384, KeyAlgorithm::rsa_2048, KeyAlgorithm::rsa_3072})
        CHECK(keys::algorithm_of(sample_public_key(algorithm)) == algorithm);
}

TEST_CASE("a digest is signed raw by a curve and in a padded block by RSA", "[piv]") {
    const Bytes digest(32, 0xAB);
    const auto curve = sign(0x9C, KeyAlgorithm::ec_p256, digest);
    REQUIRE(curve.size() == 1);
    CHECK(wire(curve[0]) == "0087119C267C2482008120" + to_hex(digest) + "00");
    const auto rsa = sign(0x9A, KeyAlgorithm::rsa_2048, digest);
    REQUIRE(rsa.size() == 2);
    CHECK(rsa[0].cla == 0x10);
    CHECK(to_hex(ByteView{rsa[0].data}.first(14)) ==
          "7C820106820081820100"
          "0001FFFF");
    CHECK_THAT(to_hex(concat({rsa[0].data, rsa[1].data})), Catch::EndsWith(to_hex(digest)));
    CHECK(rsa[0].data.size() + rsa[1].data.size() == 4 + 2 + 4 + 256);
    CHECK(to_hex(dynamic_data(from_hex("7C0482021234"), 0x82)) == "1234");
    CHECK_THROWS_AS(dynamic_data(from_hex("7C0481021234"), 0x82), Error);
    CHECK(wire(agree(0x9D, KeyAlgorithm::ec_p256, Bytes{0x04})) ==
          "0087119D077C058200850104"
          "00");
}

TEST_CASE("the management key is proved in both directions by one block each", "[piv]") {
    CHECK(wire(ask_witness(algorithm_des3)) == "0087039B047C02800000");
    CHECK(wire(answer_witness(algorithm_aes_256, Bytes(16, 1), Bytes(16, 2))) ==
          "00870C9B267C248010" + to_hex(Bytes(16, 1)) + "8110" + to_hex(Bytes(16, 2)) + "00");
    for (const auto algorithm : {algorithm_des3, algorithm_aes_128, algorithm_aes_192, algorithm_aes_256}) {
        const keys::SecretBytes key{keys::random_bytes(management_key_size(algorithm))};
        const Bytes block = keys::random_bytes(management_block(algorithm));
        const Bytes hidden = under_management_key(algorithm, key, block, true);
        CHECK(hidden != block);
        CHECK(under_management_key(algorithm, key, hidden, false) == block);
        CHECK_THROWS_AS(under_management_key(algorithm, key, Bytes(7), true), Error);
    }
    CHECK(wire(set_management_key_header()) == "00FFFFFF");
    CHECK(secret_hex(management_key_field(algorithm_des3, factory_management_key())) ==
          "039B18010203040506070801020304050607080102030405060708");
    CHECK_THROWS_AS(management_key_field(algorithm_aes_128, factory_management_key()), Error);
}

TEST_CASE("an imported key is a row of parts, each with its tag", "[piv]") {
    std::vector<keys::SecretBytes> parts;
    for (int i = 0; i < 5; ++i) parts.emplace_back(Bytes(128, 0x11));
    const auto field = import_rsa_field(parts);
    CHECK(field.size() == 5 * (1 + 2 + 128));
    CHECK(
        secret_hex(field).starts_with("018180"
                                      "1111"));
    CHECK(secret_hex(import_ec_field(keys::SecretBytes{Bytes(32, 0x22)}))
              .starts_with("0620"
                           "2222"));
    CHECK(wire(import_header(0x9A, algorithm_rsa_2048, true)) == "10FE079A");
    parts.pop_back();
    CHECK_THROWS_AS(import_rsa_field(parts), Error);
}

TEST_CASE("what a card tells of itself is taken as far as it goes", "[piv]") {
    const auto property =
        parse_property_template(from_hex("61194F0600001000010079074F05A000000308AC06800111060100"));
    REQUIRE(property);
    CHECK(to_hex(property->aid) == "000010000100");
    CHECK(property->announces(0x11));
    CHECK_FALSE(property->announces(0x14));
    CHECK_FALSE(property->lengths);
    const auto lengths = parse_property_template(from_hex("610D7F660A0203010008020301000A"));
    REQUIRE((lengths && lengths->lengths));
    CHECK(lengths->lengths->command_data == 65535);
    CHECK(lengths->lengths->response_data == 65535);
    CHECK_FALSE(parse_property_template(from_hex("6F00")));
    CHECK_FALSE(parse_property_template(from_hex("6105")));
    CHECK(parse_version(from_hex("050400")) == "5.4.0");
    CHECK(parse_version(from_hex("0504")).empty());
    const auto data = parse_metadata(from_hex("0101110202020103010105010106020503"));
    CHECK(data.algorithm == 0x11);
    CHECK(data.factory == true);
    CHECK(data.full_tries == 5);
    CHECK(data.tries_left == 3);
    CHECK_THROWS_AS(parse_metadata(from_hex("0105")), Error);
    CHECK(chip_name_of_serial(from_hex("00C0FFEE")) == "PIV-00C0FFEE");
    CHECK(chip_name_of_serial(from_hex("00000000")).empty());
}
