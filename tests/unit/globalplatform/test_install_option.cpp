// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "apdu/error.h"
#include "libcard/app/globalplatform/application.h"
#include "libcard/app/globalplatform/install.h"
#include "tests/unit/globalplatform/card.h"

using namespace kartsaz;
using namespace kartsaz::app::globalplatform;
using Catch::Contains;

namespace {

std::string refusal(const std::string& text) {
    try {
        parse_install(text, "my.toml: [globalplatform] install");
    } catch (const Error& error) {
        CHECK(error.code() == Errc::input_invalid);
        return error.what();
    }
    return "nothing was thrown";
}

}  // namespace

TEST_CASE("the install option tells instances by package, module, instance, privileges and parameters") {
    CHECK(parse_install("", "x").empty());
    CHECK(parse_install("   ", "x").empty());
    const auto two = parse_install(
        " A00000024710/A0000002471001/A0000002471001  F276A288BC/F276A288BC01/F276A288BC02/000004/8101FF",
        "x");
    REQUIRE(two.size() == 2);
    CHECK(to_hex(two[0].package) == "A00000024710");
    CHECK(to_hex(two[0].module) == "A0000002471001");
    CHECK(to_hex(two[0].privileges) == "00");
    CHECK(two[0].parameters.empty());
    CHECK(to_hex(two[1].instance) == "F276A288BC02");
    CHECK(to_hex(two[1].privileges) == "000004");
    CHECK(to_hex(two[1].parameters) == "8101FF");
}

TEST_CASE("a wrong install option is refused, naming instance, part and rule") {
    const std::vector<std::pair<const char*, const char*>> bad{
        {"A00000024710", "form: PACKAGE/MODULE/INSTANCE"},
        {"A00000024710/A0000002471001", "form: PACKAGE/MODULE/INSTANCE"},
        {"1/2/3/4/5/6", "form: PACKAGE/MODULE/INSTANCE"},
        {"A0000002/A0000002471001/A0000002471001", "package AID: 4 bytes, 5 to 16 expected"},
        {"A00000024710//A0000002471001", "module AID: 0 bytes"},
        {"A00000024710/A0000002471001/A00000024710010203040506070809AABB", "instance AID: 17 bytes"},
        {"A00000024710/A000000247100/A0000002471001", "module AID"},
        {"A00000024710/A0000002471001/A000000247100G", "instance AID"},
        {"A00000024710/A0000002471001/A0000002471001/", "privileges: 0 bytes"},
        {"A00000024710/A0000002471001/A0000002471001/0000", "privileges: 2 bytes, 1 or 3 expected"},
        {"A00000024710/A0000002471001/A0000002471001/00000000", "privileges: 4 bytes"},
        {"A00000024710/A0000002471001/A0000002471001/00/0", "parameters"},
        {"A00000024710/A0000002471001/A0000002471001 A00000024710/A0000002471002/A0000002471001",
         "instance AID: it is there twice"},
    };
    for (const auto& [text, rule] : bad) {
        INFO(text);
        CHECK_THAT(refusal(text), Contains("my.toml: [globalplatform] install: \"") && Contains(rule));
    }
    const auto long_one = "A00000024710/A0000002471001/A0000002471001/00/" + std::string(2 * 128, 'A');
    CHECK_THAT(refusal(long_one), Contains("parameters: 128 bytes, 0 to 127"));
    CHECK_THROWS_WITH(test::Desk(test::profile_text("03", "install = \"A0\"")), Contains("install"));
}

TEST_CASE("INSTALL has the fields of its specification, each with its length") {
    const auto one = parse_install("D0D1D2D3D4D501/D0D1D2D3D4D50101/D0D1D2D3D4D50101/02/", "x").front();
    // as the INSTALL that kaoh/globalplatform recorded, without its system parameters
    CHECK(to_hex(apdu::encode(install_command(one))) ==
          "80E60C002007D0D1D2D3D4D50108D0D1D2D3D4D5010108D0D1D2D3D4D50101010202C9000000");
    const auto more =
        parse_install("D0D1D2D3D4D501/D0D1D2D3D4D50101/D0D1D2D3D4D50102/9EFE80/0102", "x").front();
    CHECK(to_hex(install_command(more).data) ==
          "07D0D1D2D3D4D50108D0D1D2D3D4D5010108D0D1D2D3D4D50102039EFE8004C902010200");
}
