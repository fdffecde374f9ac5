// SPDX-License-Identifier: Apache-2.0
// Keys that the station did not see the card make are never certified, and what the holder added stays.
#include <catch2/catch.hpp>

#include <filesystem>
#include <memory>

#include "apdu/error.h"
#include "keys/card_identity.h"
#include "keys/citizen_certificate.h"
#include "keys/crypto.h"
#include "libcard/app/pkcs15/objects.h"
#include "libcard/perso/journal.h"
#include "pki.h"
#include "tests/support/vectors.h"
#include "tests/unit/pkcs15/holder.h"
#include "tests/unit/pkcs15/made_card.h"

namespace {

using namespace kartsaz;
namespace pkcs15 = app::pkcs15;
using test::Bureau;
using test::enter;
using test::faults_of;
using test::import_key;
using test::open_body;
using test::overwrite;
using test::planted;
using test::send;
using test::signature_profile;
using test::write_file;

const perso::Permits by_update{.update = true};
const std::string both = "signature authentication";

/// Name of a scratch profile with the second key at this reference.
std::string profile_with_reference(int reference) {
    const auto file = test::scratch_dir() / ("reference-" + std::to_string(reference) + ".toml");
    const auto text = to_text(test::read_bytes(signature_profile("ec-p256", both)));
    test::write_bytes(
        file, to_bytes(text + "\n[pkcs15.authentication]\nreference = " + std::to_string(reference) + "\n"));
    return file.string();
}

/// The station that wrote the first key, of the same CA.
Bureau& one_key(Bureau& later) {
    static std::unique_ptr<Bureau> out;
    out = std::make_unique<Bureau>(signature_profile("ec-p256"));
    out->change_order().certificates = &later.authority();
    return *out;
}

/// The first bytes of a file of the application, listed or not.
Bytes content_of(sim::Body& body, const std::string& fid) {
    test::select(body);
    REQUIRE(send(body, "00A4000C025015") == 0x9000);
    REQUIRE(send(body, "00A4000C02" + fid) == 0x9000);
    Bytes out = body.transmit(from_hex("00B000005B"));  // a public key of P-256 in PKCS#15's form
    REQUIRE(out.size() == 0x5B + 2);
    out.resize(0x5B);
    return out;
}

perso::Journal fresh_journal(const std::string& name) {
    const auto folder = test::scratch_dir() / name;
    std::filesystem::remove_all(folder);
    return perso::Journal{folder};
}

}  // namespace

TEST_CASE("an imported key that lies where a further key belongs is never certified", "[signature][origin]") {
    const auto body = open_body();
    Bureau two{signature_profile("ec-p256", both)};
    test::personalize(*body, one_key(two));
    enter(*body, two);
    import_key(*body, "01");
    write_file(*body, "3301", planted);
    CHECK(test::personalize(*body, two, nullptr, by_update).complete);
    CHECK(faults_of(*body, two, 2) == "");
    for (const auto& entry : two.authority().entries())
        CHECK(entry.key != to_hex(keys::sha256(from_hex(planted))));
    CHECK(to_hex(content_of(*body, "3301")) != planted);
}

TEST_CASE("a public key file without its pair is made anew with the pair", "[signature][origin]") {
    const auto body = open_body();
    Bureau two{signature_profile("ec-p256", both)};
    test::personalize(*body, one_key(two));
    enter(*body, two);
    write_file(*body, "3301", planted);
    CHECK(test::personalize(*body, two, nullptr, by_update).complete);
    CHECK(faults_of(*body, two, 2) == "");
}

