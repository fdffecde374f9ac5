// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "libcard/app/piv/signatures.h"
#include "tests/unit/keys/pki.h"
#include "tests/unit/piv/samples.h"

using namespace kartsaz;
using Catch::Contains;
using test::fault_of;
using test::piv_decoders;

TEST_CASE("every small PIV object is decoded and encoded to the same bytes") {
    REQUIRE(piv_decoders().size() == 13);
    for (const auto& one : piv_decoders()) {
        INFO(one.name);
        CHECK(one.again(one.good) == one.good);
    }
}

TEST_CASE("every truncation of a small PIV object is refused with name, offset and rule") {
    for (const auto& one : piv_decoders()) {
        for (std::size_t size = 0; size < one.good.size(); ++size) {
            INFO(one.name << " cut to " << size);
            const auto fault = fault_of([&] { one.again(ByteView{one.good}.first(size)); });
            CHECK_THAT(fault, Contains(one.name));
            CHECK_THAT(fault, Contains("offset"));
        }
    }
}

TEST_CASE("every changed byte of a small PIV object ends in a value or in an input error") {
    for (const auto& one : piv_decoders()) {
        std::size_t refused = 0;
        for (std::size_t at = 0; at < one.good.size(); ++at) {
            for (unsigned value = 0; value < 256; ++value) {
                auto bad = one.good;
                bad[at] = static_cast<std::uint8_t>(value);
                // fault_of() lets everything through that is not Error{input_invalid}
                if (!fault_of([&] { one.again(bad); }).empty()) ++refused;
            }
        }
        INFO(one.name);
        CHECK(refused > one.good.size());
    }
}

TEST_CASE("bytes after the end of a small PIV object are refused") {
    for (const auto& one : piv_decoders()) {
        auto longer = one.good;
        longer.push_back(0x53);
        INFO(one.name);
        CHECK_FALSE(fault_of([&] { one.again(longer); }).empty());
    }
}

TEST_CASE(
    "every truncation and changed byte of a signed CHUID is a finding, an input error or leaves it right") {
    namespace piv = app::piv;
    const keys::ContentSigner signer{keys::identity_from_pem(test::pki_secret("ds.pem"), "test")};
    const auto good = piv::sign_chuid(test::small_chuid(), signer, 1'763'700'000);
    REQUIRE(piv::check_chuid_signature(good).ok());
    for (std::size_t size = 0; size < good.size(); ++size) {
        CHECK_FALSE(fault_of([&] { piv::check_chuid_signature(ByteView{good}.first(size)); }).empty());
    }
    std::size_t noticed = 0;
    for (std::size_t at = 0; at < good.size(); ++at) {
        auto bad = good;
        bad[at] ^= 0x01;
        const auto fault = fault_of([&] {
            const auto check = piv::check_chuid_signature(bad);
            if (!check.ok() || check.certificate != signer.certificate()) ++noticed;
        });
        if (!fault.empty()) ++noticed;
    }
    // all but versions and algorithm identifiers, which the signature does not cover
    CHECK(noticed > good.size() * 9 / 10);
}
