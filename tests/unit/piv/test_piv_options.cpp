// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "apdu/error.h"
#include "libcard/app/piv/containers.h"
#include "libcard/app/piv/contents.h"
#include "libcard/app/piv/key_commands.h"
#include "libcard/app/piv/options.h"

namespace {

using namespace kartsaz;
using namespace kartsaz::app::piv;
using Catch::Contains;

Options options_of(const std::string& text) {
    return read_options(
        profile::parse("name = \"t\"\ntitle = \"t\"\napplications = [\"piv\"]\n" + text, "test"));
}

std::string fault_in(const std::string& text) {
    try {
        options_of(text);
    } catch (const Error& error) {
        CHECK(error.code() == Errc::input_invalid);
        return error.what();
    }
    return "nothing was thrown";
}

}  // namespace

TEST_CASE("a profile that says nothing asks for four keys of P-256 and all signed objects", "[piv]") {
    const auto options = options_of("");
    REQUIRE(options.slots.size() == 4);
    CHECK(options.slots[0].reference == 0x9A);
    CHECK(options.slots[3].reference == 0x9E);
    CHECK(options.slots[3].extended_usages == std::vector<std::string>{"2.16.840.1.101.3.6.8"});
    CHECK(options.wants(id_security_object));
    CHECK_FALSE(options.required.contains(id_security_object));
    CHECK(options.required.contains(id_face));
    CHECK_FALSE(options.management_algorithm);
}

TEST_CASE("each option of a PIV profile that cannot be is refused by name and rule", "[piv]") {
    CHECK_THAT(fault_in("[piv]\nobjects = \"chuid iris\"\n"),
               Contains("objects: there is no object \"iris\""));
    CHECK_THAT(fault_in("[piv]\nobjects = \"ccc\"\nrequired = \"\"\n"), Contains("without a CHUID"));
    CHECK_THAT(fault_in("[piv]\nobjects = \"chuid\"\nrequired = \"face\"\n"),
               Contains("required: the face is not among the objects"));
    CHECK_THAT(fault_in("[piv]\nsign = false\n"), Contains("must be signed"));
    CHECK_THAT(fault_in("[piv]\nkeys = \"card card\"\n"), Contains("card stands twice"));
    CHECK_THAT(fault_in("[piv]\nkeys = \"mail\"\n"), Contains("there is no key \"mail\""));
    CHECK_THAT(fault_in("[piv]\ncreator = \"123456789012345678\"\n"), Contains("at most 17 bytes"));
    CHECK_THAT(fault_in("[piv.authentication]\npolicy = \"one\"\n"), Contains("a dotted OID"));
    CHECK_THAT(fault_in("[piv.authentication]\nextended_usages = \"a\"\n"), Contains("dotted OIDs"));
    CHECK_THAT(fault_in("[piv.fascn]\nagency = \"99\"\n"), Contains("agency"));
    CHECK_THAT(fault_in("[piv.pin]\ndigits = 5\n"), Contains("digits"));
    CHECK_THAT(fault_in("[piv.certificate]\ncountry = \"ir\"\n"), Contains("two letters"));
    CHECK_THAT(fault_in("[piv.certificate]\nvalidity_days = 10\nrenew_before_days = 10\n"),
               Contains("must be less"));
    CHECK_THAT(fault_in("[piv.printed]\nissuer = \"1234567890123456\"\n"), Contains("at most 15 bytes"));
}

TEST_CASE("a card's number is of its record, and says the person only as the profile allows", "[piv]") {
    record::Record record;
    record.national_id = "0012345678";
    record.document_number = "T98765432";
    const auto open = number_of(options_of("").number, record);
    CHECK(open.credential == "765432");
    CHECK(open.person == "0012345678");
    CHECK(open.agency == "0364");
    const auto hidden = number_of(options_of("[piv.fascn]\nperson = \"document\"\n").number, record);
    CHECK(hidden.person == "0098765432");
    record.document_number = "A1";
    CHECK(number_of(options_of("").number, record).credential == "000001");
    CHECK(encode_fascn(open).size() == 25);
}

TEST_CASE("a card's UUID follows from what the card is called", "[piv]") {
    const Bytes one = guid_of("chip 1");
    CHECK(one == guid_of("chip 1"));
    CHECK(one != guid_of("chip 2"));
    CHECK(one.size() == 16);
    CHECK((one[6] >> 4) == 5);
    CHECK((one[8] & 0xC0) == 0x80);
    CHECK(urn_of(from_hex("F81D4FAE7DEC11D0A76500A0C91E6BF6")) ==
          "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6");
}

TEST_CASE("what a card can hold is known before anything is written", "[piv]") {
    const apdu::BlockLimits extended{65535, 65536};
    PropertyTemplate pivapplet;
    pivapplet.label = "PivApplet";
    pivapplet.algorithms = {0x03, 0x0C, 0x07, 0x11, 0x14};
    const auto small = capability_of(pivapplet, "5.4.0", {}, {}, extended);
    CHECK(small.kind == Capability::Kind::pivapplet);
    CHECK(small.block == 255);
    CHECK(small.room(*container_of_id(id_face)) == 6068);
    CHECK_FALSE(small.room(*container_of_id(id_discovery)));
    CHECK_FALSE(small.room(*container_of_id(id_sm_signer)));
    CHECK(small.makes(keys::KeyAlgorithm::rsa_2048));
    CHECK_FALSE(small.makes(keys::KeyAlgorithm::rsa_3072));
    CHECK(small.ne_for(270) == 255);

    const Bytes discovery = from_hex("7E124F0BA0000003080000100001005F2F024010");
    const auto canokey = capability_of({}, "5.7.0", discovery, {}, extended);
    CHECK(canokey.kind == Capability::Kind::canokey);
    CHECK(canokey.room(*container_of_id(id_face)) == 2996);
    CHECK_FALSE(canokey.room(*container_of_id(id_security_object)));
    CHECK_FALSE(canokey.room(*container_of_id(id_key_history)));
    CHECK(canokey.ne_for(270) == 270);
    CHECK(capability_of({}, "5.7.0", {}, to_bytes("..CanoKey."), extended).kind == Capability::Kind::canokey);

    const auto yubikey = capability_of({}, "5.7.0", {}, {}, extended);
    CHECK(yubikey.kind == Capability::Kind::yubikey);
    CHECK(yubikey.room(*container_of_id(id_security_object)) == 3052);
    CHECK(capability_of({}, "", {}, {}, {}).room(*container_of_id(id_face)) == 12710);

    PropertyTemplate full;
    full.lengths = extended;
    const auto large = capability_of(full, "5.7.0", {}, {}, extended);
    CHECK(large.room(*container_of_id(id_face)) == 65535 - 9);
    CHECK(large.block == 65535);
    // a reader that takes short commands only
    CHECK(capability_of(full, "5.7.0", {}, {}, {}).block == 255);
    CHECK(capability_of(full, "5.7.0", {}, {}, {}).room(*container_of_id(id_face)) == 65535 - 9);
}
