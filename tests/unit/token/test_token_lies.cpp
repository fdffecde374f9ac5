// SPDX-License-Identifier: Apache-2.0
// Modules that break the rules of PKCS#11: told in words, survived, never believed.
#include <catch2/catch.hpp>

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

constexpr unsigned long all_ones = ~0UL;

/// A token with one key of each kind, behind a module that is still honest.
struct Filled {
    SoftToken soft;
    Wrapper wrapper;
    std::shared_ptr<Pkcs11Token> token;
    std::shared_ptr<const SigningKey> ec, rsa;
    std::unique_ptr<KeyStore> store;

    Filled() : token{soft.open(true)} {
        ec = generate_token_key(token, "document-signer", KeyAlgorithm::ec_p256);
        rsa = generate_token_key(token, "csca", KeyAlgorithm::rsa_2048);
        generate_token_keyset(token, {"issuer", 0x31, {"enc", "mac", "dek"}});
        store = token_key_store(token);
    }
    void sign(const std::shared_ptr<const SigningKey>& key) const {
        (void)key->sign_digest(HashAlgorithm::sha256, Bytes(32, 5));
    }
    void derive() const { (void)store->keyset("issuer").scp_keys(from_hex("47905168479101500000")); }
};

}  // namespace

TEST_CASE("signatures of a wrong length are refused") {
    if (!SoftToken::available()) return;
    const Filled f;
    for (const unsigned long added : {1UL, 2UL, 64UL, all_ones, 0x7FFFFFFFFFFFFFFFUL}) {
        f.wrapper.lie("sign-length", added);
        CHECK_THROWS_WITH(f.sign(f.ec),
                          Contains("object document-signer") || Contains("breaks the rules of PKCS#11"));
        CHECK_THROWS_WITH(f.sign(f.ec), Contains("C_Sign") && Contains("64 expected"));
        CHECK_THROWS_WITH(f.sign(f.rsa), Contains("C_Sign") && Contains("256 expected"));
        CHECK_THROWS_WITH(f.derive(), Contains("C_Sign") && Contains("16 expected"));
    }
    f.wrapper.lie("sign-length", 0);
    CHECK_NOTHROW(f.sign(f.ec));
    CHECK(f.token->restarts() == 0);
}

TEST_CASE("a signature that the key's own public half does not verify is not used") {
    if (!SoftToken::available()) return;
    const Filled f;
    f.wrapper.lie("sign-bit", 1);
    CHECK_THROWS_WITH(f.sign(f.ec), Contains("does not verify"));
    CHECK_THROWS_WITH(f.sign(f.rsa), Contains("does not verify"));
    f.wrapper.lie("sign-bit", 0);
    CHECK_NOTHROW(f.sign(f.rsa));
}

TEST_CASE("encryptions of a wrong length are refused") {
    if (!SoftToken::available()) return;
    const Filled f;
    for (const unsigned long size : {1UL, 15UL, 17UL, 80UL, 4096UL, all_ones}) {
        f.wrapper.lie("encrypt-length", size);
        CHECK_THROWS_WITH(f.store->keyset("issuer").kcvs(), Contains("C_Encrypt") && Contains("16 expected"));
    }
}

TEST_CASE("attributes of impossible lengths are refused before anything is read") {
    if (!SoftToken::available()) return;
    const Filled f;
    for (const unsigned long size : {65537UL, 0x40000000UL, 0x7FFFFFFFFFFFFFFFUL, all_ones}) {
        f.wrapper.lie("attribute-length", size);
        CHECK_THROWS_WITH(token_key(f.token, "document-signer"), Contains("at most"));
        CHECK_THROWS_WITH(token_key_store(f.token), Contains("C_GetAttributeValue"));
    }
    f.wrapper.lie("attribute-length", 0);
    f.wrapper.lie("attribute-grows", 1);
    CHECK_THROWS_WITH(token_key(f.token, "document-signer"), Contains("bytes, then of"));
    f.wrapper.lie("attribute-grows", 0);
    f.wrapper.lie("number-size", 1);
    CHECK_THROWS_WITH(token_key(f.token, "document-signer"), Contains("a number, of 4 bytes"));
    f.wrapper.lie("number-size", 0);
    CHECK_NOTHROW(token_key(f.token, "document-signer"));
}

