// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <filesystem>

#include "apdu/error.h"
#include "libcard/app/globalplatform/application.h"
#include "libcard/app/globalplatform/cplc.h"
#include "libcard/app/registry.h"
#include "libcard/perso/personalize.h"
#include "libcard/reader/sim_transport.h"
#include "libcard/sim/body.h"
#include "tests/support/bureau.h"
#include "tests/support/vectors.h"

namespace {

using namespace kartsaz;
using test::Bureau;

perso::Prepared prepare(sim::Body& body, const Bureau& bureau) {
    const auto card = reader::sim_transport(body);
    return perso::prepare(*card, bureau.run());
}

std::string in_text(const perso::Plan& plan) {
    std::string out;
    for (const auto& step : plan.steps) {
        const auto& target = plan.targets.at(step.target);
        out += fmt::format(
            "{:02X} {:>5}  {}  [{}{}]{}\n", step.ins(), step.data_size(), step.label, target.application,
            target.scp ? fmt::format(", SCP03 {:02X}", static_cast<unsigned>(target.scp->level)) : "",
            step.irreversible ? " !" : "");
    }
    return out;
}

void compare_golden(const std::string& text, const char* name) {
    const auto file = std::filesystem::path{KARTSAZ_SOURCE_DIR} / "tests" / "golden" / name;
    if (std::getenv("KARTSAZ_WRITE_GOLDEN") != nullptr) test::write_bytes(file, to_bytes(text));
    CHECK(text == to_text(test::read_bytes(file)));
}

sim::NewBody like(const char* kind) {
    sim::NewBody options;
    options.kind = kind;
    options.serial = 0x00C0FFEE;
    options.seed = Bytes(32, 0x17);
    return options;
}

}  // namespace

TEST_CASE("the plan for a blank national eID body is the golden one", "[plan]") {
    const auto body = sim::Body::create(like("kartsaz"));
    compare_golden(in_text(prepare(*body, Bureau{"national-eid"}).plan), "plan-national-eid.txt");
}

TEST_CASE("the plan for an open applet is the golden one", "[plan]") {
    const auto body = sim::Body::create(like("jmrtd"));
    compare_golden(in_text(prepare(*body, Bureau{"national-eid-open"}).plan), "plan-national-eid-open.txt");
}

TEST_CASE("making a plan changes nothing on the card", "[plan]") {
    const auto body = sim::Body::create(like("jmrtd"));
    const Bytes before = body->snapshot();
    prepare(*body, Bureau{"national-eid-open"});
    CHECK(body->snapshot() == before);
}

TEST_CASE("each card that cannot hold a profile is refused in words before the first write", "[plan]") {
    struct Row {
        const char* kind;
        const char* profile;
        const char* why;
    };
    const Row rows[] = {
        {"jmrtd", "national-eid", "no card manager"},
        {"jmrtd", "emrtd", "no card manager"},
        {"jcardengine", "national-eid", "can authenticate and nothing else"},
        {"jcardengine", "emrtd", "no secure channel"},
    };
    for (const auto& row : rows) {
        INFO(row.kind << ' ' << row.profile);
        const auto body = sim::Body::create(like(row.kind));
        const Bureau bureau{row.profile};
        try {
            prepare(*body, bureau);
            FAIL("accepted");
        } catch (const Error& error) {
            CHECK(error.code() == Errc::card_refused);
            CHECK_THAT(error.what(), Catch::Contains(row.why) && Catch::Contains("othing was written"));
        }
        CHECK(body->files().empty());
    }
}

TEST_CASE("DG3 on an applet that refuses it is found before the first write", "[plan]") {
    auto text = to_text(test::read_bytes(std::filesystem::path{KARTSAZ_SOURCE_DIR} /
                                         "libcard/profile/shipped/national-eid-open.toml"));
    text.replace(text.find("\"dg13\""), 6, "\"dg3\"");
    const auto file = test::scratch_dir() / "open-dg3.toml";
    test::write_bytes(file, to_bytes(text));
    const auto body = sim::Body::create(like("jmrtd"));
    CHECK_THROWS_WITH(prepare(*body, Bureau{file.string()}), Catch::Contains("refuses DG3"));
    CHECK(body->files().empty());
}

TEST_CASE("the same card content gives the same image digest, another gives another", "[image]") {
    perso::CardImage image;
    image.profile = "p";
    perso::Item item;
    item.application = "a";
    item.name = "EF.X";
    item.content = {1, 2, 3};
    image.items.push_back(item);
    const Bytes digest = image.digest();
    CHECK(image.digest() == digest);
    image.items[0].content[1] ^= 1U;
    CHECK(image.digest() != digest);
    CHECK(image.find("a", "EF.X") != nullptr);
    CHECK(image.find("a", "EF.Y") == nullptr);
}

TEST_CASE("a chip's name is made of its CPLC, and of nothing else", "[globalplatform]") {
    Bytes cplc(42, 0x00);
    CHECK(app::globalplatform::chip_name(cplc).empty());  // no serial number
    cplc[12] = 0xDE;
    CHECK(app::globalplatform::chip_name(cplc) == "0000-0000-0000-0000-DE000000");
    cplc.pop_back();
    CHECK(app::globalplatform::chip_name(cplc).empty());
    CHECK(app::globalplatform::cplc_in_words(cplc).empty());
}

TEST_CASE("a profile with an application or option that is not known is refused", "[profile]") {
    const std::string head = "name = \"x\"\ntitle = \"t\"\n";
    const auto fault = [&](const std::string& rest) {
        try {
            perso::select_applications(profile::parse(head + rest, "p.toml"), app::registry());
        } catch (const Error& error) {
            CHECK(error.code() == Errc::input_invalid);
            return std::string{error.what()};
        }
        return std::string{};
    };
    CHECK(fault("applications = [\"emrtd\"]\n").empty());
    CHECK_THAT(fault("applications = [\"emrdt\"]\n"), Catch::Contains("no application \"emrdt\""));
    CHECK_THAT(fault("applications = [\"emrtd\"]\n[emrtd]\nlevel = \"02\"\n"), Catch::Contains("line 5"));
    CHECK_THAT(fault("applications = [\"emrtd\"]\n[emrtd]\nfingerprints = \"dg3\"\n"),
               Catch::Contains("no such option"));
    CHECK_THAT(fault("applications = [\"emrtd\"]\n[timing]\npage_us = -1\n"), Catch::Contains("is not in 0"));
    CHECK_THAT(fault("applications = [\"emrtd\"]\n[keys]\nisuer = \"x\"\n"),
               Catch::Contains("no such option"));
    CHECK_THAT(fault("applications = [\"globalplatform\"]\n[globalplatform]\ncard_manager = \"A0\"\n"),
               Catch::Contains("1 bytes, 5..16"));
}
