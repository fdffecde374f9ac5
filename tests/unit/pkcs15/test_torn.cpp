// SPDX-License-Identifier: Apache-2.0
// The power fails at every APDU, before and after the card worked, and inside every write; the answer is
// lost; the CA does not answer. The same call goes on, and the issuer has one valid certificate for the
// card's key.
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "apdu/error.h"
#include "libcard/reader/sim_transport.h"
#include "tests/unit/pkcs15/made_card.h"

namespace {

using namespace kartsaz;
using sim::Faults;
using test::Bureau;
using test::faults_of;
using test::signature_body;
using test::signature_profile;

struct Point {
    Faults::Kind kind;
    std::uint64_t at;
    std::uint32_t value = 0;
};

/// APDUs that one whole call takes.
std::uint64_t length_of(sim::Body& body, const Bureau& bureau, perso::Permits permits = {}) {
    const auto before = body.apdu_count();
    test::personalize(body, bureau, nullptr, permits);
    return body.apdu_count() - before;
}

std::vector<Point> points(std::uint64_t apdus) {
    std::vector<Point> out;
    for (std::uint64_t n = 1; n <= apdus; ++n) {
        for (const auto kind :
             {Faults::Kind::cut_before, Faults::Kind::cut_after, Faults::Kind::drop_response})
            out.push_back({kind, n});
        for (const std::uint32_t bytes : {1U, 20U, 60U})
            out.push_back({Faults::Kind::cut_in_write, n, bytes});
    }
    return out;
}

/// Tears at each point from `start`, goes on by the same call, and says what was wrong then.
std::string tear_everywhere(sim::Body& body, const Bytes& start, const std::string& profile, std::size_t keys,
                            std::uint64_t apdus, perso::Permits permits = {},
                            const std::function<void(Bureau&)>& change = {}) {
    std::string faults;
    std::size_t torn = 0;
    for (const auto& point : points(apdus)) {
        Bureau bureau{profile};
        body.restore(start);
        body.set_faults({});
        if (change) change(bureau);
        body.set_faults({{point.kind, point.at, point.value}});
        try {
            test::personalize(body, bureau, nullptr, permits);
        } catch (const Error& error) {
            ++torn;
            if (error.code() != Errc::interrupted && error.code() != Errc::card_removed &&
                error.code() != Errc::reader_failed)
                faults += fmt::format("APDU {}: {}\n", point.at, error.what());
        }
        body.set_faults({});
        std::string fault;
        try {
            test::personalize(body, bureau, nullptr, permits);
            fault = faults_of(body, bureau, keys);
        } catch (const Error& error) {
            fault = error.what();
        }
        if (!fault.empty()) {
            faults += fmt::format("kind {}, APDU {}, {} bytes: {}\n", static_cast<int>(point.kind), point.at,
                                  point.value, fault);
        }
    }
    CHECK(torn > apdus);
    return faults.substr(0, 2000);
}

}  // namespace

TEST_CASE("a signature card torn anywhere is finished by the same call", "[signature][tear]") {
    const auto profile = signature_profile("ec-p256", "signature authentication");
    const auto body = signature_body();
    const Bytes blank = body->snapshot();
    const auto apdus = length_of(*body, Bureau{profile});
    CHECK(tear_everywhere(*body, blank, profile, 2, apdus) == "");
}

TEST_CASE("a certificate torn in one of several writes is finished by the same call", "[signature][tear]") {
    const auto profile = signature_profile("ec-p256", "signature", "max_command = 200\n");
    const auto body = signature_body();
    const Bytes blank = body->snapshot();
    const auto apdus = length_of(*body, Bureau{profile});
    CHECK(apdus > 33);
    CHECK(tear_everywhere(*body, blank, profile, 1, apdus) == "");
}

TEST_CASE("a renewal torn anywhere is finished by the same call without a permit", "[signature][tear]") {
    const auto profile = signature_profile("ec-p256");
    const auto body = signature_body();
    Bureau first{profile};
    test::personalize(*body, first);
    const Bytes complete = body->snapshot();
    constexpr std::int64_t later = Bureau::moment + 1090 * 86400LL;
    // each attempt has an issuer of its own, which first made the certificate that is on the card
    const auto made_before = [&](Bureau& bureau) {
        bureau.change().expiry_date = {2035, 1, 1};
        body->restore(complete);
        bureau.change_order().now = later;
    };
    Bureau probe{profile};
    made_before(probe);
    const auto apdus = length_of(*body, probe);
    CHECK(apdus > 10);
    CHECK(tear_everywhere(*body, complete, profile, 1, apdus, {}, made_before) == "");
}

