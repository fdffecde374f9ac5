// SPDX-License-Identifier: Apache-2.0
// Keys of the signature application: made in the card, imported, used, and what the card refuses.
#include <botan/auto_rng.h>
#include <botan/data_src.h>
#include <botan/ec_group.h>
#include <botan/ecdsa.h>
#include <botan/hash.h>
#include <botan/pubkey.h>
#include <botan/rsa.h>
#include <catch2/catch.hpp>

#include "signature_card.h"

namespace kartsaz::sim::test {
TEST_CASE("keys made in the card sign", "[sim][signature]") {
    auto body = signature_card("isoapplet");
    CHECK(send(*body, "00CA010100").data == from_hex("01002F"));
    for (const char* name : {"secp256r1", "secp384r1"}) {
        CHECK(sw(*body, "00224100068001EC840100") == 0x9000);
        const Reply made = generate_ec(*body, name);
        REQUIRE(made.sw == 0x9000);
        CHECK(sw(*body, "002241B606800121840100") == 0x9000);
        const Reply signature = send(*body, "002A9E9A20" + to_hex(Bytes(32, 0x5A)) + "00");
        REQUIRE(signature.sw == 0x9000);
        CHECK(ec_verifies(name, made.data, Bytes(32, 0x5A), signature.data, "Raw"));
    }
    CHECK(sw(*body, "00224100068001F3840101") == 0x9000);
    const Reply made = send(*body, "0046420000010E");
    REQUIRE(made.sw == 0x9000);
    CHECK(made.data.size() == 270);
}
}  // namespace kartsaz::sim::test
