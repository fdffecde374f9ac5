// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <filesystem>

#include "apdu/error.h"
#include "libcard/perso/journal.h"
#include "tests/support/vectors.h"

namespace {

using kartsaz::Bytes;
using kartsaz::Errc;
using kartsaz::Error;
using kartsaz::perso::Journal;
using kartsaz::perso::JournalEntry;
using kartsaz::test::read_bytes;
using kartsaz::test::write_bytes;
namespace fs = std::filesystem;

fs::path folder(const char* name) {
    const fs::path path = kartsaz::test::scratch_dir() / name;
    fs::remove_all(path);
    return path;
}

JournalEntry entry(const std::string& stage) {
    JournalEntry out;
    out.chip = "4790-01";
    out.profile = "national-eid";
    out.record_digest = "AB";
    out.stage = stage;
    return out;
}

}  // namespace

TEST_CASE("what was saved last is what is found", "[journal]") {
    const Journal journal{folder("journal-last")};
    CHECK_FALSE(journal.find("4790-01"));
    for (const char* stage : {"writing", "complete", "writing", "complete"}) {
        journal.save(entry(stage));
        REQUIRE(journal.find("4790-01"));
        CHECK(journal.find("4790-01")->stage == stage);
    }
    auto failed = entry("writing");
    failed.authentication_failed = true;
    failed.authentication_fault = "SW 6300";
    journal.save(failed);
    CHECK(journal.find("4790-01")->authentication_failed);
    CHECK(journal.find("4790-01")->authentication_fault == "SW 6300");
    journal.forget("4790-01");
    CHECK_FALSE(journal.find("4790-01"));
}

TEST_CASE("a save that a crash cut at any byte leaves the entry before it", "[journal]") {
    const Journal journal{folder("journal-torn")};
    journal.save(entry("writing"));
    const fs::path file = journal.path("4790-01");
    const Bytes before = read_bytes(file);
    journal.save(entry("complete"));
    const Bytes after = read_bytes(file);
    REQUIRE(before.size() == after.size());
    std::size_t torn = 0;
    std::size_t whole = 0;
    for (std::size_t cut = 0; cut <= after.size(); cut += 13) {
        Bytes mixed = before;
        std::copy_n(after.begin(), cut, mixed.begin());
        write_bytes(file, mixed);
        const auto found = journal.find("4790-01");
        REQUIRE(found);
        CHECK((found->stage == "writing" || found->stage == "complete"));
        (found->stage == "complete" ? whole : torn) += 1;
    }
    CHECK(torn > 0);
    CHECK(whole > 0);
}

TEST_CASE("a journal that cannot be understood is an error, never an empty journal", "[journal]") {
    const Journal journal{folder("journal-bad")};
    journal.save(entry("complete"));
    const fs::path file = journal.path("4790-01");
    const auto refused = [&](const Bytes& bytes, const char* rule) {
        write_bytes(file, bytes);
        try {
            journal.find("4790-01");
            FAIL("accepted");
        } catch (const Error& error) {
            CHECK(error.code() == Errc::store_failed);
            CHECK_THAT(error.what(), Catch::Contains(rule));
        }
    };
    const Bytes good = read_bytes(file);
    refused({}, "0 bytes");
    refused(Bytes(good.begin(), good.end() - 1), "a journal has");
    refused(Bytes(good.size(), ' '), "no whole entry");
    Bytes flipped = good;
    flipped[40] ^= 1U;
    refused(flipped, "no whole entry");
    write_bytes(file, good);
    fs::rename(file, journal.path("other"));
    CHECK_THROWS_WITH(journal.find("other"), Catch::Contains("names another chip"));
}

TEST_CASE("chip names cannot leave the journal's folder", "[journal]") {
    const fs::path home = folder("journal-names");
    const Journal journal{home};
    CHECK(journal.path("../../etc/passwd").parent_path() == home);
    CHECK(fs::status(home).permissions() == fs::perms::owner_all);
    auto one = entry("writing");
    journal.save(one);
    const auto mode = fs::status(journal.path("4790-01")).permissions() & fs::perms::all;
    CHECK(mode == (fs::perms::owner_read | fs::perms::owner_write));
}

TEST_CASE("a folder that cannot be made is told", "[journal]") {
    const fs::path file = folder("journal-file");
    write_bytes(file, Bytes{1});
    CHECK_THROWS_AS(Journal{file / "below"}, Error);
}

TEST_CASE("a durable write replaces a file whole and leaves no other file", "[journal]") {
    const fs::path home = folder("durable");
    fs::create_directories(home);
    kartsaz::perso::write_durably(home / "a", "one");
    kartsaz::perso::write_durably(home / "a", "two");
    CHECK(kartsaz::to_text(read_bytes(home / "a")) == "two");
    CHECK(std::distance(fs::directory_iterator{home}, fs::directory_iterator{}) == 1);
    CHECK_THROWS_AS(kartsaz::perso::write_durably(home / "no" / "such" / "a", "x"), Error);
    CHECK(kartsaz::perso::utc_text(1'763'700'000) == "2025-11-21T04:40:00Z");
}