TEST_CASE("a CA that does not answer leaves a card that the same call finishes", "[signature]") {
    /// Says "not yet" the first times.
    class Slow final : public keys::CertificateSource {
    public:
        explicit Slow(keys::CertificateSource& source) : source_{source} {}
        Bytes certificate(const keys::CertificateOrder& order) override {
            orders.push_back(order.request);
            if (orders.size() <= 2) throw Error{Errc::interrupted, "the CA has not answered yet"};
            return source_.certificate(order);
        }
        std::optional<std::size_t> certificate_size(const keys::CertificateTemplate&,
                                                    ByteView) const override {
            return std::nullopt;
        }
        Bytes issuer_certificate() const override { return {}; }
        bool knows(ByteView key) override { return source_.knows(key); }
        void revoke(ByteView certificate, int reason) override { source_.revoke(certificate, reason); }
        std::vector<Bytes> orders;

    private:
        keys::CertificateSource& source_;
    };
    const auto body = signature_body();
    Bureau bureau{signature_profile("ec-p256")};
    Slow slow{bureau.authority()};
    bureau.change_order().certificates = &slow;
    Errc code{};
    test::refusal(*body, bureau, &code);
    CHECK(code == Errc::interrupted);
    test::refusal(*body, bureau, &code);
    CHECK(code == Errc::interrupted);
    CHECK(test::personalize(*body, bureau).complete);
    REQUIRE(slow.orders.size() == 3);
    // it was one key all the time
    CHECK(keys::parse_request(slow.orders[0]).public_key == keys::parse_request(slow.orders[2]).public_key);
    CHECK(faults_of(*body, bureau) == "");
}

TEST_CASE("books that fail in the middle of a card leave one that the same call finishes", "[signature]") {
    /// A ledger on a full disk, either when it is looked at or when a certificate is entered.
    class Full final : public keys::CertificateSource {
    public:
        Full(keys::CertificateSource& source, bool at_once) : source_{source}, at_once_{at_once} {}
        Bytes certificate(const keys::CertificateOrder&) override { fail(); }
        std::optional<std::size_t> certificate_size(const keys::CertificateTemplate& wanted,
                                                    ByteView key) const override {
            if (at_once_) fail();
            return source_.certificate_size(wanted, key);
        }
        Bytes issuer_certificate() const override { return source_.issuer_certificate(); }
        void revoke(ByteView certificate, int reason) override { source_.revoke(certificate, reason); }

    private:
        [[noreturn]] static void fail() { throw Error{Errc::store_failed, "ledger: cannot be written"}; }
        keys::CertificateSource& source_;
        bool at_once_;
    };
    for (const bool at_once : {true, false}) {
        INFO(at_once);
        const auto body = signature_body();
        Bureau bureau{signature_profile("ec-p256")};
        Full full{bureau.authority(), at_once};
        bureau.change_order().certificates = &full;
        Errc code{};
        const auto text = test::refusal(*body, bureau, &code);
        CHECK(code == (at_once ? Errc::store_failed : Errc::interrupted));
        CHECK_THAT(text, Catch::Contains("ledger: cannot be written"));
        CHECK((text.find("the same call with the same card goes on") != std::string::npos) == !at_once);
        CHECK(body->files().empty() == at_once);
        bureau.change_order().certificates = &bureau.authority();
        CHECK(test::personalize(*body, bureau).complete);
        CHECK(faults_of(*body, bureau) == "");
    }
}

TEST_CASE("what an issuer gives for another key or holder is not written", "[signature]") {
    /// Gives what it was told to give.
    class Wrong final : public keys::CertificateSource {
    public:
        explicit Wrong(Bytes answer) : answer_{std::move(answer)} {}
        Bytes certificate(const keys::CertificateOrder&) override { return answer_; }
        std::optional<std::size_t> certificate_size(const keys::CertificateTemplate&,
                                                    ByteView) const override {
            return 700;
        }
        Bytes issuer_certificate() const override { return {}; }
        void revoke(ByteView, int) override {}

    private:
        Bytes answer_;
    };
    Bureau other{signature_profile("ec-p256")};
    const auto elsewhere = signature_body("isoapplet", 0x18);
    test::personalize(*elsewhere, other);
    const Bytes of_another_key = test::read_back(*elsewhere, other).file("EF.3400")->content;
    for (const auto& answer : {of_another_key, Bytes{0x30, 0x00}, Bytes{}}) {
        const auto body = signature_body();
        Bureau bureau{signature_profile("ec-p256")};
        Wrong wrong{answer};
        bureau.change_order().certificates = &wrong;
        Errc code{};
        const auto text = test::refusal(*body, bureau, &code);
        CHECK(code == Errc::keys_failed);
        CHECK_THAT(text, Catch::Contains("not written"));
        CHECK(body->files().size() == 4);  // EF.ODF, EF.TokenInfo, EF.AODF, the public key
    }
}