TEST_CASE("attributes that are cut short are refused, each of them at each length") {
    if (!SoftToken::available()) return;
    const Filled f;
    for (const unsigned long type :
         {CKA_KEY_TYPE, CKA_EC_PARAMS, CKA_EC_POINT, CKA_MODULUS, CKA_PUBLIC_EXPONENT}) {
        f.wrapper.lie("attribute-type", type);
        for (const unsigned long size : {1UL, 2UL, 3UL, 7UL, 9UL, 33UL, 66UL, 68UL, 255UL}) {
            f.wrapper.lie("attribute-length", size);
            for (const auto* label : {"document-signer", "csca"}) {
                INFO(type << " " << size << " " << label);
                try {
                    const auto key = token_key(f.token, label);
                    f.sign(key);  // an attribute that this key does not have
                } catch (const Error& error) {
                    CHECK(error.code() == Errc::keys_failed);
                }
            }
        }
        f.wrapper.lie("attribute-length", 0);
    }
}

TEST_CASE("lists that are too long or have no end are refused") {
    if (!SoftToken::available()) return;
    const Filled f;
    f.wrapper.lie("find-count", 65);
    CHECK_THROWS_WITH(token_key(f.token, "csca"), Contains("65 objects of 64"));
    f.wrapper.lie("find-count", all_ones);
    CHECK_THROWS_WITH(token_key(f.token, "csca"), Contains("C_FindObjects"));
    f.wrapper.lie("find-count", 0);
    f.wrapper.lie("find-endless", 1);
    CHECK_THROWS_WITH(token_key(f.token, "csca"), Contains("a list without end"));
    f.wrapper.lie("find-endless", 0);
    CHECK_NOTHROW(token_key(f.token, "csca"));
}

TEST_CASE("impossible numbers of slots and mechanisms are refused") {
    if (!SoftToken::available()) return;
    const SoftToken soft;
    const Wrapper wrapper;
    for (const unsigned long count : {1025UL, all_ones}) {
        wrapper.lie("slots", count);
        CHECK_THROWS_WITH(soft.open(true), Contains("C_GetSlotList"));
    }
    wrapper.lie("slots", 0);
    for (const unsigned long count : {4097UL, all_ones}) {
        wrapper.lie("mechanisms", count);
        CHECK_THROWS_WITH(soft.open(true), Contains("C_GetMechanismList"));
    }
    wrapper.lie("mechanisms", 0);
    CHECK_NOTHROW(soft.open(true));
}

TEST_CASE("every code at every call is an error in words, and the next call works") {
    if (!SoftToken::available()) return;
    const Filled f;
    for (const unsigned long rv :
         {CKR_HOST_MEMORY, CKR_ARGUMENTS_BAD, CKR_DEVICE_MEMORY, CKR_KEY_TYPE_INCONSISTENT,
          CKR_KEY_FUNCTION_NOT_PERMITTED, CKR_MECHANISM_INVALID, CKR_OPERATION_ACTIVE, CKR_BUFFER_TOO_SMALL,
          CKR_DATA_LEN_RANGE, 0x80000042UL}) {
        for (const auto* function : {"C_SignInit", "C_Sign"}) {
            f.wrapper.fail(function, 1, rv);
            CHECK_THROWS_WITH(f.sign(f.ec), Contains(function) && Contains("token kartsaz-test"));
            CHECK_NOTHROW(f.sign(f.ec));
        }
        for (const auto* function : {"C_FindObjectsInit", "C_FindObjects", "C_GetAttributeValue"}) {
            f.wrapper.fail(function, 1, rv);
            CHECK_THROWS_WITH(token_key(f.token, "csca"), Contains(function));
            CHECK_NOTHROW(token_key(f.token, "csca"));
        }
    }
    CHECK(f.token->restarts() == 0);
}

TEST_CASE("a module that cannot lock is used one call at a time") {
    if (!SoftToken::available()) return;
    const SoftToken soft;
    const Wrapper wrapper;
    wrapper.lie("cannot-lock", 1);
    const auto token = soft.open(true);
    const auto key = generate_token_key(token, "k", KeyAlgorithm::ec_p256);
    CHECK_NOTHROW(key->sign_digest(HashAlgorithm::sha256, Bytes(32, 1)));
}
