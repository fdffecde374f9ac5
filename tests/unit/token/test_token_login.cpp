// SPDX-License-Identifier: Apache-2.0
// When a PIN is given to a token, and when it is not.
#include <catch2/catch.hpp>
#include <p11-kit/pkcs11.h>

#include "apdu/error.h"
#include "tests/support/token/soft_token.h"

using namespace kartsaz;
using namespace kartsaz::keys;
using Catch::Contains;
using kartsaz::test::SoftToken;
using kartsaz::test::Wrapper;

namespace {

SecretBytes pin(std::string_view text) {
    return SecretBytes{to_bytes(text)};
}

Pkcs11Uri wrapped(const SoftToken& token) {
    auto uri = token.uri();
    uri.module_path = Wrapper::path();
    return uri;
}

Errc code_of(const std::function<void()>& work) {
    try {
        work();
    } catch (const Error& error) {
        return error.code();
    }
    return Errc::internal;
}

}  // namespace

TEST_CASE("a token is found by its URI and opened with its PIN") {
    if (!SoftToken::available()) return;
    const SoftToken soft{"kartsaz-hsm"};
    const auto token = soft.open();
    const auto facts = token->facts();
    CHECK(facts.label == "kartsaz-hsm");
    CHECK(facts.manufacturer == "SoftHSM project");
    CHECK(facts.pin == "set");
    CHECK(facts.logged_in);
    CHECK(token->place() == "token kartsaz-hsm");
    CHECK(std::count(facts.mechanisms.begin(), facts.mechanisms.end(), "CKM_AES_CMAC") == 1);
    CHECK(facts.missing.empty());
}

TEST_CASE("a token that the process has open already is shared, with the same PIN only") {
    if (!SoftToken::available()) return;
    const SoftToken soft;
    const Wrapper wrapper;
    const auto first = Pkcs11Token::open(wrapped(soft), SoftToken::pin());
    const auto second = Pkcs11Token::open(wrapped(soft), SoftToken::pin());
    CHECK(first == second);
    CHECK_THROWS_WITH(Pkcs11Token::open(wrapped(soft), pin("other-0000")), Contains("with another PIN"));
    CHECK(wrapper.calls("C_Login") == 1);
}

TEST_CASE("without a PIN a token tells what it is and nobody logs in") {
    if (!SoftToken::available()) return;
    const SoftToken soft;
    const Wrapper wrapper;
    const auto token = Pkcs11Token::open(wrapped(soft), SecretBytes{});
    CHECK_FALSE(token->facts().logged_in);
    CHECK(wrapper.calls("C_Login") == 0);
}

TEST_CASE("a URI that fits no token or several is refused with what is there") {
    if (!SoftToken::available()) return;
    const SoftToken soft{"first"};
    soft.add("second");
    auto uri = soft.uri();
    uri.token = "third";
    CHECK_THROWS_WITH(Pkcs11Token::open(uri, SoftToken::pin()),
                      Contains("token third: not there") && Contains("\"first\"") && Contains("\"second\""));
    uri.token.clear();
    CHECK_THROWS_WITH(Pkcs11Token::open(uri, SoftToken::pin()), Contains("fits 2 tokens"));
    uri.serial = "0000";
    CHECK_THROWS_WITH(Pkcs11Token::open(uri, SoftToken::pin()), Contains("not there"));
    uri.serial.clear();
    uri.model = "SoftHSM v3";
    CHECK_THROWS_WITH(Pkcs11Token::open(uri, SoftToken::pin()), Contains("not there"));
}

TEST_CASE("a file that is no module is refused") {
    auto uri = parse_pkcs11_uri("pkcs11:token=t");
    CHECK_THROWS_WITH(Pkcs11Token::open(uri, SoftToken::pin()), Contains("add ?module-path="));
    uri.module_path = "/nowhere/module.so";
    CHECK_THROWS_WITH(Pkcs11Token::open(uri, SoftToken::pin()), Contains("cannot be loaded"));
    CHECK(code_of([&] { Pkcs11Token::open(uri, SoftToken::pin()); }) == Errc::keys_failed);
    uri.module_path = "/proc/self/exe";
    CHECK_THROWS_AS(Pkcs11Token::open(uri, SoftToken::pin()), Error);
}

