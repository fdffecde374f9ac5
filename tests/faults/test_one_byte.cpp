// SPDX-License-Identifier: Apache-2.0
// One byte of one file of a finished card changes: verification rejects the card and names the file.
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <random>

#include "apdu/error.h"
#include "tests/faults/station.h"

namespace kartsaz::faults {
namespace {

struct Found {
    std::size_t tried = 0, found = 0;
    std::string missed;  ///< the first few
};

/// Empty when the change is found and the file is named.
std::string missed(const Station& station, sim::Body& body, const std::string& file) {
    try {
        const auto report = station.judge(station.read(body), nullptr);
        if (report.accept) return "the card is accepted";
        const auto& cause = report.findings.front();
        if (!cause.cause || cause.object != file) {
            return fmt::format("the cause is said to be in {}: {} {}", cause.object, cause.check, cause.text);
        }
        return {};
    } catch (const Error& error) {
        return fmt::format("reading ends: {}", error.what());
    }
}

/// Changes every byte of the file that `chosen` says, each by a mask of a fixed sequence, one at a time.
template <typename Chosen>
Found change_bytes(const Station& station, sim::Body& body, const sim::Body::FileInfo& file,
                   Chosen&& chosen) {
    std::mt19937 masks{file.fid};
    Found out;
    for (std::size_t i = 0; i < file.size; ++i) {
        const auto mask = static_cast<std::uint8_t>(1 + masks() % 255);
        if (!chosen(i)) continue;
        body.flip(file.fid, i, mask);
        const auto why = missed(station, body, file.name);
        body.flip(file.fid, i, mask);
        ++out.tried;
        if (why.empty()) {
            ++out.found;
        } else if (out.missed.size() < 2000) {
            out.missed += fmt::format("{} byte {} mask {:02X}: {}\n", file.name, i, mask, why);
        }
    }
    fmt::print("one-byte, {}: found {} of {} tried ({} bytes)\n", file.name, out.found, out.tried, file.size);
    return out;
}

/// Everything on the card; `chosen(size, i)` says which bytes of a file.
template <typename Chosen>
void change_files(const std::string& form, Chosen&& chosen) {
    const Station station{shipped_profile("national-eid")};
    const auto body = seeded_body("kartsaz");
    station.personalize(*body, nullptr);
    REQUIRE(station.judge(station.read(*body), nullptr).accept);
    std::size_t tried = 0, found = 0;
    std::size_t files = 0;
    for (const auto& file : body->files()) {
        // those of the signature application are longer than what they hold
        if (file.name.find("DG") == std::string::npos && file.name != "EF.COM" && file.name != "EF.SOD")
            continue;
        ++files;
        const auto one =
            change_bytes(station, *body, file, [&](std::size_t i) { return chosen(file.size, i); });
        tried += one.tried;
        found += one.found;
        CHECK(one.tried > 0);
        CHECK(one.missed == "");
    }
    fmt::print("one-byte, {}: found {} of {} tried\n", form, found, tried);
    CHECK(files == 10);
    CHECK(found == tried);
    REQUIRE(station.judge(station.read(*body), nullptr).accept);  // every change was taken back
}

}  // namespace

TEST_CASE("A changed byte is found and its file named: every 16th byte, every byte of small files",
          "[one-byte]") {
    change_files("short form", [](std::size_t size, std::size_t i) { return size < 200 || i % 16 == 0; });
}

TEST_CASE("A changed byte is found and its file named: every byte of every file", "[.full]") {
    change_files("full form", [](std::size_t, std::size_t) { return true; });
}

}  // namespace kartsaz::faults
