// SPDX-License-Identifier: Apache-2.0
// Key pairs from outside, and keys that the PIV application attests.
#include <botan/auto_rng.h>
#include <botan/ec_group.h>
#include <botan/ecdsa.h>
#include <botan/numthry.h>
#include <botan/pkix_types.h>
#include <botan/pubkey.h>
#include <botan/rsa.h>
#include <botan/x509cert.h>
#include <catch2/catch.hpp>

#include "libcard/sim/apdu_in.h"
#include "piv_card.h"
#include "signature_card.h"

namespace kartsaz::sim::test {
namespace {

Bytes wide_number(const Botan::BigInt& value, std::size_t size) {
    Bytes out(size);
    Botan::BigInt::encode_1363(out.data(), size, value);
    return out;
}

}  // namespace

TEST_CASE("key pairs are imported and then used", "[sim][piv]") {
    Botan::AutoSeeded_RNG rng;
    const Botan::RSA_PrivateKey rsa{rng, 2048};
    const Botan::ECDSA_PrivateKey ec{rng, Botan::EC_Group{"secp256r1"}};
    const auto part = [](std::uint32_t tag, const Botan::BigInt& value) {
        return object(tag, wide_number(value, 128));
    };
    const Bytes good = concat({part(1, rsa.get_p()), part(2, rsa.get_q()), part(3, rsa.get_d1()),
                               part(4, rsa.get_d2()), part(5, Botan::inverse_mod(rsa.get_q(), rsa.get_p()))});
    Bytes block(256, 0x77);
    block[0] = 0x00;
    for (const auto& kind : piv_kinds) {
        INFO(kind);
        auto body = managed_piv_card(kind);
        CHECK(chained(*body, "00FE079E", good).sw == 0x9000);
        const Bytes signature = use(*body, 0x9E, 0x07, block).data;
        const Botan::BigInt power =
            Botan::power_mod(Botan::BigInt{signature.data(), signature.size()}, rsa.get_e(), rsa.get_n());
        CHECK(wide_number(power, 256) == block);
        CHECK(send(*body, command("00FE119E", object(6, wide_number(ec.private_value(), 32)), 0)).sw ==
              0x9000);
        CHECK(piv_of(*body).at("keys").at(0).at("made_in_card") == false);
        const Bytes hash(32, 5), ec_signature = use(*body, 0x9E, 0x11, hash).data;
        Botan::PK_Verifier verifier{ec, "Raw", Botan::DER_SEQUENCE};
        CHECK(verifier.verify_message(hash.data(), hash.size(), ec_signature.data(), ec_signature.size()));
        // what is no key leaves the one that is there
        const Bytes before = body->snapshot();
        for (std::size_t at : {5U, 200U, 400U, 600U}) {
            Bytes bad = good;
            bad[at] ^= 0x02;
            CHECK(chained(*body, "00FE079E", bad).sw == 0x6A80);
        }
        CHECK(send(*body, command("00FE119E", object(6, Bytes(32, 0xFF)), 0)).sw == 0x6A80);
        CHECK(send(*body, command("00FE119E", object(6, Bytes(32, 0x00)), 0)).sw == 0x6A80);
        CHECK(send(*body, command("00FE119B", object(6, Bytes(32, 1)), 0)).sw == 0x6A86);
        CHECK(send(*body, command("00FE129E", object(6, Bytes(32, 1)), 0)).sw == 0x6A86);
        CHECK(body->snapshot() == before);
    }
}

TEST_CASE("PivApplet attests a key that it made", "[sim][piv]") {
    auto body = managed_piv_card("pivapplet");
    const Reply made = make_key(*body, 0x9A, 0x11);
    REQUIRE(made.sw == 0x9000);
    const Reply told = fetch(*body, send(*body, "00F99A0000"));
    REQUIRE(told.sw == 0x9000);
    const Botan::X509_Certificate certificate{told.data};
    const Reply own = get(*body, 0x5FFF01);
    REQUIRE(own.sw == 0x9000);
    ByteView rest{own.data};
    const auto inner = take_object(rest)->value;
    const Botan::X509_Certificate root{Bytes{inner.begin(), inner.end()}};
    const auto signer = root.load_subject_public_key();
    CHECK(certificate.check_signature(*signer));
    CHECK(root.check_signature(*signer));
    CHECK(certificate.subject_dn().get_first_attribute("CN") == "PIVApplet Attestation 9A");
    const Bytes point(made.data.begin() + 5, made.data.end());
    const auto bits = certificate.subject_public_key_bitstring();
    CHECK(Bytes(bits.begin(), bits.end()) == point);
    CHECK(sw(*body, "00F99C0000") == 0x6A86);
    CHECK(sw(*body, "00F9420000") == 0x6A86);
    CHECK(sw(*managed_piv_card("kartsaz-piv"), "00F99A0000") == 0x6D00);
}

}  // namespace kartsaz::sim::test
