// SPDX-License-Identifier: Apache-2.0
// Modules and tokens that go away and come back.
#include <catch2/catch.hpp>

#include <atomic>
#include <thread>

#include "apdu/error.h"
#include "keys/crypto.h"
#include "keys/pkcs11_make.h"
#include "tests/support/token/soft_token.h"
#include "tests/unit/token/token_objects.h"

using namespace kartsaz;
using namespace kartsaz::keys;
using namespace kartsaz::test;
using Catch::Contains;

namespace {

const Bytes chip_kdd = from_hex("47905168479101500000");

}  // namespace

TEST_CASE("a module that is ended from outside is started again, with the PIN that was right before") {
    if (!SoftToken::available()) return;
    const SoftToken soft;
    const auto token = soft.open();
    const auto key = generate_token_key(token, "document-signer", KeyAlgorithm::ec_p256);
    generate_token_keyset(token, {"issuer", 0x31, {"enc", "mac", "dek"}});
    const auto store = token_key_store(token);
    const auto before = store->keyset("issuer").scp_keys(chip_kdd).kcvs();
    for (unsigned time = 1; time <= 3; ++time) {
        SoftToken::finalize();
        CHECK_NOTHROW(key->sign_digest(HashAlgorithm::sha256, Bytes(32, 1)));
        CHECK(token->restarts() == 2 * time - 1);
        SoftToken::finalize();
        CHECK(store->keyset("issuer").scp_keys(chip_kdd).kcvs() == before);
        CHECK(token->restarts() == 2 * time);
    }
    SoftToken::finalize();
    CHECK(token->facts().logged_in);
    SoftToken::finalize();
    CHECK(token_key(token, "document-signer")->public_key() == key->public_key());
}

TEST_CASE("an operation is repeated once after each code that says the token was away") {
    if (!SoftToken::available()) return;
    const SoftToken soft;
    const Wrapper wrapper;
    const auto token = soft.open(true);
    const auto key = generate_token_key(token, "k", KeyAlgorithm::ec_p256);
    unsigned restarts = 0;
    for (const unsigned long rv :
         {CKR_DEVICE_REMOVED, CKR_DEVICE_ERROR, CKR_SESSION_HANDLE_INVALID, CKR_SESSION_CLOSED,
          CKR_TOKEN_NOT_PRESENT, CKR_CRYPTOKI_NOT_INITIALIZED, CKR_USER_NOT_LOGGED_IN, CKR_GENERAL_ERROR,
          CKR_FUNCTION_FAILED, CKR_KEY_HANDLE_INVALID, CKR_SLOT_ID_INVALID}) {
        for (const auto* function : {"C_SignInit", "C_Sign"}) {
            const auto logins = wrapper.calls("C_Login");
            wrapper.fail(function, 1, rv);
            CHECK_NOTHROW(key->sign_digest(HashAlgorithm::sha256, Bytes(32, 1)));
            CHECK(token->restarts() == ++restarts);
            CHECK(wrapper.calls("C_Login") == logins + 1);
        }
        // away twice in a row: told, and fine again later
        wrapper.fail("C_Sign", 1, rv, 2);
        CHECK_THROWS_WITH(key->sign_digest(HashAlgorithm::sha256, Bytes(32, 1)),
                          Contains("C_Sign") && Contains("it was tried again"));
        restarts = token->restarts();
        CHECK_NOTHROW(key->sign_digest(HashAlgorithm::sha256, Bytes(32, 1)));
        CHECK(token->restarts() == restarts);
    }
}

TEST_CASE("a module that dies at any call of a batch is survived") {
    if (!SoftToken::available()) return;
    const SoftToken soft;
    const Wrapper wrapper;
    const auto token = soft.open(true);
    const auto key = generate_token_key(token, "k", KeyAlgorithm::ec_p256);
    generate_token_keyset(token, {"issuer", 0x31, {"enc", "mac", "dek"}});
    const auto store = token_key_store(token);
    const auto before = store->keyset("issuer").scp_keys(chip_kdd).kcvs();
    const auto batch = [&] {
        (void)key->sign_digest(HashAlgorithm::sha256, Bytes(32, 1));
        CHECK(store->keyset("issuer").scp_keys(chip_kdd).kcvs() == before);
    };
    // a batch signs once, and has six blocks of CMAC
    for (unsigned nth = 1; nth <= 7; ++nth) {
        for (const unsigned long rv : {CKR_DEVICE_ERROR, CKR_SESSION_HANDLE_INVALID}) {
            const auto restarts = token->restarts();
            wrapper.die(nth % 2 == 0 ? "C_Sign" : "C_SignInit", nth, rv);
            batch();
            CHECK(token->restarts() == restarts + 1);
        }
    }
}

TEST_CASE("a module that does not come back is told, and taken up when it does") {
    if (!SoftToken::available()) return;
    const SoftToken soft;
    const Wrapper wrapper;
    const auto token = soft.open(true);
    const auto key = generate_token_key(token, "k", KeyAlgorithm::ec_p256);
    const auto sign = [&] { (void)key->sign_digest(HashAlgorithm::sha256, Bytes(32, 1)); };
    wrapper.die("C_Sign", 1, CKR_DEVICE_ERROR);
    wrapper.fail("C_Initialize", 1, CKR_DEVICE_ERROR, 3);
    for (int i = 0; i < 3; ++i) CHECK_THROWS_WITH(sign(), Contains("C_Initialize: CKR_DEVICE_ERROR"));
    CHECK_NOTHROW(sign());
    // the token is not in its slot for a while
    wrapper.fail("C_Sign", 1, CKR_TOKEN_NOT_PRESENT);
    wrapper.fail("C_GetTokenInfo", 1, CKR_TOKEN_NOT_PRESENT, 99);
    CHECK_THROWS_WITH(sign(), Contains("token kartsaz-test: not there"));
    wrapper.fail("C_GetTokenInfo", 0, CKR_OK);
    CHECK_NOTHROW(sign());
}

