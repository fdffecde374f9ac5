// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <openssl/x509.h>

#include "apdu/error.h"
#include "keys/certificate_request.h"
#include "tests/unit/keys/card_keys.h"

using namespace kartsaz;
using namespace kartsaz::keys;
using Catch::Contains;
using kartsaz::test::card_key;
using kartsaz::test::card_request;
using kartsaz::test::citizen;

namespace {

std::string refusal(const Bytes& request) {
    try {
        parse_request(request);
    } catch (const Error& e) {
        CHECK(e.code() == Errc::input_invalid);
        return e.what();
    }
    return "nothing was thrown";
}

std::string name_refusal(const CertificateSubject& subject) {
    try {
        request_info(subject, card_key("ec-p256")->public_key());
    } catch (const Error& e) {
        CHECK(e.code() == Errc::input_invalid);
        return e.what();
    }
    return "nothing was thrown";
}

}  // namespace

TEST_CASE("requests of every kind of key verify under OpenSSL and are read back") {
    for (const std::string name : {"ec-p256", "ec-p384", "rsa-2048", "rsa-3072", "rsa-4096"}) {
        INFO(name);
        const auto key = card_key(name);
        const auto algorithm = algorithm_of(key->public_key());
        REQUIRE(algorithm);
        CHECK(keys::name(*algorithm) == name);
        const auto request = card_request(*key, citizen());

        const auto* at = request.data();
        X509_REQ* stranger = d2i_X509_REQ(nullptr, &at, static_cast<long>(request.size()));
        REQUIRE(stranger != nullptr);
        CHECK(X509_REQ_verify(stranger, X509_REQ_get0_pubkey(stranger)) == 1);
        X509_REQ_free(stranger);

        const auto parsed = parse_request(request);
        CHECK(parsed.public_key == key->public_key());
        CHECK(parsed.subject == "serialNumber=0084575948, CN=سارا محمدی, GN=سارا, SN=محمدی, C=IR");
    }
    CHECK_FALSE(algorithm_of(card_key("ec-p521")->public_key()));
    CHECK(digest_of(KeyAlgorithm::ec_p384) == HashAlgorithm::sha384);
    CHECK(digest_of(KeyAlgorithm::rsa_4096) == HashAlgorithm::sha256);
}

TEST_CASE(
    "the name of a request has Persian text as UTF8String and the number as PrintableString, in order") {
    CertificateSubject subject = citizen();
    subject.organization = "O";
    const auto info = to_hex(request_info(subject, card_key("ec-p256")->public_key()));
    // C, O, surname, given name, common name, serial number
    const auto country = info.find(
        "0603550406130249"
        "52");
    const auto organization = info.find("060355040A0C014F");
    const auto surname = info.find("06035504040C0A" + to_hex(to_bytes("محمدی")));
    const auto given = info.find("060355042A0C08" + to_hex(to_bytes("سارا")));
    const auto common = info.find("06035504030C13");
    const auto number = info.find("0603550405130A" + to_hex(to_bytes("0084575948")));
    for (const auto at : {country, organization, surname, given, common, number}) {
        CHECK(at != std::string::npos);
    }
    CHECK(country < organization);
    CHECK(organization < surname);
    CHECK(surname < given);
    CHECK(given < common);
    CHECK(common < number);
}

TEST_CASE("a subject that no certificate can carry is refused by part and rule") {
    auto subject = citizen();
    subject.country = "ir";
    CHECK_THAT(name_refusal(subject), Contains("country") && Contains("upper case"));
    subject = citizen();
    subject.common_name.clear();
    CHECK(name_refusal(subject) == "nothing was thrown");  // a card's own certificate names a number alone
    subject.serial_number.clear();
    CHECK_THAT(name_refusal(subject), Contains("common name: there is none"));
    subject.common_name = std::string(65, 'x');
    CHECK_THAT(name_refusal(subject), Contains("65 characters, at most 64"));
    subject.common_name.clear();
    for (int i = 0; i < 64; ++i) subject.common_name += "ش";  // 128 bytes, 64 characters
    CHECK(name_refusal(subject) == "nothing was thrown");
    for (const std::string bad :
         {"a\nb", "a\x7F", "\x80", "\xC0\x80", "\xC2\x85", "\xD8", "\xE0\x80\x80", "\xED\xA0\x80",
          "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xF0\x80\x80\x80"}) {
        subject.common_name = bad;
        CHECK_THAT(name_refusal(subject), Contains("common name: not UTF-8"));
    }
    subject = citizen();
    subject.serial_number = "008_4";
    CHECK_THAT(name_refusal(subject), Contains("serial number") && Contains("PrintableString"));
}

