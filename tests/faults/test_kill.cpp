// SPDX-License-Identifier: Apache-2.0
// The station is killed by SIGKILL at every APDU while the card lives on in a process of its own.
#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <signal.h>

#include <ctime>
#include <string>

#include "tests/faults/plugged_card.h"
#include "tests/faults/station.h"

namespace kartsaz::faults {
namespace {

/// A blank card, always the same.
std::string blank_card(const Folder& folder) {
    const std::string file = folder / "card.body";
    std::filesystem::remove(file);
    sim::NewBody options;
    options.seed = Bytes(32, 0x5A);
    options.serial = 0x00C0FFEE;
    sim::Body::create(std::filesystem::path{file}, options);
    return file;
}

/// The books of the station's own CA, as they are on its disk.
keys::CaLedger ledger_in(const std::string& folder, const keys::Identity& ca) {
    const auto authority = keys::authority_of(ca.key->public_key());
    return keys::CaLedger{
        authority, std::filesystem::path{folder} / fmt::format("ledger-{}.jsonl", authority.substr(0, 16))};
}

/// What `kartsaz read` put down, held against the books.
std::string books_faults(const std::string& books, const std::string& read) {
    static const auto store = keys::development_keys();
    const auto ca = store->identity("citizen-ca");
    auto ledger = ledger_in(books, ca);
    return books_against(ledger, ca, app::load_dump(read), std::time(nullptr));
}

/// Empty when the card that the dead station left is completed by the next call and verifies clean, and the
/// CA's books have one valid certificate, which is on the card.
std::string kill_at(const Folder& folder, Death death) {
    const auto name = fmt::format("{}-{}", death.at, death.answered);
    const std::string journal = folder / ("journal-" + name), books = folder / ("ca-" + name);
    const std::string log = folder / "station.log";
    const std::string record = demo_record().string();
    const std::vector<std::string> personalize{"personalize", record,        "--journal",
                                               journal,       "--ca-folder", books};
    const PluggedCard card{blank_card(folder), folder / "card.log"};
    const auto killed = at_the_card(card, personalize, log, death);
    if (killed.end.signal != SIGKILL) return "the station was not killed";
    const auto second = at_the_card(card, personalize, log);
    if (second.end.code != 0) return fmt::format("the second call ends with {}", second.end.code);
    const auto verified = at_the_card(card, {"verify", "--expect", record}, log);
    if (verified.end.code != 0) return fmt::format("verify ends with {}", verified.end.code);
    const std::string dump = folder / ("dump-" + name);
    const auto read = at_the_card(card, {"read", "--record", record, "-o", dump}, log);
    if (read.end.code != 0) return fmt::format("read ends with {}", read.end.code);
    return books_faults(books, dump);
}

}  // namespace

TEST_CASE("A station killed at any APDU leaves a card that the next call completes", "[kill]") {
    const Folder folder;
    std::uint64_t apdus = 0;
    {
        const PluggedCard card{blank_card(folder), folder / "card.log"};
        const auto whole = at_the_card(card,
                                       {"personalize", demo_record().string(), "--journal",
                                        folder / "journal", "--ca-folder", folder / "ca"},
                                       folder / "whole.log");
        INFO(text_of(folder / "whole.log"));
        REQUIRE(whole.end.code == 0);
        apdus = whole.apdus;
    }
    REQUIRE(apdus > 30);
    std::size_t points = 0, passed = 0;
    for (std::uint64_t n = 1; n <= apdus; ++n) {
        for (const bool answered : {false, true}) {
            const auto fault = kill_at(folder, {n, answered});
            ++points;
            if (fault.empty()) ++passed;
            INFO(fmt::format("killed {} APDU {}", answered ? "after" : "before", n));
            CHECK(fault == "");
        }
    }
    fmt::print("kill: {} APDUs, {} points, {} passed, none skipped\n", apdus, points, passed);
    CHECK(points == 2 * apdus);
    CHECK(passed == points);
}

}  // namespace kartsaz::faults
