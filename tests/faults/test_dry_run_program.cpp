// SPDX-License-Identifier: Apache-2.0
// The program's own words: `personalize --dry-run --json` foretells what the receipt of the real run says.
#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <fstream>

#include "tests/faults/process.h"
#include "tests/faults/station.h"

namespace kartsaz::faults {
namespace {

using nlohmann::json;

/// The program's standard output as JSON; what it says to people goes to standard error, which is let go
/// here.
json told(const Folder& folder, const std::string& arguments) {
    const std::string out = folder / "out.json";
    std::filesystem::remove(out);
    const std::string line = fmt::format("exec {} {} 2>/dev/null", KARTSAZ_PROGRAM, arguments);
    REQUIRE(run({"/bin/sh", "-c", line}, out).code == 0);
    return json::parse(text_of(out));
}

/// What is on a body, but for the counter that every handshake moves on.
json held(const Folder& folder, const std::string& body) {
    auto document = told(folder, "sim show " + body);
    for (auto& keyset : document.at("keysets")) keyset.erase("sequence_counter");
    return document;
}

std::uint64_t both(const json& receipt, const char* figure) {
    return receipt.at("observed").at(figure).get<std::uint64_t>() +
           receipt.at("written").at(figure).get<std::uint64_t>();
}

}  // namespace

TEST_CASE("The program's dry run foretells the traffic of its receipt", "[dry-run]") {
    const auto [profile, kind] = GENERATE(table<std::string, std::string>(
        {{"national-eid", "kartsaz"}, {"national-eid-open", "jmrtd"}, {"emrtd", "kartsaz"}}));
    const Folder folder;
    const std::string body = folder / "card.body";
    const std::string output = folder / "sim.log";
    REQUIRE(run({KARTSAZ_PROGRAM, "sim", "new", body, "--like", kind}, output).code == 0);
    const auto call = fmt::format("personalize {} -p {} -r sim:{} --journal {} --json",
                                  demo_record().string(), profile, body, folder / "journal");
    const auto before = held(folder, body);
    const auto plan = told(folder, call + " --dry-run");
    CHECK(held(folder, body) == before);  // nothing was written
    const auto receipt = told(folder, call);
    CHECK(receipt.at("steps").size() == plan.at("steps").size());
    CHECK(plan.at("steps").size() > 10);
    for (const char* figure : {"commands", "bytes_out", "bytes_in"}) {
        INFO(profile << " on " << kind << ", " << figure);
        const auto planned = plan.at("total").at(figure).get<std::int64_t>();
        const auto used = static_cast<std::int64_t>(both(receipt, figure));
        // the card signs the certificate request, and no one foretells the length of an ECDSA signature in
        // DER
        const bool signs = profile == "national-eid" && std::string{figure} == "bytes_in";
        CHECK(std::abs(planned - used) <= (signs ? 4 : 0));
    }
    CHECK(plan.at("seconds").get<double>() > 0);
}

}  // namespace kartsaz::faults