TEST_CASE("a key, a public key or a certificate of the holder's is kept, and the refusal names it",
          "[signature][origin]") {
    struct Row {
        const char* directory;
        const char* what;
    };
    const Bytes id{0x45};
    for (const auto& row : {Row{"4402", "key reference 1"}, Row{"4403", "EF.3301"}, Row{"4404", "EF.3402"}}) {
        INFO(row.directory);
        const std::string directory = row.directory;
        const auto body = open_body();
        Bureau two{signature_profile("ec-p256", both)};
        test::personalize(*body, one_key(two));
        const auto card = test::read_back(*body, two);
        Bytes content;
        const auto mine = [&](auto objects, auto encode, const char* path) {
            auto object = objects.at(0);
            object.common.label = "mine";
            object.id = id;
            object.path = pkcs15::Path{from_hex(path), {}, {}};
            if constexpr (requires { object.reference; }) object.reference = 1;
            objects.push_back(object);
            return encode(objects);
        };
        if (directory == "4402")
            content =
                mine(pkcs15::decode_prkdf(card.file("EF.PrKDF")->content), &pkcs15::encode_prkdf, "3F005015");
        if (directory == "4403")
            content = mine(pkcs15::decode_pukdf(card.file("EF.PuKDF")->content), &pkcs15::encode_pukdf,
                           "3F0050153301");
        if (directory == "4404")
            content =
                mine(pkcs15::decode_cdf(card.file("EF.CDF")->content), &pkcs15::encode_cdf, "3F0050153402");
        enter(*body, two);
        import_key(*body, "01");
        write_file(*body, "3301", planted);
        overwrite(*body, directory, content);
        const auto files = body->files().size();
        Errc code{};
        const auto text = test::refusal(*body, two, &code, by_update);
        CHECK(code == Errc::card_refused);
        CHECK_THAT(text, Catch::Contains(row.what) && Catch::Contains("\"mine\" (iD 45)") &&
                             Catch::Contains("`reference` in [pkcs15.authentication]") &&
                             Catch::Contains("such as 2, which is free") &&
                             Catch::Contains("nothing was written"));
        CHECK(body->files().size() == files);
        // elsewhere there is room, and his object stays as it was
        Bureau elsewhere{profile_with_reference(2)};
        CHECK(test::personalize(*body, elsewhere, nullptr, by_update).complete);
        const auto after = test::read_back(*body, elsewhere);
        CHECK(
            to_hex(after.file(directory == "4402"   ? "EF.PrKDF"
                              : directory == "4403" ? "EF.PuKDF"
                                                    : "EF.CDF")
                       ->content)
                .find("6D696E65") != std::string::npos);
        CHECK(test::plan_for(*body, elsewhere, by_update).empty());
    }
}

TEST_CASE("a key that EF.PrKDF calls ours counts only with a certificate, the CA's books or the journal",
          "[signature][origin]") {
    const auto body = open_body();
    Bureau two{signature_profile("ec-p256", both)};
    test::personalize(*body, one_key(two));
    auto listed = pkcs15::decode_prkdf(test::read_back(*body, two).file("EF.PrKDF")->content);
    auto forged = listed.at(0);
    forged.common.label = "authentication";
    forged.id = keys::key_identifier(from_hex(planted));
    forged.reference = 1;
    listed.push_back(forged);
    enter(*body, two);
    import_key(*body, "01");
    write_file(*body, "3301", planted);
    overwrite(*body, "4402", pkcs15::encode_prkdf(listed));
    CHECK_THAT(test::refusal(*body, two, nullptr, by_update), Catch::Contains("did not make"));
    CHECK(two.authority().entries().size() == 1);
}

TEST_CASE("a further key whose card is torn right after it was made is gone on with by the journal",
          "[signature][origin]") {
    const auto body = open_body();
    auto journal = fresh_journal("origin-torn");
    Bureau two{signature_profile("ec-p256", both)};
    test::personalize(*body, one_key(two), &journal);
    const auto before = body->apdu_count();
    const auto plan = test::plan_for(*body, two, by_update);
    std::uint64_t at = body->apdu_count() - before + 1;  // looking, and the SELECT that steps begin with
    for (const auto& step : plan.steps) {
        at += step.commands();
        if (step.id == "pkcs15/EF.3301/write") break;
    }
    body->set_faults({{sim::Faults::Kind::cut_after, at, 0}});
    CHECK_THROWS_AS(test::personalize(*body, two, &journal, by_update), Error);
    body->set_faults({});
    const auto torn = body->snapshot();
    const Bytes key = content_of(*body, "3301");
    body->restore(torn);
    CHECK(test::personalize(*body, two, &journal, by_update).complete);
    CHECK(faults_of(*body, two, 2) == "");
    CHECK(content_of(*body, "3301") == key);
    // another station has not seen the card make it
    body->restore(torn);
    Bureau stranger{signature_profile("ec-p256", both)};
    CHECK(test::personalize(*body, stranger, nullptr, by_update).complete);
    CHECK(test::plan_for(*body, stranger, by_update).empty());
    CHECK(content_of(*body, "3301") != key);
}

