// SPDX-License-Identifier: Apache-2.0
// A module in a process of its own that is killed while one station writes card after card. p11-kit's
// protocol has no CKM_AES_CMAC, so the masters are not in the token here; that derivations survive is shown
// by the module before SoftHSM (test_token_card.cpp).
#include <catch2/catch.hpp>

#include <set>

#include "apdu/error.h"
#include "keys/certificate_request.h"
#include "tests/support/token/module_server.h"
#include "tests/unit/token/token_station.h"

namespace kartsaz::test {
namespace {

using Catch::Contains;

std::shared_ptr<keys::Pkcs11Token> open_remote(const ModuleServer& server, std::vector<std::string>& told) {
    keys::TokenOptions options;
    options.restarted = [&told](const std::string& what) { told.push_back(what); };
    return keys::Pkcs11Token::open(keys::parse_pkcs11_uri(server.uri()), SoftToken::pin(), options);
}

/// Every certificate that was issued, and how many keys and chips they are for.
struct Issued {
    std::size_t certificates = 0, keys = 0, chips = 0;
};
Issued issued(const TokenStation& station) {
    const auto turn = station.ledger().turn();
    std::set<std::string> keys, chips;
    for (const auto& entry : turn.entries()) {
        keys.insert(entry.key);
        chips.insert(entry.chip);
    }
    return {turn.entries().size(), keys.size(), chips.size()};
}

}  // namespace

TEST_CASE(
    "a module whose process is killed after any card of a batch, and started anew, does not stop the batch") {
    if (!ModuleServer::available()) return;
    const SoftToken soft;
    ModuleServer server{soft};
    std::vector<std::string> told;
    const auto token = open_remote(server, told);
    fill_authorities(token);
    const TokenStation station{token, "national-eid", false, keys::development_keys()};
    constexpr std::uint32_t cards = 4;
    for (std::uint32_t card = 1; card <= cards; ++card) {
        const auto body = blank_body(card);
        CHECK_NOTHROW(station.personalize(*body));
        server.kill();
        server.start();
        CHECK(station.faults_of(*body) == "");
        CHECK(token->restarts() == card);
    }
    CHECK(told.size() == cards);
    for (const auto& what : told) CHECK_THAT(what, Contains("started anew"));
    const auto all = issued(station);
    CHECK(all.certificates == cards);
    CHECK(all.keys == cards);
    CHECK(all.chips == cards);
}

TEST_CASE(
    "while the module is away cards are left resumable, and the batch goes on with the same card when it is "
    "back") {
    if (!ModuleServer::available()) return;
    const SoftToken soft;
    ModuleServer server{soft};
    std::vector<std::string> told;
    const auto token = open_remote(server, told);
    fill_authorities(token);
    const TokenStation station{token, "national-eid", false, keys::development_keys()};
    const auto first = blank_body(1), second = blank_body(2);
    station.personalize(*first);
    server.kill();
    for (int i = 0; i < 3; ++i) {
        try {
            station.personalize(*second);
            FAIL("written without a token");
        } catch (const Error& error) {
            CHECK(error.code() == Errc::keys_failed);
            CHECK_THAT(error.what(), Contains("token kartsaz-test") || Contains("p11-kit-client"));
        }
    }
    server.start();
    CHECK_NOTHROW(station.personalize(*second));
    CHECK(station.faults_of(*second) == "");
    CHECK(issued(station).certificates == 2);
}

}  // namespace kartsaz::test
