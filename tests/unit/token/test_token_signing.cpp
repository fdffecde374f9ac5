// SPDX-License-Identifier: Apache-2.0
// Private keys that sign inside a token, judged by OpenSSL.
#include <catch2/catch.hpp>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <p11-kit/pkcs11.h>

#include "apdu/error.h"
#include "keys/crypto.h"
#include "keys/pkcs11_make.h"
#include "keys/pkcs11_session.h"
#include "tests/support/token/soft_token.h"

using namespace kartsaz;
using namespace kartsaz::keys;
using Catch::Contains;
using kartsaz::test::SoftToken;
using kartsaz::test::Wrapper;

namespace {

/// What a call leaves that is killed inside C_GenerateKeyPair, after the public half was stored: the private
/// half is gone with its session. `whole`: a pair without identifiers, as it is before they are set.
void plant_pair(const Pkcs11Token& token, const std::string& label, KeyAlgorithm algorithm, bool whole) {
    in_session(token, Access::write, [&](const Session& session) {
        const bool rsa = algorithm == KeyAlgorithm::rsa_2048;
        Template open_half, closed_half;
        open_half.flag(CKA_TOKEN, true).text(CKA_LABEL, label).flag(CKA_VERIFY, true);
        if (rsa) {
            open_half.number(CKA_MODULUS_BITS, 2048).put(CKA_PUBLIC_EXPONENT, from_hex("010001"));
        } else {
            open_half.put(CKA_EC_PARAMS, from_hex("06082A8648CE3D030107"));
        }
        closed_half.flag(CKA_TOKEN, whole)
            .text(CKA_LABEL, label)
            .flag(CKA_PRIVATE, true)
            .flag(CKA_SENSITIVE, true)
            .flag(CKA_EXTRACTABLE, false)
            .flag(CKA_SIGN, true);
        auto open_list = open_half.attributes();
        auto closed_list = closed_half.attributes();
        CK_MECHANISM how{rsa ? CKM_RSA_PKCS_KEY_PAIR_GEN : CKM_EC_KEY_PAIR_GEN, nullptr, 0};
        CK_OBJECT_HANDLE one = 0, other = 0;
        session.check(
            session.functions().C_GenerateKeyPair(session.handle(), &how, open_list.data(), open_list.size(),
                                                  closed_list.data(), closed_list.size(), &one, &other),
            "C_GenerateKeyPair");
    });
}

std::size_t public_keys(const Pkcs11Token& token, const std::string& label) {
    return from_session(token, Access::read, [&](const Session& session) {
        return session.find(ObjectName{CKO_PUBLIC_KEY, label}.find()).size();
    });
}

const EVP_MD* digest_named(HashAlgorithm algorithm) {
    switch (algorithm) {
        case HashAlgorithm::sha1:
            return EVP_sha1();
        case HashAlgorithm::sha224:
            return EVP_sha224();
        case HashAlgorithm::sha256:
            return EVP_sha256();
        case HashAlgorithm::sha384:
            return EVP_sha384();
        case HashAlgorithm::sha512:
            return EVP_sha512();
    }
    return nullptr;
}

/// By OpenSSL's one-shot interface, over the message.
bool verifies(const Bytes& public_key, HashAlgorithm algorithm, const Bytes& message,
              const Bytes& signature) {
    const unsigned char* data = public_key.data();
    EVP_PKEY* key = d2i_PUBKEY(nullptr, &data, static_cast<long>(public_key.size()));
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    const bool good =
        key != nullptr &&
        EVP_DigestVerifyInit(context, nullptr, digest_named(algorithm), nullptr, key) == 1 &&
        EVP_DigestVerify(context, signature.data(), signature.size(), message.data(), message.size()) == 1;
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    return good;
}

}  // namespace

TEST_CASE("keys of every kind are made in a token and sign there") {
    if (!SoftToken::available()) return;
    const SoftToken soft;
    const auto token = soft.open();
    const auto message = to_bytes("a document");
    for (const auto algorithm :
         {KeyAlgorithm::ec_p256, KeyAlgorithm::ec_p384, KeyAlgorithm::rsa_2048, KeyAlgorithm::rsa_3072}) {
        const std::string label{name(algorithm)};
        INFO(label);
        const auto key = generate_token_key(token, label, algorithm);
        CHECK(algorithm_of(key->public_key()) == algorithm);
        CHECK(key->place() == "token kartsaz-test, object " + label);
        for (const auto digest : {HashAlgorithm::sha1, HashAlgorithm::sha224, HashAlgorithm::sha256,
                                  HashAlgorithm::sha384, HashAlgorithm::sha512}) {
            const auto signature = key->sign_digest(digest, hash(digest, message));
            CHECK(verifies(key->public_key(), digest, message, signature));
            CHECK_FALSE(verifies(key->public_key(), digest, to_bytes("another"), signature));
        }
        // found again by label and by id, with the same public key
        CHECK(token_key(token, label)->public_key() == key->public_key());
        CHECK(token_key(token, "", key_identifier(key->public_key()))->public_key() == key->public_key());
    }
}