TEST_CASE("a finished card whose EF.DIR is gone gives no imported key the trust of a new card",
          "[signature][origin]") {
    const auto body = open_body();
    auto journal = fresh_journal("origin-dir");
    Bureau two{signature_profile("ec-p256", both)};
    test::personalize(*body, one_key(two), &journal);
    enter(*body, two);
    import_key(*body, "01");
    write_file(*body, "3301", planted);
    overwrite(*body, "4402", Bytes(200, 0x00));
    REQUIRE(send(*body, "00A4000C023F00") == 0x9000);
    REQUIRE(send(*body, "00E40000022F00") == 0x9000);
    CHECK(test::personalize(*body, two, &journal).complete);
    CHECK(faults_of(*body, two, 2) == "");
    CHECK(to_hex(content_of(*body, "3301")) != planted);
}

namespace {

/// What anybody can make: a CA, and its certificate for a key of his own that says what ours would.
Bytes forged_certificate(const Bureau& bureau, const Bytes& public_key) {
    const test::Identity ca{{.common_name = "My own CA",
                             .not_before = Bureau::moment - 1000,
                             .not_after = Bureau::moment + 100'000'000,
                             .ca = true},
                            nullptr};
    return test::Identity{{.common_name = "x",
                           .not_before = Bureau::moment - 1000,
                           .not_after = Bureau::moment + 100'000'000,
                           .public_key = public_key,
                           .serial_number = bureau.record().national_id},
                          &ca}
        .certificate();
}

template <typename Object>
Bytes with_another(const Bytes& file, std::vector<Object> (*decode)(ByteView),
                   Bytes (*encode)(const std::vector<Object>&), const char* path) {
    auto objects = decode(file);
    auto object = objects.at(0);
    object.common.label = "authentication";
    object.id = keys::key_identifier(from_hex(planted));
    object.path = pkcs15::Path{from_hex(path), {}, {}};
    if constexpr (requires { object.reference; }) object.reference = 1;
    objects.push_back(object);
    return encode(objects);
}

}  // namespace

TEST_CASE("a certificate by a CA of the holder's own does not make a further key one of the card's",
          "[signature][origin]") {
    const auto body = open_body();
    Bureau two{signature_profile("ec-p256", both)};
    test::personalize(*body, one_key(two));
    const auto card = test::read_back(*body, two);
    enter(*body, two);
    import_key(*body, "01");
    write_file(*body, "3301", planted);
    write_file(*body, "3402", to_hex(forged_certificate(two, from_hex(planted))));
    overwrite(
        *body, "4404",
        with_another(card.file("EF.CDF")->content, &pkcs15::decode_cdf, &pkcs15::encode_cdf, "3F0050153402"));
    overwrite(*body, "4402",
              with_another(card.file("EF.PrKDF")->content, &pkcs15::decode_prkdf, &pkcs15::encode_prkdf,
                           "3F005015"));
    Errc code{};
    const auto text = test::refusal(*body, two, &code, by_update);
    CHECK(code == Errc::card_refused);
    CHECK_THAT(text, Catch::Contains("the key \"authentication\" of the card (reference 1)") &&
                         Catch::Contains("did not make") &&
                         Catch::Contains("no certificate beside it is signed by the CA") &&
                         Catch::Contains("--journal") && Catch::Contains("nothing was written"));
    CHECK(two.authority().entries().size() == 1);
}

