// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "keys/issuer.h"
#include "libcard/app/pkcs15/commands.h"
#include "libcard/reader/sim_transport.h"
#include "libcard/verify/signature_proof.h"
#include "libcard/verify/verify.h"
#include "tests/support/vectors.h"
#include "tests/unit/pkcs15/isoapplet_card.h"

using namespace kartsaz;
using namespace kartsaz::test;
namespace p15 = app::pkcs15;

namespace {

/// The facts of key `index` are a proof of this public key.
bool proved(const app::DumpApplication& read, const std::string& index, ByteView public_key) {
    const std::string key = "key." + index + ".";
    return verify::proves(public_key, from_hex(read.fact(key + "message")),
                          from_hex(read.fact(key + "signature")), read.fact(key + "digest") == "sha1");
}

verify::Report judged(const app::DumpApplication& read) {
    app::CardDump dump;
    dump.applications.push_back(read);
    keys::TrustAnchors trust;
    trust.add_certificate(to_bytes(test_ca().certificate_pem()), "test CA");
    return verify::judge({.dump = dump, .trust = trust, .at = time_of_tests});
}

}  // namespace

TEST_CASE("a card that pkcs15-init wrote is read whole, its keys are proved, and it is accepted") {
    auto made = card_of_pkcs15_init();
    const auto read = made.card.read_with("1234");
    for (const char* name : {"EF.DIR", "EF.ODF", "EF.TokenInfo", "EF.AODF", "EF.PrKDF", "EF.PuKDF", "EF.CDF",
                             "EF.3300", "EF.3301", "EF.3400"}) {
        INFO(name);
        const auto* file = read.file(name);
        REQUIRE(file != nullptr);
        CHECK(file->refused.empty());
        CHECK(file->access == "plain");
        CHECK_FALSE(file->content.empty());
    }
    CHECK(read.file("EF.3400")->content == made.certificate);
    CHECK(read.file("EF.3400")->fid == 0x3400);
    CHECK(p15::public_key_from_file(read.file("EF.3300")->content, p15::KeyType::rsa) == made.public_key);
    CHECK(read.fact("version") == "00.06");
    CHECK(read.fact("df") == "3F005015");
    CHECK(read.fact("acl.4402") == "FF90909090909000");
    CHECK(read.fact("acl.5015") == "FF00000000000090");
    CHECK(read.fact("pin.state") == "verified");
    CHECK(read.fact("pin.tries") == "3");
    CHECK(read.fact("pin.tries.after") == "3");
    CHECK(read.fact("key.0.algorithm") == "rsa-2048");
    CHECK(read.fact("key.0.plain.sw") == "6982");
    CHECK(read.fact("key.1.algorithm") == "ec-p256");
    CHECK(proved(read, "0", made.public_key));
    CHECK(proved(read, "1", p15::public_key_from_file(read.file("EF.3301")->content, p15::KeyType::ec)));
    CHECK(read.fact("key.1.digest") == "sha1");
    CHECK(read.fact("fault").empty());

    const auto report = judged(read);
    unsigned warnings = 0;
    for (const auto& finding : report.findings) {
        INFO(finding.check << ": " << finding.text);
        if (finding.severity == verify::Severity::note) continue;
        // the second key was made without a certificate
        CHECK(finding.check == "pkcs15.key.certificate");
        CHECK(finding.severity == verify::Severity::warning);
        ++warnings;
    }
    CHECK(warnings == 1);
    CHECK(report.accept);
}

TEST_CASE("every kind of key is read and proved, on both command sets") {
    using keys::KeyAlgorithm;
    for (const auto algorithm : {KeyAlgorithm::ec_p256, KeyAlgorithm::ec_p384, KeyAlgorithm::rsa_2048}) {
        for (const char* kind : {"isoapplet", "isoapplet-v0"}) {
            INFO(keys::name(algorithm) << " on " << kind);
            auto made = finished_card({.algorithm = algorithm}, kind);
            const auto read = made.card.read_with("483920");
            CHECK(read.fact("key.0.algorithm") == keys::name(algorithm));
            CHECK(read.fact("key.0.sw") == "");
            CHECK(proved(read, "0", made.public_key));
            const auto report = judged(read);
            for (const auto& finding : report.findings) UNSCOPED_INFO(finding.check << ": " << finding.text);
            CHECK(report.accept);
        }
    }
}

TEST_CASE("files are found with and without EF.DIR, by absolute and relative paths, and under the MF") {
    for (const CardLayout& layout :
         {CardLayout{.dir = false}, CardLayout{.relative = true}, CardLayout{.dir = false, .relative = true},
          CardLayout{.dir = false, .under_mf = true}, CardLayout{.spare = 0}, CardLayout{.spare = 700},
          CardLayout{.direct_public_key = true}}) {
        INFO("DIR " << layout.dir << " relative " << layout.relative << " MF " << layout.under_mf << " spare "
                    << layout.spare << " direct " << layout.direct_public_key);
        auto made = finished_card(layout);
        const auto read = made.card.read_with("483920");
        // IsoApplet passes over steps of a path that it does not have, so its files are found under either
        if (!layout.under_mf) CHECK(read.fact("df") == "3F005015");
        REQUIRE(read.file("EF.3400") != nullptr);
        CHECK(read.file("EF.3400")->content == made.certificate);
        CHECK((read.file("EF.3300") == nullptr) == layout.direct_public_key);
        CHECK(proved(read, "0", made.public_key));
        CHECK(read.file("EF.DIR")->refused.empty() == layout.dir);
        const auto report = judged(read);
        for (const auto& finding : report.findings) {
            INFO(finding.check << ": " << finding.text);
            CHECK(finding.severity == verify::Severity::note);
        }
    }
}

