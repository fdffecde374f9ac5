// SPDX-License-Identifier: Apache-2.0
// Every truncation and every changed byte of what cards, CAs and mailing houses hand in: a value or an Error,
// never more.
#include <catch2/catch.hpp>

#include <fstream>
#include <functional>

#include "apdu/error.h"
#include "keys/certificate_memory.h"
#include "keys/citizen_certificate.h"
#include "keys/issued_check.h"
#include "keys/key_store.h"
#include "keys/pem.h"
#include "keys/pin.h"
#include "keys/spool_source.h"
#include "keys/x509_split.h"
#include "tests/support/vectors.h"
#include "tests/unit/keys/issued.h"

using namespace kartsaz;
using namespace kartsaz::keys;
using namespace kartsaz::test;

namespace {

struct Issued {
    LocalCa ca{development_keys()->identity("citizen-ca"), std::make_unique<CaLedger>("x"), {.now = [] {
                   return in_2026;
               }}};
    CertificateOrder order = order_for(*card_key("ec-p256"));
    Bytes certificate = ca.certificate(order);
    std::vector<Bytes> trusted{ca.issuer_certificate()};
};

const Bytes masks = from_hex("0180FF");

/// Gives each bad form to `reader`, which says whether it took it. @param step  every how many bytes
/// @returns how many were taken
std::size_t taken_of(const Bytes& good, Errc refusal, const std::function<bool(const Bytes&)>& reader,
                     std::size_t step = 1) {
    std::size_t taken = 0;
    const auto one = [&](const Bytes& bad) {
        try {
            taken += reader(bad) ? 1 : 0;
        } catch (const Error& error) {
            if (error.code() != refusal) FAIL(error.what());
        }
    };
    for (std::size_t size = 0; size < good.size(); size += step) {
        one(Bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size)));
    }
    for (std::size_t i = 0; i < good.size(); i += step) {
        for (const auto mask : masks) {
            auto bad = good;
            bad[i] = static_cast<std::uint8_t>(bad[i] ^ mask);
            one(bad);
        }
    }
    return taken;
}

void put(const std::filesystem::path& file, const Bytes& content) {
    std::ofstream{file, std::ios::binary | std::ios::trunc} << to_text(content);
}

}  // namespace

TEST_CASE("no truncation of a citizen's certificate is read as one, and what a changed one says is bounded") {
    const Issued issued;
    const auto& good = issued.certificate;
    for (std::size_t size = 0; size < good.size(); ++size) {
        CHECK_FALSE(read_citizen_certificate(ByteView{good}.first(size)));
    }
    const auto read = taken_of(good, Errc::input_invalid, [&](const Bytes& bad) {
        const auto says = read_citizen_certificate(bad);
        if (!says) return false;
        CHECK(says->public_key.size() < good.size());
        CHECK(says->subject.common_name.size() < good.size());
        return true;
    });
    CHECK(read > 0);  // names, dates and the signature may change and still be read
}

TEST_CASE("no changed byte or truncation of an answer passes for the certificate that was ordered") {
    const Issued issued;
    check_issued(issued.order, issued.certificate, issued.trusted, "good");
    const auto taken = taken_of(issued.certificate, Errc::keys_failed, [&](const Bytes& bad) {
        check_issued(issued.order, bad, issued.trusted, "bad");
        return true;
    });
    CHECK(taken == 0);
}

TEST_CASE("certificates in DER or PEM with any changed byte are split or refused") {
    const Issued issued;
    const auto pem = to_bytes(pem_text(issued.certificate, "CERTIFICATE"));
    for (const auto& good : {issued.certificate, pem, concat({pem, pem})}) {
        taken_of(good, Errc::input_invalid, [&](const Bytes& bad) {
            for (const auto& der : split_certificates(bad, "bad"))
                CHECK(der.size() <= issued.certificate.size());
            return true;
        });
    }
}

TEST_CASE("a public key with any changed byte is refused, or is another key that is fit for use") {
    for (const std::string name : {"ec-p256", "ec-p384", "rsa-2048"}) {
        const auto key = card_key(name);
        const auto algorithm = *algorithm_of(key->public_key());
        const auto message = to_bytes("message");
        const auto digest = digest_of(algorithm);
        const auto signature = key->sign_digest(digest, hash(digest, message));
        REQUIRE(verify_signature(key->public_key(), message, signature));
        taken_of(key->public_key(), Errc::card_refused, [&](const Bytes& bad) {
            CHECK_FALSE(verify_signature(bad, message, signature));
            check_made_key(bad, algorithm, "key");
            CHECK(algorithm_of(bad) == algorithm);
            return true;
        });
    }
}

TEST_CASE("a mailing house's certificate with any changed byte is refused or encrypted to") {
    const TemporaryFolder folder;
    const auto good =
        split_certificates(
            read_bytes(std::filesystem::path{KARTSAZ_SOURCE_DIR} / "tests/data/pki/mailer-ec.pem"), "mailer")
            .at(0);
    taken_of(good, Errc::input_invalid, [&](const Bytes& bad) {
        const PinMailer mailer{folder / "letters", bad};
        return true;
    });
    CHECK_FALSE(std::filesystem::exists(folder / "letters"));
}

TEST_CASE("a memory of outside CAs with any changed byte is refused by its line, or read") {
    const Issued issued;
    const TemporaryFolder folder;
    {
        CertificateMemory memory{folder / "m"};
        memory.asked(issued.order);
        memory.keep(issued.order, Bytes(24, 0x30));
        memory.doom(Bytes(24, 0x30), 4);
    }
    const auto file = folder.path() / "m" / "certificates.jsonl";
    const auto good = read_bytes(file);
    taken_of(good, Errc::store_failed, [&](const Bytes& bad) {
        put(file, bad);
        CertificateMemory memory{folder / "m"};
        CHECK(memory.all().size() <= 3);
        return true;
    });
}

TEST_CASE("a description in a spool folder with any changed byte is asked anew, or the order waits") {
    const Issued issued;
    const TemporaryFolder folder;
    SpoolSource source{folder / "spool", {.trusted = issued.trusted, .issuer = issued.trusted.front()}};
    CHECK_THROWS_AS(source.certificate(issued.order), Error);
    std::filesystem::path file;
    for (const auto& entry : std::filesystem::directory_iterator{folder / "spool"}) {
        if (entry.path().extension() == ".json") file = entry.path();
    }
    const auto good = read_bytes(file);
    const auto taken = taken_of(
        good, Errc::interrupted,
        [&](const Bytes& bad) {
            put(file, bad);
            (void)source.certificate(issued.order);
            return true;
        },
        5);  // each writes files that are flushed to the disk
    CHECK(taken == 0);
}
