// SPDX-License-Identifier: Apache-2.0
// One byte of one file of a finished card changes: verification rejects the card and names the file.
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <random>

#include "apdu/error.h"
#include "tests/faults/station.h"

namespace kartsaz::faults {
namespace {

struct Found {
    std::size_t tried = 0, found = 0;
    std::string missed;  ///< the first few
};

/// What a file is judged by. Nobody signs the directories of the signature application, and other software
/// may change them, so their labels, flags and paths are told from others only by what was registered.
enum class By { itself, registered };

/// As the dump calls it.
std::string name_in_dump(const std::string& name) {
    return name.starts_with("EF.") ? name : "EF." + name;
}

By judged_by(const std::string& name) {
    constexpr std::array directories{"EF.TokenInfo", "EF.ODF", "EF.AODF", "EF.PuKDF",
                                     "EF.PrKDF",     "EF.CDF", "EF.DIR"};
    const bool one = std::find(directories.begin(), directories.end(), name) != directories.end();
    return one ? By::registered : By::itself;
}

/// Empty when the change is found and the file is named: as the cause, or, where it is compared with the
/// registered card and other files are found by it, among the findings.
std::string missed(const Station& station, sim::Body& body, const std::string& file,
                   const app::CardDump& registered) {
    const bool compared = judged_by(file) == By::registered;
    try {
        const auto report = station.judge(station.read(body), nullptr, compared ? &registered : nullptr);
        if (report.accept) return "the card is accepted";
        const auto& cause = report.findings.front();
        const bool named = compared ? std::any_of(report.findings.begin(), report.findings.end(),
                                                  [&](const auto& one) { return one.object == file; })
                                    : cause.cause && cause.object == file;
        if (named) return {};
        return fmt::format("the cause is said to be in {}: {} {}", cause.object, cause.check, cause.text);
    } catch (const Error& error) {
        return fmt::format("reading ends: {}", error.what());
    }
}

/// Bytes of the file that say something: those of the signature application are longer than what they hold.
std::size_t content_of(const app::CardDump& card, const std::string& name) {
    for (const auto& application : card.applications) {
        if (const auto* file = application.file(name)) return file->content.size();
    }
    return 0;
}

/// Changes every byte of the file that `chosen` says, each by a mask of a fixed sequence, one at a time.
template <typename Chosen>
Found change_bytes(const Station& station, sim::Body& body, const sim::Body::FileInfo& file,
                   const app::CardDump& card, Chosen&& chosen) {
    const auto name = name_in_dump(file.name);
    const auto size = content_of(card, name);
    std::mt19937 masks{file.fid};
    Found out;
    for (std::size_t i = 0; i < size; ++i) {
        const auto mask = static_cast<std::uint8_t>(1 + masks() % 255);
        if (!chosen(size, i)) continue;
        body.flip(file.fid, i, mask);
        const auto why = missed(station, body, name, card);
        body.flip(file.fid, i, mask);
        ++out.tried;
        if (why.empty()) {
            ++out.found;
        } else if (out.missed.size() < 2000) {
            out.missed += fmt::format("{} byte {} mask {:02X}: {}\n", name, i, mask, why);
        }
    }
    fmt::print("one-byte, {}: found {} of {} tried ({} bytes)\n", name, out.found, out.tried, size);
    return out;
}

/// Everything on the card; `chosen(size, i)` says which bytes of a file.
template <typename Chosen>
void change_files(const std::string& form, Chosen&& chosen) {
    const Station station{shipped_profile("national-eid")};
    const auto body = seeded_body("kartsaz");
    station.personalize(*body, nullptr);
    const auto card = station.read(*body);
    REQUIRE(station.judge(card, nullptr).accept);
    std::size_t tried = 0, found = 0;
    std::size_t files = 0;
    for (const auto& file : body->files()) {
        ++files;
        const auto one = change_bytes(station, *body, file, card, chosen);
        tried += one.tried;
        found += one.found;
        CHECK(one.tried > 0);
        CHECK(one.missed == "");
    }
    fmt::print("one-byte, {}: found {} of {} tried\n", form, found, tried);
    CHECK(files == 10 + 9);  // of the passport, and of the signature application
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