TEST_CASE("a directory's content ends where its padding begins, and an empty one is not an unread one") {
    auto made = finished_card({.spare = 300});
    const auto read = made.card.read();
    const Bytes& directory = read.file("EF.PrKDF")->content;
    CHECK(p15::encode_prkdf(p15::decode_prkdf(directory)) == directory);
    made.card.verify("483920");
    made.card.write(p15::fid_cdf, Bytes(300, 0x00));
    const auto empty = made.card.read();
    CHECK(empty.file("EF.CDF")->content == Bytes{0x00});
    CHECK(empty.file("EF.CDF")->refused.empty());
    CHECK(empty.file("EF.3400") == nullptr);
}

TEST_CASE("a key that no directory names is found, of either kind, and only with the PIN") {
    auto made = finished_card({});
    made.card.verify("483920");
    made.card.generate(keys::KeyAlgorithm::ec_p256, 0);
    made.card.generate(keys::KeyAlgorithm::rsa_2048, 15);
    const auto read = made.card.read_with("483920");
    CHECK(read.fact("orphan.0") == "ec");
    CHECK(read.fact("orphan.15") == "rsa");
    CHECK(read.fact("orphan.2").empty());  // it is named
    const auto without = made.card.read();
    for (const auto& fact : without.facts) CHECK_FALSE(fact.first.starts_with("orphan."));
    CHECK(without.fact("key.0.why") == "it needs the PIN");
}

TEST_CASE("a key that is not for signing, and one of a kind not known here, are told and not asked") {
    auto made = finished_card({.usage = p15::usage_decrypt});
    auto read = made.card.read_with("483920");
    CHECK(read.fact("key.0.why") == "it is not for signing");
    CHECK(read.fact("key.0.plain.sw").empty());
    CHECK(read.fact("key.0.message").empty());
}

TEST_CASE("nothing stays verified after a reading") {
    auto made = finished_card({});
    made.card.read_with("483920");
    CHECK(made.card.tries() == 3);  // an empty VERIFY tells the count, not 9000
    CHECK(made.card.card().transmit(p15::mse_sign(keys::KeyAlgorithm::ec_p256, 2)).sw.value() == 0x6982);
}

TEST_CASE("a card without the application has none") {
    sim::NewBody wish;
    wish.kind = "jmrtd";
    const auto body = sim::Body::create(wish);
    const auto card = reader::sim_transport(*body);
    CHECK_FALSE(p15::read_application(*card, {}));
}

TEST_CASE("a blank card is read as far as there is something") {
    SignatureCard blank;
    const auto read = blank.read();
    CHECK(read.fact("version") == "01.00");
    CHECK(read.fact("pin.status") == "9000");
    CHECK(read.fact("pin.state") == "none");
    CHECK(read.file("EF.ODF")->refused.starts_with("6A82"));
    CHECK_FALSE(judged(read).accept);
}

TEST_CASE("a reading survives the folder that it is kept in, and certificates are there for people") {
    auto made = finished_card({});
    app::CardDump dump;
    dump.applications.push_back(made.card.read_with("483920"));
    const auto folder = scratch_dir() / "signature";
    app::save(dump, folder);
    const auto loaded = app::load_dump(folder);
    REQUIRE(loaded.applications.size() == 1);
    CHECK(loaded.applications[0].facts == dump.applications[0].facts);
    REQUIRE(loaded.applications[0].files.size() == dump.applications[0].files.size());
    for (const auto& file : dump.applications[0].files)
        CHECK(loaded.applications[0].file(file.name)->content == file.content);

    const auto written = p15::save_for_people(loaded.applications[0], folder);
    REQUIRE(written.size() == 2);
    CHECK(written[0].filename() == "certificate-1-signature-1.der");
    CHECK(read_bytes(written[0]) == made.certificate);
    keys::TrustAnchors reads_pem;  // by OpenSSL's reader of PEM
    reads_pem.add_certificate(read_bytes(written[1]), "written");
    CHECK(reads_pem.size() == 1);
}

TEST_CASE("files of objects are called by the path that leads to them") {
    const Bytes df = from_hex("3F005015");
    CHECK(p15::file_name({from_hex("3F0050153400"), {}, {}}, df) == "EF.3400");
    CHECK(p15::file_name({from_hex("3400"), {}, {}}, df) == "EF.3400");
    CHECK(p15::file_name({from_hex("3F0050163400"), {}, {}}, df) == "EF.50163400");
    CHECK(p15::file_name({from_hex("3F003400"), {}, {}}, df) == "EF.3400");
    CHECK(p15::file_name({from_hex("3400"), 0x100, 20}, df) == "EF.3400@256");
    CHECK(p15::file_name({from_hex("3400"), 0, 20}, df) == "EF.3400");
}
