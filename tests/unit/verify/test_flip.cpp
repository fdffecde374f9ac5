// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <chrono>
#include <iostream>

#include "good_card.h"

using namespace kartsaz;
using test::GoodCard;

namespace {

#ifdef __SANITIZE_ADDRESS__
constexpr std::size_t step = 13;  // the sanitizers make each judgement some ten times as long
#else
constexpr std::size_t step = 1;
#endif

struct Tally {
    std::size_t tried = 0, found = 0, placed = 0;
};

/// Flips each byte of a file with each of `masks` and asks for a rejection whose cause names the file.
Tally flip(GoodCard& card, const std::string& name, const std::vector<std::uint8_t>& masks) {
    Tally tally;
    Bytes& content = card.file(name).content;
    for (std::size_t i = 0; i < content.size(); i += step) {
        for (const std::uint8_t mask : masks) {
            content[i] = static_cast<std::uint8_t>(content[i] ^ mask);
            const auto report = card.judge();
            content[i] = static_cast<std::uint8_t>(content[i] ^ mask);
            ++tally.tried;
            const bool named =
                !report.accept && report.findings.front().cause && report.findings.front().object == name;
            if (named) ++tally.found;
            if (named && report.findings.front().offset == i) ++tally.placed;
            if (!named) {
                UNSCOPED_INFO(name << " byte " << i << " mask " << int{mask} << ": "
                                   << (report.accept ? "accepted"
                                                     : report.findings.front().object + " " + *report.cause));
            }
        }
    }
    std::cout << "one-byte test: " << name << " found/tried " << tally.found << "/" << tally.tried
              << ", offset right " << tally.placed << "\n";
    return tally;
}

const std::vector<std::uint8_t> every_bit{0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80};

}  // namespace

TEST_CASE("every flipped bit of a small file is found, the file is named and the place is right",
          "[verify][flip]") {
    GoodCard card;
    REQUIRE(card.judge().accept);
    for (const char* name : {"EF.DG1", "EF.DG3", "EF.DG11", "EF.DG12", "EF.DG13", "EF.DG14", "EF.DG15"}) {
        const Tally tally = flip(card, name, every_bit);
        CHECK(tally.tried > 0);
        CHECK(tally.found == tally.tried);
        CHECK(tally.placed == tally.tried);
    }
}

TEST_CASE("every flipped bit of EF.COM, which nothing signs, is found and named", "[verify][flip]") {
    GoodCard card;
    const Tally tally = flip(card, "EF.COM", every_bit);
    CHECK(tally.tried > 0);
    CHECK(tally.found == tally.tried);
}

TEST_CASE("every flipped byte of EF.SOD is found and named, signed or not", "[verify][flip]") {
    GoodCard card;
    const Tally bits = flip(card, "EF.SOD", every_bit);
    CHECK(bits.tried > 0);
    CHECK(bits.found == bits.tried);
    const Tally bytes = flip(card, "EF.SOD", {0xFF});
    CHECK(bytes.found == bytes.tried);
}

TEST_CASE("every flipped byte of EF.DG2 is found and named", "[verify][flip]") {
    GoodCard card;
    const Tally tally = flip(card, "EF.DG2", {0x01});
    CHECK(tally.tried > 0);
    CHECK(tally.found == tally.tried);
}

TEST_CASE("with the expected record the place of a flipped byte of EF.DG2 is told", "[verify][flip]") {
    GoodCard card;
    card.file("EF.DG2").content[1000] ^= 0x55;
    auto context = card.context();
    context.expected = &card.record;
    const auto report = verify::judge(context);
    REQUIRE_FALSE(report.accept);
    CHECK(*report.cause == "emrtd.dg.hash.2");
    CHECK(report.findings.front().offset == 1000);
}

TEST_CASE("judging a good card with a photo of 15 KB", "[.bench]") {
    GoodCard card{480, 600};
    std::cout << "photo: " << card.record.photo.bytes.size() << " bytes\n";
    const auto start = std::chrono::steady_clock::now();
    constexpr int rounds = 300;
    for (int i = 0; i < rounds; ++i) REQUIRE(card.judge().accept);
    const std::chrono::duration<double, std::milli> spent = std::chrono::steady_clock::now() - start;
    std::cout << "judge: " << spent.count() / rounds << " ms\n";
}