TEST_CASE("every truncation and every changed byte of a request is refused") {
    for (const std::string name : {"ec-p256", "rsa-2048"}) {
        const auto good = card_request(*card_key(name), citizen());
        for (std::size_t size = 0; size < good.size(); ++size) {
            CHECK(refusal(Bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size))) !=
                  "nothing was thrown");
        }
        for (std::size_t i = 0; i < good.size(); ++i) {
            auto bad = good;
            bad[i] ^= 0x01;
            INFO(name << " byte " << i);
            CHECK(refusal(bad) != "nothing was thrown");
        }
        CHECK_THAT(refusal(concat({good, Bytes{0}})), Contains("bytes after its end"));
    }
}

TEST_CASE("lengths that lie do not lead a request's reader astray") {
    const auto good = card_request(*card_key("ec-p256"), citizen());
    for (std::size_t i = 1; i < good.size(); ++i) {
        for (const std::uint8_t length : from_hex("007F80818488FF")) {
            if (good[i] == length) continue;
            auto bad = good;
            bad[i] = length;
            CHECK(refusal(bad) != "nothing was thrown");
        }
    }
    CHECK_THAT(refusal(Bytes(20000, 0x30)), Contains("20000 bytes"));
    CHECK_THAT(refusal({}), Contains("0 bytes"));
}

TEST_CASE("a request that another key signed is refused") {
    const auto own = card_key("ec-p256");
    const auto other = signing_key_from_pem(test::pki_secret("ds.pem"));
    const auto info = request_info(citizen(), own->public_key());
    const auto digest = hash(HashAlgorithm::sha256, info);
    const auto request =
        assemble_request(info, KeyAlgorithm::ec_p256, other->sign_digest(HashAlgorithm::sha256, digest));
    CHECK_THAT(refusal(request), Contains("not signed by the key that it names"));
}

TEST_CASE("a public key of another kind is none of those that are certified") {
    const auto good = card_key("ec-p256")->public_key();
    const auto changed = [](Bytes bytes, std::size_t at, std::uint8_t value) {
        bytes.at(at) = value;
        return bytes;
    };
    CHECK(algorithm_of(good) == KeyAlgorithm::ec_p256);
    CHECK_FALSE(algorithm_of({}));
    CHECK_FALSE(algorithm_of(concat({good, Bytes{0}})));
    CHECK_FALSE(algorithm_of(changed(good, 22, 0x08)));                // another curve
    CHECK_FALSE(algorithm_of(changed(good, good.size() - 65, 0x02)));  // marked as compressed
    CHECK_FALSE(algorithm_of(changed(good, good.size() - 66, 0x01)));  // unused bits
    for (std::size_t size = 0; size < good.size(); ++size) {
        CHECK_FALSE(algorithm_of(ByteView{good}.first(size)));
    }
    const auto rsa = card_key("rsa-2048")->public_key();
    CHECK_FALSE(algorithm_of(changed(rsa, rsa.size() - 1, 0x00)));  // even exponent
    CHECK_FALSE(algorithm_of(changed(rsa, rsa.size() - 6, 0x00)));  // even modulus
    CHECK_THROWS_AS(request_info(citizen(), card_key("ec-p521")->public_key()), Error);
}

TEST_CASE("signatures are judged under the key and its own digest") {
    for (const std::string name : {"ec-p256", "ec-p384", "rsa-2048"}) {
        const auto key = card_key(name);
        const auto digest = digest_of(*algorithm_of(key->public_key()));
        const auto message = to_bytes("a challenge");
        auto signature = key->sign_digest(digest, hash(digest, message));
        CHECK(verify_signature(key->public_key(), message, signature));
        CHECK_FALSE(verify_signature(key->public_key(), to_bytes("another"), signature));
        CHECK_FALSE(verify_signature(card_key("rsa-3072")->public_key(), message, signature));
        CHECK_FALSE(verify_signature({}, message, signature));
        for (std::size_t size = 0; size < signature.size(); ++size) {
            CHECK_FALSE(verify_signature(key->public_key(), message, ByteView{signature}.first(size)));
        }
        signature.back() ^= 0x01;
        CHECK_FALSE(verify_signature(key->public_key(), message, signature));
    }
}

TEST_CASE("the key identifier is SHA-1 over the key's bits, as OpenSSL computes it") {
    const auto key = card_key("ec-p256");
    const auto* at = key->public_key().data();
    X509_PUBKEY* stranger = d2i_X509_PUBKEY(nullptr, &at, static_cast<long>(key->public_key().size()));
    const unsigned char* bits = nullptr;
    int size = 0;
    X509_PUBKEY_get0_param(nullptr, &bits, &size, nullptr, stranger);
    CHECK(key_identifier(key->public_key()) ==
          hash(HashAlgorithm::sha1, {bits, static_cast<std::size_t>(size)}));
    X509_PUBKEY_free(stranger);
    CHECK_THROWS_AS(key_identifier(Bytes{0x30, 0x00}), Error);
}
