// SPDX-License-Identifier: Apache-2.0
// Cards made with every key in a token: country signer, document signer, citizens' CA and masters.
#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <p11-kit/pkcs11.h>

#include "apdu/error.h"
#include "tests/unit/token/token_station.h"

using namespace kartsaz;
using namespace kartsaz::test;
using Catch::Contains;

TEST_CASE("a card is made and verified with all keys in a token") {
    if (!SoftToken::available()) return;
    const SoftToken soft;
    const auto token = soft.open();
    fill(token);
    const TokenStation station{token};
    CHECK(station.store().keyset("issuer").keys.empty());
    CHECK(station.store().keyset("active-authentication").keys.empty());
    CHECK(station.store().keyset("pin").keys.empty());
    const auto body = blank_body();
    const auto receipt = station.personalize(*body);
    CHECK_FALSE(receipt.development_keys);
    CHECK(station.faults_of(*body) == "");
    // the same call on the complete card finds nothing to do: all that is derived is derived again alike
    CHECK(station.personalize(*body).steps.empty());
}

TEST_CASE("a module that is ended between any two cards of a batch does not stop it") {
    if (!SoftToken::available()) return;
    const SoftToken soft;
    const auto token = soft.open();
    fill(token);
    const TokenStation station{token, "emrtd"};
    for (int i = 0; i < 3; ++i) {
        const auto body = blank_body();
        station.personalize(*body);
        SoftToken::finalize();
        CHECK(station.faults_of(*body) == "");
        SoftToken::finalize();
    }
    CHECK(token->restarts() == 5);
}

TEST_CASE("a module that dies at any signature or derivation of a card does not tear the card") {
    if (!SoftToken::available()) return;
    const SoftToken soft;
    const Wrapper wrapper;
    const auto token = soft.open(true);
    fill(token);
    const TokenStation station{token};
    const auto before = wrapper.calls("C_Sign");
    const auto whole = blank_body();
    station.personalize(*whole);
    const auto calls = wrapper.calls("C_Sign") - before;
    // ECDSA is repeated until its form has the usual length, so another card may need some fewer
    constexpr unsigned spare = 15;
    REQUIRE(calls > 10 + spare);
    for (unsigned nth = 1; nth + spare <= calls; nth += 1 + calls / 12) {
        INFO("signature " << nth << " of about " << calls);
        const auto body = blank_body();
        const auto restarts = token->restarts();
        wrapper.die("C_Sign", nth, nth % 2 == 0 ? CKR_DEVICE_ERROR : CKR_SESSION_HANDLE_INVALID);
        CHECK_NOTHROW(station.personalize(*body));
        CHECK(token->restarts() == restarts + 1);
        CHECK(station.faults_of(*body) == "");
    }
}

TEST_CASE("production refuses a token whose keys can be read, before the card is spoken to") {
    if (!SoftToken::available()) return;
    const SoftToken soft;
    const auto token = soft.open();
    fill(token);
    const TokenStation weak{token, "national-eid", true};
    const auto body = blank_body();
    CHECK_THROWS_WITH(weak.personalize(*body),
                      Contains("is for production and refuses keys that are not held well") &&
                          Contains("keyset/transport/30/enc") && Contains("can be read"));
}