TEST_CASE("a key that took the place of ours with a certificate of the holder's own is not certified",
          "[signature][origin]") {
    const auto body = open_body();
    auto journal = fresh_journal("origin-forged");
    Bureau bureau{signature_profile("ec-p256")};
    test::personalize(*body, bureau, &journal);
    enter(*body, bureau);
    import_key(*body, "00");
    overwrite(*body, "3300", from_hex(planted));
    REQUIRE(send(*body, "00A4000C025015") == 0x9000);
    REQUIRE(send(*body, "00E40000023400") == 0x9000);
    REQUIRE(send(*body, "00A4000C025015") == 0x9000);
    write_file(*body, "3400", to_hex(forged_certificate(bureau, from_hex(planted))));
    for (const auto permits : {perso::Permits{}, by_update}) {
        INFO(permits.update);
        CHECK_THAT(test::refusal(*body, bureau, nullptr, permits), Catch::Contains("did not make"));
    }
    const auto entries = bureau.authority().entries();
    REQUIRE(entries.size() == 1);
    CHECK(entries[0].key != to_hex(keys::sha256(from_hex(planted))));
    CHECK_FALSE(entries[0].revoked.has_value());
}

TEST_CASE("a card whose CA was changed is gone on with by the journal, and refused without it",
          "[signature][origin]") {
    /// Another CA, which never certified the card's key.
    class NewCa final : public keys::CertificateSource {
    public:
        NewCa(keys::CertificateSource& source, Bytes issuer) : source_{source}, issuer_{std::move(issuer)} {}
        Bytes certificate(const keys::CertificateOrder& order) override { return source_.certificate(order); }
        std::optional<std::size_t> certificate_size(const keys::CertificateTemplate&,
                                                    ByteView) const override {
            return std::nullopt;
        }
        Bytes issuer_certificate() const override { return issuer_; }
        void revoke(ByteView, int) override {}

    private:
        keys::CertificateSource& source_;
        Bytes issuer_;
    };
    const test::Identity other{{.common_name = "New CA",
                                .not_before = Bureau::moment - 1000,
                                .not_after = Bureau::moment + 1'000'000'000,
                                .ca = true},
                               nullptr};
    for (const Bytes& issuer : {other.certificate(), Bytes{}}) {
        INFO(issuer.size());
        const auto body = test::signature_body();
        auto journal = fresh_journal("origin-other-ca");
        Bureau bureau{signature_profile("ec-p256")};
        bureau.change().expiry_date = {2035, 1, 1};
        test::personalize(*body, bureau, &journal);
        NewCa changed{bureau.authority(), issuer};
        bureau.change_order().certificates = &changed;
        bureau.change_order().now = Bureau::moment + 1090 * 86'400LL;
        CHECK_THAT(test::refusal(*body, bureau),
                   Catch::Contains("did not make") && Catch::Contains("--journal") &&
                       Catch::Contains(issuer.empty() ? "is not known here" : "is signed by the CA"));
        const auto receipt = test::personalize(*body, bureau, &journal);
        CHECK(receipt.complete);
        CHECK_FALSE(receipt.steps.empty());
    }
}

TEST_CASE("a changed reference makes no second key of the same name", "[signature][origin]") {
    const auto body = test::signature_body();
    Bureau two{signature_profile("ec-p256", both)};
    test::personalize(*body, two);
    const auto files = body->files().size();
    Bureau moved{profile_with_reference(3)};
    for (const auto permits : {perso::Permits{}, by_update}) {
        Errc code{};
        const auto text = test::refusal(*body, moved, &code, permits);
        CHECK(code == Errc::card_refused);
        CHECK_THAT(text, Catch::Contains("a key \"authentication\" at reference 1") &&
                             Catch::Contains("[pkcs15.authentication] of the profile has it at 3") &&
                             Catch::Contains("`reference = 1`") && Catch::Contains("nothing was written"));
    }
    CHECK(body->files().size() == files);
    CHECK(faults_of(*body, two, 2) == "");
}