TEST_CASE("a wrong PIN is given once and never again by itself") {
    if (!SoftToken::available()) return;
    const SoftToken soft;
    const Wrapper wrapper;
    CHECK_THROWS_WITH(Pkcs11Token::open(wrapped(soft), pin("wrong-1111")),
                      Contains("CKR_PIN_INCORRECT (the PIN is wrong)") && Contains("not tried again"));
    CHECK(wrapper.calls("C_Login") == 1);
    // the token's own flag is what a second program sees
    CHECK_THROWS_WITH(Pkcs11Token::open(wrapped(soft), pin("wrong-1111")), Contains("--retry-token-pin"));
    CHECK_THROWS_WITH(Pkcs11Token::open(wrapped(soft), SoftToken::pin()), Contains("--retry-token-pin"));
    CHECK(wrapper.calls("C_Login") == 1);
    // the same PIN stays refused even when someone insists; another one may be tried on purpose
    CHECK_THROWS_WITH(Pkcs11Token::open(wrapped(soft), pin("wrong-1111"), {true, 4}),
                      Contains("refused this very PIN before"));
    CHECK(wrapper.calls("C_Login") == 1);
    CHECK(Pkcs11Token::open(wrapped(soft), SoftToken::pin(), {true, 4})->facts().logged_in);
    CHECK(wrapper.calls("C_Login") == 2);
    // and now the token is content again
    CHECK(Pkcs11Token::open(wrapped(soft), SoftToken::pin())->facts().pin == "set");
}

TEST_CASE("a login that failed for another reason is not repeated by itself while the PIN is unproved") {
    if (!SoftToken::available()) return;
    const SoftToken soft;
    const Wrapper wrapper;
    for (const unsigned long rv :
         {CKR_DEVICE_ERROR, CKR_GENERAL_ERROR, CKR_SESSION_HANDLE_INVALID, CKR_PIN_EXPIRED}) {
        const auto before = wrapper.calls("C_Login");
        wrapper.fail("C_Login", 1, rv);
        CHECK_THROWS_WITH(Pkcs11Token::open(wrapped(soft), pin("unproved-22")), Contains("C_Login: CKR_"));
        CHECK(wrapper.calls("C_Login") == before + 1);
    }
}

TEST_CASE("the token's flags are read before any login") {
    if (!SoftToken::available()) return;
    const SoftToken soft;
    const Wrapper wrapper;
    const auto open = [&](unsigned long flags, bool retry) {
        wrapper.lie("pin-flags", flags);
        Pkcs11Token::open(wrapped(soft), pin("flagged-333"), {retry, 4});
    };
    for (const bool retry : {false, true}) {
        CHECK_THROWS_WITH(open(CKF_USER_PIN_LOCKED, retry), Contains("the user PIN is locked"));
        CHECK_THROWS_WITH(open(CKF_USER_PIN_FINAL_TRY, retry),
                          Contains("one try left, which is never spent"));
        CHECK_THROWS_WITH(open(CKF_USER_PIN_FINAL_TRY | CKF_USER_PIN_COUNT_LOW, retry),
                          Contains("one try left"));
        CHECK(code_of([&] { open(CKF_USER_PIN_LOCKED, retry); }) == Errc::pin_blocked);
    }
    CHECK_THROWS_WITH(open(CKF_USER_PIN_COUNT_LOW, false), Contains("a wrong PIN was given last"));
    CHECK(wrapper.calls("C_Login") == 0);
    CHECK_THROWS_WITH(open(CKF_USER_PIN_COUNT_LOW, true), Contains("CKR_PIN_INCORRECT"));
    CHECK(wrapper.calls("C_Login") == 1);
}

TEST_CASE("a PIN that the token locks on is told as locked") {
    if (!SoftToken::available()) return;
    const SoftToken soft;
    const Wrapper wrapper;
    wrapper.fail("C_Login", 1, CKR_PIN_LOCKED);
    CHECK(code_of([&] { Pkcs11Token::open(wrapped(soft), pin("locked-4444")); }) == Errc::pin_blocked);
}
