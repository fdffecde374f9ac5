// SPDX-License-Identifier: Apache-2.0
// Commands against what OpenSC 0.23 sent to the applet (vectors/isoapplet_trace.json).
#include <catch2/catch.hpp>

#include <algorithm>

#include "apdu/error.h"
#include "keys/crypto.h"
#include "libcard/app/pkcs15/commands.h"
#include "libcard/app/pkcs15/curves.h"
#include "libcard/app/pkcs15/objects.h"
#include "tests/support/vectors.h"

namespace {

using namespace kartsaz;
using namespace kartsaz::app::pkcs15;
using keys::KeyAlgorithm;

/// True when OpenSC sent exactly this.
bool sent_by_opensc(const apdu::CommandApdu& command) {
    const std::string wire = to_hex(apdu::encode(command));
    for (const auto& vector : test::vectors("isoapplet_trace", "apdu-trace")) {
        for (const auto& exchange : vector.data.at("apdus")) {
            if (exchange.at("c").get<std::string>() == wire) return true;
        }
    }
    return false;
}

}  // namespace

TEST_CASE("files are made with the templates that OpenSC sends", "[signature][commands]") {
    CHECK(sent_by_opensc(create_ef(0x4401, 256, from_hex("FF90909090909000"))));
    CHECK(sent_by_opensc(create_ef(0x5032, 50, from_hex("FF00000000000000"))));
    CHECK(sent_by_opensc(create_ef(0x3400, 825, from_hex("FF90FFFFFFFF9000"))));
    CHECK(to_hex(apdu::encode(create_df(0x5015, acl_df))) ==
          "00E00000136F11820138830250158608FF90FFFFFF909090");
    CHECK(to_hex(apdu::encode(delete_file(0x3400))) == "00E40000023400");
    CHECK_THROWS_AS(create_ef(0x3400, 0, acl_file), Error);
    CHECK_NOTHROW(create_ef(0x3400, 32767, acl_file));
    CHECK_THROWS_AS(create_ef(0x3400, 32768, acl_file), Error);
}

TEST_CASE("keys are made with the commands that OpenSC sends", "[signature][commands]") {
    CHECK(sent_by_opensc(mse_generate(KeyAlgorithm::rsa_2048, 0)));
    CHECK(sent_by_opensc(mse_generate(KeyAlgorithm::ec_p256, 1)));
    CHECK(sent_by_opensc(generate(KeyAlgorithm::rsa_2048, false)));
    auto curve = generate(KeyAlgorithm::ec_p256, false);
    curve.ne = 256;
    CHECK(sent_by_opensc(curve));
    CHECK(to_hex(apdu::encode(generate(KeyAlgorithm::rsa_2048))) == "0046420000010E");
    CHECK(generate(KeyAlgorithm::ec_p256).ne == 279U);
    CHECK(generate(KeyAlgorithm::ec_p384).ne == 407U);
    CHECK(generate(KeyAlgorithm::ec_p384).data.size() == 303);
    CHECK(generate_answer_size(KeyAlgorithm::rsa_4096) == 526);
    CHECK_THROWS_AS(curve_of(KeyAlgorithm::rsa_2048), Error);
}

TEST_CASE("a signature is asked for with exactly the length that comes", "[signature][commands]") {
    const Bytes digest = keys::sha256(to_bytes("abc"));
    CHECK(sent_by_opensc(sign(KeyAlgorithm::rsa_2048, digest)));
    CHECK(to_hex(apdu::encode(mse_sign(KeyAlgorithm::rsa_2048, 0))) == "002241B606800111840100");
    CHECK(to_hex(apdu::encode(mse_sign(KeyAlgorithm::ec_p256, 2))) == "002241B606800121840102");
    CHECK(sign(KeyAlgorithm::ec_p256, digest).data == digest);
    CHECK(sign(KeyAlgorithm::ec_p256, digest).ne == 72U);
    CHECK(sign(KeyAlgorithm::ec_p384, digest).ne == 104U);
    CHECK(sign(KeyAlgorithm::rsa_3072, digest).ne == 384U);
    CHECK(sign(KeyAlgorithm::rsa_4096, digest).ne == 512U);
}

TEST_CASE("a version is three bytes and nothing else", "[signature][commands]") {
    for (std::size_t size = 0; size < 6; ++size) {
        CHECK(parse_version(Bytes(size, 0x01)).has_value() == (size == 3));
    }
    const auto version = parse_version(from_hex("01002F"));
    REQUIRE(version);
    CHECK((version->extended() && version->ecc() && version->rsa_4096() && !version->rsa_3072()));
    CHECK(to_hex(apdu::encode(get_version(false))) == "00CA010100");
    CHECK(to_hex(apdu::encode(get_version(true))) == "00CA0101000100");
}

TEST_CASE("a sample key is as long as a real one", "[signature][commands]") {
    for (const auto& vector : test::vectors("isoapplet_trace", "pkcs15-file")) {
        if (vector.text("name") == "EC public key") {
            CHECK(public_key_file(sample_public_key(KeyAlgorithm::ec_p256)).size() ==
                  vector.bytes("content_without_trailing_zero").size());
        }
        if (vector.text("name") == "RSA public key") {
            CHECK(public_key_file(sample_public_key(KeyAlgorithm::rsa_2048)).size() ==
                  vector.bytes("content_without_trailing_zero").size());
        }
    }
    for (const auto algorithm : {KeyAlgorithm::ec_p256, KeyAlgorithm::ec_p384, KeyAlgorithm::rsa_2048,
                                 KeyAlgorithm::rsa_3072, KeyAlgorithm::rsa_4096}) {
        CHECK(keys::algorithm_of(sample_public_key(algorithm)) == algorithm);
    }
}

TEST_CASE("PIN and PUK commands are the applet's", "[signature][commands]") {
    CHECK(to_hex(apdu::encode(pin_status())) == "00200001");
    CHECK(to_hex(apdu::encode(puk_status())) == "00240102");
    CHECK(to_hex(apdu::encode(set_reference_header(pin_reference))) == "00240101");
    CHECK(to_hex(apdu::encode(reset_retry_header())) == "002C0001");
    CHECK(to_hex(apdu::encode(verify_header())) == "00200001");
    CHECK(to_hex(apdu::encode(select_fid(0x5015))) == "00A4000002501500");
}
