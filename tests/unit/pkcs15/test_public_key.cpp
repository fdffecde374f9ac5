// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "apdu/error.h"
#include "apdu/tlv.h"
#include "libcard/app/pkcs15/objects.h"
#include "tests/unit/pkcs15/card_files.h"

using namespace kartsaz;
using namespace kartsaz::app::pkcs15;
using test::fault_of;
using test::file_of_vector;

namespace {

Bytes rsa_file() {
    return without_padding(file_of_vector("p15-3301"), "EF.3301");
}
Bytes ec_file() {
    return without_padding(file_of_vector("p15-3302"), "EF.3302");
}
/// The 65 bytes of the public point of p15-3302.
Bytes point() {
    const Bytes file = ec_file();
    return {file.end() - 65, file.end()};
}
/// The answer that IsoApplet gives for that key.
Bytes ec_answer(ByteView q) {
    apdu::TlvWriter out;
    return out
        .nest(0x7F49,
              [&](apdu::TlvWriter& in) {
                  in.put(0x81, Bytes(32, 0xFF)).put(0x82, Bytes(32, 0xFF)).put(0x83, Bytes(32, 0x5A));
                  in.put(0x84, Bytes(65, 0x04)).put(0x85, Bytes(32, 0xFF));
                  in.put(0x86, q).put(0x87, Bytes{0x01});
              })
        .bytes();
}
Bytes rsa_answer(ByteView n, ByteView e) {
    apdu::TlvWriter out;
    return out.nest(0x7F49, [&](apdu::TlvWriter& in) { in.put(0x81, n).put(0x82, e); }).bytes();
}
/// Modulus of p15-3301 without its sign byte.
Bytes modulus() {
    const Bytes file = rsa_file();
    return {file.begin() + 9, file.begin() + 9 + 256};
}
std::string refusal(ByteView answer, std::string_view algorithm) {
    try {
        public_key_from_answer(answer, algorithm);
        return {};
    } catch (const Error& error) {
        REQUIRE(error.code() == Errc::card_refused);
        return error.what();
    }
}

}  // namespace

TEST_CASE("public key files are SubjectPublicKeyInfo for EC and RSAPublicKey for RSA") {
    const Bytes ec = public_key_from_file(file_of_vector("file-3301"), KeyType::ec);
    CHECK(ec == ec_file());
    CHECK(public_key_file(ec) == ec_file());
    const Bytes rsa = public_key_from_file(file_of_vector("file-3300"), KeyType::rsa);
    CHECK(to_hex(rsa).substr(0, 48) == "30820122300D06092A864886F70D01010105000382010F00");
    CHECK(public_key_file(rsa) == rsa_file());
    // SubjectPublicKeyInfo of RSA is what others write
    CHECK(public_key_from_file(rsa, KeyType::rsa) == rsa);
}

TEST_CASE("a key of another kind than its entry says is refused") {
    CHECK_FALSE(fault_of([] { public_key_from_file(ec_file(), KeyType::rsa); }).empty());
    CHECK_FALSE(fault_of([] { public_key_from_file(rsa_file(), KeyType::ec); }).empty());
    // a bare point does not tell its curve (OpenSC lists it, but cannot use it either)
    const auto bare = file_of_vector("p15-ec-pubkey-octet-string");
    CHECK(fault_of([&] { public_key_from_file(bare, KeyType::ec); }).find("curve") != std::string::npos);
}

TEST_CASE("the answer of GENERATE becomes the key that OpenSC wrote from it") {
    CHECK(public_key_from_answer(ec_answer(point()), "ec-p256") == ec_file());
    const Bytes rsa = public_key_from_answer(rsa_answer(modulus(), from_hex("010001")), "rsa-2048");
    CHECK(public_key_file(rsa) == rsa_file());
    // leading zeros on either number
    const Bytes padded = concat({Bytes{0x00}, modulus()});
    CHECK(public_key_from_answer(rsa_answer(padded, from_hex("00010001")), "rsa-2048") == rsa);
}

TEST_CASE("an answer of GENERATE that is no key of the kind asked for is refused") {
    const Bytes good = ec_answer(point());
    for (std::size_t size = 0; size < good.size(); ++size) {
        INFO("cut to " << size);
        REQUIRE_FALSE(refusal(ByteView{good}.first(size), "ec-p256").empty());
    }
    CHECK_FALSE(refusal(concat({good, Bytes{0x00}}), "ec-p256").empty());
    CHECK_FALSE(refusal(good, "ec-p384").empty());
    CHECK_FALSE(refusal(good, "rsa-2048").empty());
    Bytes compressed = point();
    compressed[0] = 0x02;
    CHECK(refusal(ec_answer(compressed), "ec-p256").find("uncompressed") != std::string::npos);
    CHECK_FALSE(refusal(ec_answer(ByteView{compressed}.first(33)), "ec-p256").empty());
    CHECK_FALSE(refusal(ec_answer({}), "ec-p256").empty());

    const Bytes rsa = rsa_answer(modulus(), from_hex("010001"));
    for (std::size_t size = 0; size < rsa.size(); ++size) {
        INFO("cut to " << size);
        REQUIRE_FALSE(refusal(ByteView{rsa}.first(size), "rsa-2048").empty());
    }
    CHECK_FALSE(refusal(rsa, "rsa-3072").empty());
    CHECK_FALSE(refusal(rsa_answer(modulus(), from_hex("01")), "rsa-2048").empty());
    CHECK_FALSE(refusal(rsa_answer(modulus(), from_hex("010000")), "rsa-2048").empty());
    CHECK_FALSE(refusal(rsa_answer(modulus(), {}), "rsa-2048").empty());
    CHECK_FALSE(refusal(rsa_answer({}, from_hex("010001")), "rsa-2048").empty());
    Bytes small = modulus();
    small[0] = 0x7F;
    CHECK_FALSE(refusal(rsa_answer(small, from_hex("010001")), "rsa-2048").empty());
    CHECK_THROWS_AS(public_key_from_answer(good, "ec-p999"), Error);
}

TEST_CASE("a public key file cut or changed in any length byte is refused") {
    for (const auto& [good, type] : {std::pair{ec_file(), KeyType::ec}, {rsa_file(), KeyType::rsa}}) {
        for (std::size_t size = 0; size < good.size(); ++size) {
            INFO("cut to " << size);
            const auto kind = type;
            const Bytes cut(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size));
            REQUIRE_FALSE(fault_of([&] { public_key_from_file(cut, kind); }).empty());
        }
    }
    for (const std::size_t place : {1U, 3U, 24U}) {
        for (const int change : {-1, 1}) {
            Bytes bad = ec_file();
            bad[place] = static_cast<std::uint8_t>(bad[place] + change);
            INFO("offset " << place << " by " << change);
            CHECK_FALSE(fault_of([&] { public_key_from_file(bad, KeyType::ec); }).empty());
        }
    }
    Bytes negative = rsa_file();
    negative.erase(negative.begin() + 8);
    negative[3] = 0x09;
    negative[7] = 0x00;
    negative[6] = 0x01;
    CHECK_FALSE(fault_of([&] { public_key_from_file(negative, KeyType::rsa); }).empty());
}
