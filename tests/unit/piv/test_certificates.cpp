// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "apdu/error.h"
#include "keys/signing_key.h"
#include "libcard/app/piv/containers.h"
#include "libcard/app/piv/gzip.h"
#include "libcard/app/piv/objects.h"
#include "tests/unit/keys/pki.h"
#include "tests/unit/piv/samples.h"

using namespace kartsaz;
using namespace kartsaz::app::piv;
using Catch::Contains;
using test::fault_of;

namespace {

const std::string slot = "signature certificate";

const Bytes& certificate() {
    static const auto der = keys::identity_from_pem(test::pki_secret("ds-rsa.pem"), "test").certificate;
    return der;
}

}  // namespace

TEST_CASE("a certificate is stored as it is, or packed, and comes back the same from both") {
    const auto plain = encode_certificate_object(make_certificate_object(certificate(), false), slot);
    const auto packed = encode_certificate_object(make_certificate_object(certificate(), true), slot);
    CHECK(packed.size() < plain.size());
    CHECK(to_hex(ByteView{plain}.last(5)) == "710100FE00");
    CHECK(to_hex(ByteView{packed}.last(5)) == "710101FE00");
    for (const auto& value : {plain, packed}) {
        const auto object = decode_certificate_object(value, slot);
        CHECK(object.compressed() == (value == packed));
        CHECK(certificate_of(object, slot) == certificate());
        CHECK(encode_certificate_object(object, slot) == value);
    }
}

TEST_CASE("gzip has no name and no time in it, so the same input gives the same bytes") {
    const auto packed = gzip(certificate());
    CHECK(packed == gzip(certificate()));
    // RFC 1952, 2.3: magic, deflate, no flags, no time
    CHECK(to_hex(ByteView{packed}.first(8)) == "1F8B080000000000");
    CHECK(gunzip(packed, 65535, slot) == certificate());
    CHECK(gunzip(gzip({}), 10, slot).empty());
}

TEST_CASE("gzip that is cut, damaged, followed by bytes or larger than it may be is refused") {
    const auto packed = gzip(certificate());
    for (std::size_t size = 0; size < packed.size(); ++size) {
        CHECK_THAT(fault_of([&] { gunzip(ByteView{packed}.first(size), 65535, slot); }),
                   Contains(slot + ": gzip: offset"));
    }
    auto longer = packed;
    longer.push_back(0);
    CHECK_THAT(fault_of([&] { gunzip(longer, 65535, slot); }), Contains("1 bytes follow its end"));
    auto damaged = packed;
    damaged[packed.size() - 8] ^= 0x01;  // CRC-32
    CHECK_THAT(fault_of([&] { gunzip(damaged, 65535, slot); }), Contains("incorrect data check"));
    const auto bomb = gzip(Bytes(10'000'000));
    CHECK(bomb.size() < 20'000);
    CHECK_THAT(fault_of([&] { gunzip(bomb, 65535, slot); }), Contains("more than 65535 bytes come out"));
    CHECK(gunzip(packed, certificate().size(), slot) == certificate());
    CHECK_THAT(fault_of([&] { gunzip(packed, certificate().size() - 1, slot); }), Contains("bytes come out"));
}

TEST_CASE("a certificate of three kilobytes is an object like another") {
    const Bytes large(3000, 0x30);
    const auto value = encode_certificate_object(make_certificate_object(large, false), slot);
    CHECK(certificate_of(decode_certificate_object(value, slot), slot) == large);
}

TEST_CASE("an intermediate CVC stands beside the secure messaging signer's certificate only") {
    const auto& signer = container_of_id(id_sm_signer)->name;
    auto object = make_certificate_object(certificate(), false);
    object.intermediate_cvc = from_hex("5F2901005F370102");
    const auto value = encode_certificate_object(object, signer);
    CHECK(decode_certificate_object(value, signer).intermediate_cvc == object.intermediate_cvc);
    CHECK_THAT(fault_of([&] { decode_certificate_object(value, slot); }),
               Contains("tag 7F21 does not belong here"));
    CHECK_THROWS_AS(encode_certificate_object(object, slot), Error);
}