TEST_CASE(
    "a token that another station's login hides for a moment is looked for three times, and then told") {
    if (!SoftToken::available()) return;
    const SoftToken soft;
    const Wrapper wrapper;
    const unsigned slots = 2;  // SoftHSM shows one more, for a token to be made
    for (const unsigned looks : {1U, 2U}) {
        wrapper.fail("C_GetTokenInfo", 1, CKR_TOKEN_NOT_RECOGNIZED, looks * slots);
        const auto before = wrapper.calls("C_Initialize");
        const auto token = soft.open(true);
        CHECK(token->facts().logged_in);
        CHECK(wrapper.calls("C_Initialize") == before + 1 + looks);
        CHECK(token->restarts() == 0);  // it was never away: it was not seen yet
    }
    wrapper.fail("C_GetTokenInfo", 1, CKR_TOKEN_NOT_RECOGNIZED, 3 * slots);
    CHECK_THROWS_WITH(soft.open(true), Contains("not there") && Contains("no initialized token"));
    CHECK(wrapper.calls("C_Login") == 2);
    CHECK_NOTHROW(soft.open(true));
    // and between the look and the login
    wrapper.fail("C_GetTokenInfo", slots + 1, CKR_TOKEN_NOT_RECOGNIZED, 2 * slots);
    CHECK(soft.open(true)->restarts() == 2);
}

TEST_CASE("a PIN that is refused when logging in again is given once, and the token is then left alone") {
    if (!SoftToken::available()) return;
    const SoftToken soft;
    const Wrapper wrapper;
    const auto token = soft.open(true);
    const auto key = generate_token_key(token, "k", KeyAlgorithm::ec_p256);
    const auto sign = [&] { (void)key->sign_digest(HashAlgorithm::sha256, Bytes(32, 1)); };
    const auto logins = wrapper.calls("C_Login");
    wrapper.fail("C_Sign", 1, CKR_DEVICE_REMOVED);
    wrapper.fail("C_Login", 1, CKR_PIN_INCORRECT);
    CHECK_THROWS_WITH(sign(), Contains("CKR_PIN_INCORRECT") && Contains("not tried again"));
    CHECK(wrapper.calls("C_Login") == logins + 1);
    for (int i = 0; i < 3; ++i) CHECK_THROWS_WITH(sign(), Contains("CKR_PIN_INCORRECT"));
    CHECK(wrapper.calls("C_Login") == logins + 1);
}

TEST_CASE("nobody logs in again where a wrong PIN was given to the token meanwhile") {
    if (!SoftToken::available()) return;
    const SoftToken soft;
    const Wrapper wrapper;
    const auto token = soft.open(true);
    const auto key = generate_token_key(token, "k", KeyAlgorithm::ec_p256);
    const auto logins = wrapper.calls("C_Login");
    wrapper.fail("C_Sign", 1, CKR_DEVICE_REMOVED);
    wrapper.lie("pin-flags", CKF_USER_PIN_COUNT_LOW);
    CHECK_THROWS_WITH(key->sign_digest(HashAlgorithm::sha256, Bytes(32, 1)),
                      Contains("a wrong PIN was given last"));
    CHECK(wrapper.calls("C_Login") == logins);
    wrapper.lie("pin-flags", 0);
    CHECK_NOTHROW(key->sign_digest(HashAlgorithm::sha256, Bytes(32, 1)));
}

TEST_CASE("threads share sessions, also while the module dies under them") {
    if (!SoftToken::available()) return;
    const SoftToken soft;
    const Wrapper wrapper;
    const auto sessions = GENERATE(1U, 3U);
    CAPTURE(sessions);
    const auto token = soft.open(true, sessions);
    const auto key = generate_token_key(token, "k", KeyAlgorithm::ec_p256);
    std::atomic<unsigned> signatures{0}, failures{0};
    const auto before = wrapper.calls("C_OpenSession");
    const auto work = [&] {
        for (int i = 0; i < 40; ++i) {
            try {
                (void)key->sign_digest(HashAlgorithm::sha256, Bytes(32, static_cast<std::uint8_t>(i)));
                ++signatures;
            } catch (const Error&) {
                ++failures;
            }
        }
    };
    const auto run = [&] {
        std::vector<std::thread> threads;
        for (int i = 0; i < 8; ++i) threads.emplace_back(work);
        for (auto& thread : threads) thread.join();
    };
    run();
    CHECK(signatures == 320);
    CHECK(failures == 0);
    CHECK(wrapper.calls("C_OpenSession") <= before + sessions);
    wrapper.die("C_Sign", 100, CKR_SESSION_HANDLE_INVALID);
    run();
    CHECK(signatures == 640);
    CHECK(failures == 0);
    CHECK(token->restarts() == 1);
}
