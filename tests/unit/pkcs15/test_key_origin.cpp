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
#include "tests/support/vectors.h"
#include "tests/unit/pkcs15/made_card.h"

namespace {

using namespace kartsaz;
namespace pkcs15 = app::pkcs15;
using test::Bureau;
using test::faults_of;
using test::send;
using test::signature_profile;

const perso::Permits by_update{.update = true};
const std::string both = "signature authentication";
const std::string base_point =
    "046B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296"
    "4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5";
/// SubjectPublicKeyInfo of the pair whose private key is 1.
const std::string planted = "3059301306072A8648CE3D020106082A8648CE3D030107034200" + base_point;

/// A body that takes private keys from outside.
std::unique_ptr<sim::Body> open_body() {
    sim::NewBody options;
    options.kind = "isoapplet";
    options.serial = 0x00C0FFEE;
    options.seed = Bytes(32, 0x17);
    options.import_allowed = true;
    return sim::Body::create(options);
}

/// The holder, who knows the PIN, is at his card.
void enter(sim::Body& body, const Bureau& bureau) {
    const auto pin = keys::derive_pin(bureau.keys().keyset("pin"), "pin",
                                      keys::identity_of_card("", bureau.record().document_number), 6);
    Bytes padded = pin.reveal([](ByteView bytes) { return Bytes(bytes.begin(), bytes.end()); });
    padded.resize(16, 0);
    test::select(body);
    REQUIRE(send(body, "0020000110" + to_hex(padded)) == 0x9000);
    REQUIRE(send(body, "00A4000C025015") == 0x9000);
}

void import_key(sim::Body& body, const std::string& reference) {
    REQUIRE(send(body, "00224100068001EC8401" + reference) == 0x9000);
    const std::string values =
        "8120FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF"
        "8220FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFC"
        "83205AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B"
        "8441" +
        base_point +
        "8520FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551"
        "8701018820" +
        std::string(62, '0') + "01";
    const auto size = to_hex(big_endian(values.size() / 2, 2));
    const auto whole = to_hex(big_endian(values.size() / 2 + 4, 2));
    REQUIRE(send(body, "00DB3FFF00" + whole + "E082" + size + values) == 0x9000);
}

void write_file(sim::Body& body, const std::string& fid, const std::string& content) {
    const auto size = to_hex(big_endian(content.size() / 2, 2));
    REQUIRE(send(body, "00E00000176F158102" + size + "8201018302" + fid + "8608FF90FFFFFF909000") == 0x9000);
    REQUIRE(send(body, "00D60000" + size.substr(2) + content) == 0x9000);
}

void overwrite(sim::Body& body, const std::string& fid, const Bytes& content) {
    REQUIRE(send(body, "00A4000C02" + fid) == 0x9000);
    REQUIRE(send(body, "00D6000000" + to_hex(big_endian(content.size(), 2)) + to_hex(content)) == 0x9000);
}

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
