// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <algorithm>

#include "libcard/app/read_card.h"
#include "libcard/reader/sim_transport.h"
#include "tests/support/bureau.h"
#include "tests/support/vectors.h"
#include "tests/unit/globalplatform/card.h"

using namespace kartsaz;
using namespace kartsaz::test;

namespace {

using Names = std::vector<std::string>;

Names applications(const app::CardDump& dump) {
    Names out;
    for (const auto& application : dump.applications) out.push_back(application.name);
    return out;
}

app::CardDump read(sim::Body& body, const Bureau& bureau) {
    const auto link = reader::sim_transport(body);
    app::ReadCardOptions options;
    options.mrz_information = bureau.record().mrz_information();
    options.keys = &bureau.keys();
    options.transport_pin = perso::TransportPin{};  // as the profile
    return app::read_card(*link, options);
}

verify::Report judge(const app::CardDump& dump, std::map<std::string, std::string> demanded = {}) {
    const auto trust = verify::development_trust();
    const auto holders = verify::development_holder_trust();
    verify::Context context{.dump = dump, .trust = trust};
    context.at = Bureau::moment;
    context.holder_trust = &holders;
    context.demanded = std::move(demanded);
    return verify::judge(context);
}

/// A profile that leaves the passport application of the body alone.
std::string signature_under_scp() {
    const auto file = scratch_dir() / "signature-under-scp.toml";
    write_bytes(file,
                to_bytes("name = \"signature-under-scp\"\ntitle = \"under test\"\n"
                         "applications = [\"globalplatform\", \"pkcs15\"]\n[globalplatform]\nlevel = \"03\"\n"
                         "[pkcs15]\nchannel = \"scp03\"\nlevel = \"03\"\nkeys = \"signature\"\n"
                         "[pkcs15.signature]\nalgorithm = \"ec-p256\"\nusage = \"signature\"\n"));
    return file.string();
}

}  // namespace

TEST_CASE("a finished signature application beside a blank passport application is a good card") {
    const auto card = body(3);
    const Bureau bureau{signature_under_scp()};
    const auto link = reader::sim_transport(*card);
    REQUIRE(perso::personalize(*link, bureau.run()).complete);
    const auto dump = read(*card, bureau);
    CHECK(applications(dump) == Names{"globalplatform", "pkcs15"});
    CHECK(dump.blank == Names{"emrtd"});
    const auto report = judge(dump);
    for (const auto& finding : report.findings) UNSCOPED_INFO(finding.check << ": " << finding.text);
    CHECK(report.accept);
    const auto demanded = judge(dump, {{"emrtd", "the receipt"}});
    CHECK_FALSE(demanded.accept);
    CHECK(demanded.cause.value_or("") == "card.parts");
}

TEST_CASE("a finished passport application beside a blank signature application is a good card") {
    const auto card = body(3);
    const Desk desk{profile_text()};
    desk.personalize(*card);
    const auto dump = desk.read(*card);
    CHECK(applications(dump) == Names{"globalplatform", "emrtd"});
    CHECK(dump.blank == Names{"pkcs15"});
    CHECK(judge(dump).accept);
    CHECK_FALSE(judge(dump, {{"pkcs15", "the receipt"}}).accept);
}

TEST_CASE("a blank body is read as blank and rejected, with keys and without") {
    for (const char* kind : {"kartsaz", "jmrtd", "isoapplet"}) {
        CAPTURE(kind);
        sim::NewBody options;
        options.kind = kind;
        const auto card = sim::Body::create(options);
        const Bureau bureau{"national-eid"};
        const auto dump = read(*card, bureau);
        CHECK_FALSE(dump.blank.empty());
        const auto report = judge(dump);
        CHECK_FALSE(report.accept);
        CHECK(report.cause.value_or("") == "card.kind");
    }
}

TEST_CASE("a passport application that was begun is not blank, whatever became of it") {
    const Desk desk{profile_text()};
    const auto count = apdus(desk, *body(3));
    bool begun = false;
    for (std::uint64_t at = 1; at <= count; ++at) {
        const auto card = body(3);
        card->set_faults({{sim::Faults::Kind::cut_after, at, 0}});
        try {
            desk.personalize(*card);
        } catch (const Error&) {
        }
        card->set_faults({});
        const bool files = told(*card, "/passport/files") != "[]";
        begun = begun || files;
        CAPTURE(at, files);
        const auto dump = desk.read(*card);
        const bool blank = std::find(dump.blank.begin(), dump.blank.end(), "emrtd") != dump.blank.end();
        CHECK(blank != files);
    }
    CHECK(begun);
}