TEST_CASE("ECDSA signatures of a token are minimal DER, also where r or s is short") {
    if (!SoftToken::available()) return;
    const SoftToken soft;
    const auto token = soft.open();
    const auto key = generate_token_key(token, "many", KeyAlgorithm::ec_p256);
    std::size_t shortest = 99, longest = 0;
    for (std::uint8_t i = 0; i < 200; ++i) {
        const Bytes message{i};
        const auto signature = key->sign_digest(HashAlgorithm::sha256, sha256(message));
        CHECK(verifies(key->public_key(), HashAlgorithm::sha256, message, signature));
        shortest = std::min(shortest, signature.size());
        longest = std::max(longest, signature.size());
    }
    CHECK(longest == 72);
    CHECK(shortest <= 70);
}

TEST_CASE("a digest of the wrong length is not signed") {
    if (!SoftToken::available()) return;
    const SoftToken soft;
    const auto key = generate_token_key(soft.open(), "k", KeyAlgorithm::ec_p256);
    CHECK_THROWS_WITH(key->sign_digest(HashAlgorithm::sha256, Bytes(31)), Contains("a digest of 31 bytes"));
    CHECK_THROWS_AS(key->sign_digest(HashAlgorithm::sha384, Bytes(32)), Error);
}

TEST_CASE("a key that is not there, or there twice, is told") {
    if (!SoftToken::available()) return;
    const SoftToken soft;
    const auto token = soft.open();
    CHECK_THROWS_WITH(token_key(token, "csca"), Contains("token kartsaz-test: no private key \"csca\""));
    generate_token_key(token, "csca", KeyAlgorithm::ec_p256);
    CHECK_THROWS_WITH(generate_token_key(token, "csca", KeyAlgorithm::ec_p256), Contains("never replaced"));
    CHECK_THROWS_WITH(token_identity(token, "csca"), Contains("none of the 0 certificates"));
}

TEST_CASE("a public half that a killed call left is taken away when the pair is made, and no other object") {
    if (!SoftToken::available()) return;
    const SoftToken soft;
    const auto token = soft.open();
    for (const auto algorithm : {KeyAlgorithm::ec_p256, KeyAlgorithm::rsa_2048}) {
        const std::string label{name(algorithm)};
        INFO(label);
        plant_pair(*token, label, algorithm, false);
        plant_pair(*token, label, algorithm, false);
        plant_pair(*token, "neighbour", algorithm, false);
        REQUIRE(public_keys(*token, label) == 2);
        const auto before = public_keys(*token, "neighbour");
        const auto key = generate_token_key(token, label, algorithm);
        CHECK(public_keys(*token, label) == 1);
        CHECK(public_keys(*token, "neighbour") == before);
        CHECK_NOTHROW(key->sign_digest(HashAlgorithm::sha256, Bytes(32, 1)));
    }
}

TEST_CASE("of several public keys of one label the one that verifies is the pair's, whatever their order") {
    if (!SoftToken::available()) return;
    const SoftToken soft;
    const auto token = soft.open();
    for (const auto algorithm : {KeyAlgorithm::ec_p256, KeyAlgorithm::rsa_2048}) {
        const std::string label{name(algorithm)};
        INFO(label);
        plant_pair(*token, label, algorithm, false);
        plant_pair(*token, label, algorithm, true);
        plant_pair(*token, label, algorithm, false);
        const auto key = token_key(token, label);
        CHECK_NOTHROW(key->sign_digest(HashAlgorithm::sha256, Bytes(32, 1)));
        // an earlier call's pair is finished: its halves get their identifier, and are found by it
        const auto finished = finish_token_key(token, label, algorithm);
        CHECK(finished->public_key() == key->public_key());
        CHECK(token_key(token, "", key_identifier(key->public_key()))->public_key() == key->public_key());
        CHECK(public_keys(*token, label) == 3);
    }
}

TEST_CASE("a token without the mechanism says which one is missing") {
    if (!SoftToken::available()) return;
    const SoftToken soft;
    {
        const auto token = soft.open();
        generate_token_key(token, "ec", KeyAlgorithm::ec_p256);
        generate_token_key(token, "rsa", KeyAlgorithm::rsa_2048);
    }
    const Wrapper wrapper;
    wrapper.lie("hide-mechanism", CKM_ECDSA);
    {
        const auto token = soft.open(true);
        CHECK_THROWS_WITH(token_key(token, "ec"), Contains("has no CKM_ECDSA") && Contains("to sign"));
        CHECK_NOTHROW(token_key(token, "rsa"));
        CHECK(token->facts().missing == std::vector<std::string>{"CKM_ECDSA"});
    }
    wrapper.lie("hide-mechanism", CKM_RSA_PKCS);
    CHECK_THROWS_WITH(token_key(soft.open(true), "rsa"), Contains("has no CKM_RSA_PKCS"));
}
