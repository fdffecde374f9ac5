// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "apdu/error.h"
#include "libcard/app/pkcs15/options.h"
#include "libcard/app/registry.h"
#include "libcard/perso/personalize.h"

namespace {

using namespace kartsaz;
using app::pkcs15::read_options;

const std::string head = "name = \"x\"\ntitle = \"t\"\napplications = [\"pkcs15\"]\n";

std::string fault_of(const std::string& rest) {
    try {
        perso::select_applications(profile::parse(head + rest, "p.toml"), app::registry());
    } catch (const Error& error) {
        CHECK(error.code() == Errc::input_invalid);
        return error.what();
    }
    return "";
}

}  // namespace

TEST_CASE("a profile without options asks for one signature key", "[signature][options]") {
    const auto options = read_options(profile::parse(head, "p.toml"));
    CHECK(to_hex(options.aid) == "F276A288BCFBA69D34F31001");
    CHECK_FALSE(options.scp03);
    REQUIRE(options.slots.size() == 1);
    CHECK(options.slots[0].name == "signature");
    CHECK(options.slots[0].algorithm == keys::KeyAlgorithm::ec_p256);
    CHECK(options.slots[0].purpose == app::pkcs15::Purpose::signature);
    CHECK(options.slots[0].public_key_fid() == 0x3300);
    CHECK(options.slots[0].certificate_fids()[1] == 0x3401);
    CHECK(options.certificate.country == "IR");
    CHECK(options.pin.keyset == "pin");
    CHECK(fault_of("").empty());
}

TEST_CASE("keys have tables of their own, and files by their reference", "[signature][options]") {
    const auto options = read_options(profile::parse(
        head + "[pkcs15]\nkeys = \"signature authentication\"\n[pkcs15.authentication]\nalgorithm = "
               "\"rsa-2048\"\n"
               "reference = 5\npolicy = \"1.2.3.4\"\n[pkcs15.certificate]\npolicy = \"2.5.29.32.0\"\n",
        "p.toml"));
    REQUIRE(options.slots.size() == 2);
    CHECK(options.slots[0].policy == "2.5.29.32.0");
    CHECK(options.slots[1].policy == "1.2.3.4");
    CHECK(options.slots[1].purpose == app::pkcs15::Purpose::authentication);
    CHECK(options.slots[1].algorithm == keys::KeyAlgorithm::rsa_2048);
    CHECK(options.slots[1].public_key_fid() == 0x3305);
    CHECK(options.slots[1].certificate_fids()[0] == 0x340A);
}

TEST_CASE("each bad option is refused by name", "[signature][options]") {
    struct Row {
        const char* text;
        const char* why;
    };
    const Row rows[] = {
        {"[pkcs15]\naid = \"F276\"\n", "[pkcs15] aid: 2 bytes, 5..16"},
        {"[pkcs15]\nchannel = \"scp02\"\n", "line 5: [pkcs15] channel"},
        {"[pkcs15]\nlevel = \"01\"\n", "[pkcs15] level"},
        {"[pkcs15]\nlabel = \"\"\n", "[pkcs15] label: 1 to 64 bytes"},
        {"[pkcs15]\nkeys = \"\"\n", "keys: one name at least"},
        {"[pkcs15]\nkeys = \"a b c d e\"\n", "keys: 4 names at most"},
        {"[pkcs15]\nkeys = \"Signature\"\n", "cannot name a key"},
        {"[pkcs15]\nkeys = \"pin\"\n", "cannot name a key"},
        {"[pkcs15]\nkeys = \"a a\"\n", "a stands twice"},
        {"[pkcs15]\nkeys = \"a b\"\n[pkcs15.b]\nreference = 0\n", "a and b have the same reference 0"},
        {"[pkcs15]\nkees = \"a\"\n", "line 5: [pkcs15] kees: no such option"},
        {"[pkcs15.authentication]\n", "line 4: [pkcs15.authentication]: no such table"},
        {"[pkcs15.signature]\nalgorithm = \"rsa-1024\"\n", "line 5: [pkcs15.signature] algorithm"},
        {"[pkcs15.signature]\nusage = \"encryption\"\n", "[pkcs15.signature] usage"},
        {"[pkcs15.signature]\nreference = 16\n", "16 is not in 0..15"},
        {"[pkcs15.signature]\npolicy = \"1..2\"\n", "policy: a dotted OID"},
        {"[pkcs15.signature]\npolicy = \"any\"\n", "policy: a dotted OID"},
        {"[pkcs15.signature]\nimport = true\n", "keys are made on the card"},
        {"[pkcs15.signature]\nlength = 1\n", "[pkcs15.signature] length: no such option"},
        {"[pkcs15.certificate]\ncountry = \"ir\"\n", "country: two letters, upper case"},
        {"[pkcs15.certificate]\ncountry = \"IRN\"\n", "country: two letters"},
        {"[pkcs15.certificate]\ncrl_url = \"file:///x\"\n", "crl_url: must begin"},
        {"[pkcs15.certificate]\nvalidity_days = 0\n", "0 is not in 1"},
        {"[pkcs15.certificate]\nvalidity_days = 20\n", "renew_before_days: must be less"},
        {"[pkcs15.pin]\ndigits = 3\n", "3 is not in 4..16"},
        {"[pkcs15.pin]\ndigits = 5\n", "min, digits and max"},
        {"[pkcs15.pin]\nmax = 5\n", "min, digits and max"},
        {"[pkcs15.pin]\nmax = 17\n", "17 is not in 4..16"},
        {"[pkcs15.pin.deeper]\n", "line 4"},
    };
    for (const auto& row : rows) {
        INFO(row.text);
        CHECK_THAT(fault_of(row.text), Catch::Contains(row.why));
    }
}
