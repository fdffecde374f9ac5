// SPDX-License-Identifier: Apache-2.0
#include <botan/auto_rng.h>
#include <botan/data_src.h>
#include <botan/pkcs8.h>
#include <botan/pubkey.h>
#include <botan/x509_key.h>
#include <catch2/catch.hpp>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include "apdu/tlv.h"
#include "keys/deterministic_ecdsa.h"
#include "keys/signing_key.h"
#include "tests/unit/keys/pki.h"

using namespace kartsaz;
using namespace kartsaz::keys;
using kartsaz::test::pki;
using kartsaz::test::pki_secret;

namespace {

/// An EC key of a private number; the public part is not asked for when signing.
Owned<evp_pkey_st> ec_key(const char* curve, const char* number) {
    Owned<bignum_st> d;
    BIGNUM* raw = nullptr;
    REQUIRE(BN_hex2bn(&raw, number) > 0);
    d.reset(raw);
    OSSL_PARAM_BLD* build = OSSL_PARAM_BLD_new();
    OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, curve, 0);
    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, d.get());
    OSSL_PARAM* params = OSSL_PARAM_BLD_to_param(build);
    const Owned<evp_pkey_ctx_st> context{EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr)};
    EVP_PKEY* key = nullptr;
    REQUIRE(EVP_PKEY_fromdata_init(context.get()) == 1);
    REQUIRE(EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_KEYPAIR, params) == 1);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    return Owned<evp_pkey_st>{key};
}

std::string numbers_of(const Bytes& signature) {
    auto outer = apdu::TlvReader{signature, "signature"};
    auto inner = outer.enter(outer.next(0x30));
    const auto r = inner.next(0x02).value;
    const auto s = inner.next(0x02).value;
    const auto plain = [](ByteView number) { return to_hex(number[0] == 0 ? number.subspan(1) : number); };
    return plain(r) + " " + plain(s);
}

}  // namespace

// RFC 6979, A.2.5 and A.2.6
TEST_CASE("deterministic ECDSA gives the signatures of RFC 6979") {
    const auto p256 = ec_key("P-256", "C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721");
    const auto sign = [&](const char* message) {
        return numbers_of(
            sign_ecdsa_deterministic(p256.get(), HashAlgorithm::sha256, sha256(to_bytes(message)), 0));
    };
    CHECK(sign("sample") ==
          "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716 "
          "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8");
    CHECK(sign("test") ==
          "F1ABB023518351CD71D881567B1EA663ED3EFCF6C5132B354F28D3B0B7D38367 "
          "019F4113742A2B14BD25926B49C649155F267E60D3814B4C0CC84250E46F0083");
    const auto p384 = ec_key("P-384",
                             "6B9D3DAD2E1B8C1C05B19875B6659F4DE23C3B667BF297BA9AA47740787137D8"
                             "96D5724E4C70A825F872C9EA60D2EDF5");
    const auto long_one = sign_ecdsa_deterministic(p384.get(), HashAlgorithm::sha384,
                                                   hash(HashAlgorithm::sha384, to_bytes("sample")), 0);
    CHECK(numbers_of(long_one) ==
          "94EDBB92A5ECB8AAD4736E56C691916B3F88140666CE9FA73D64C4EA95AD133C81A648152E44ACF96E36DD1E80FABE46 "
          "99EF4AEB15F178CEA1FE40DB2603138F130E740A19624526203B6351D0A3A94FA329C145786E679E7B82C71A38628AC8");
}

TEST_CASE("a key of a file signs again as Botan's RFC 6979 does, and otherwise for each attempt") {
    for (const char* file : {"key-ec-p256.pem", "key-ec-p384.pem", "key-ec-p521.pem"}) {
        INFO(file);
        const auto key = signing_key_from_pem(pki_secret(file));
        Botan::DataSource_Memory source{pki(file)};
        Botan::AutoSeeded_RNG random;
        const std::unique_ptr<Botan::Private_Key> other{
            Botan::PKCS8::load_key(source, random, std::string{})};
        Botan::PK_Signer botan{*other, random, "EMSA1(SHA-256)", Botan::DER_SEQUENCE};
        const auto message = to_bytes("the same content");
        const auto first = key->sign_digest_again(HashAlgorithm::sha256, sha256(message), 0);
        CHECK(first == botan.sign_message(message, random));
        const auto second = key->sign_digest_again(HashAlgorithm::sha256, sha256(message), 1);
        CHECK(second != first);
        CHECK(second == key->sign_digest_again(HashAlgorithm::sha256, sha256(message), 1));
        const std::unique_ptr<Botan::Public_Key> trusted{Botan::X509::load_key(key->public_key())};
        Botan::PK_Verifier verifier{*trusted, "EMSA1(SHA-256)", Botan::DER_SEQUENCE};
        CHECK(verifier.verify_message(message, second));
    }
}

TEST_CASE("an RSA key signs the same each time") {
    const auto key = signing_key_from_pem(pki_secret("key-rsa-2048.pem"));
    const auto digest = sha256(to_bytes("x"));
    CHECK(key->sign_digest_again(HashAlgorithm::sha256, digest, 0) ==
          key->sign_digest(HashAlgorithm::sha256, digest));
}
