// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <algorithm>
#include <random>

#include "libcard/app/pkcs15/objects.h"
#include "tests/unit/pkcs15/card_files.h"

using namespace kartsaz;
using namespace kartsaz::app::pkcs15;
using test::card_files;
using test::fault_of;

namespace {

/// Where the length bytes of a BER string stand, at every depth.
void length_places(ByteView bytes, std::size_t base, std::vector<std::size_t>& places) {
    std::size_t at = 0;
    while (at + 1 < bytes.size() && bytes[at] != 0x00) {
        const bool constructed = (bytes[at] & 0x20U) != 0;
        ++at;
        places.push_back(base + at);
        std::size_t length = bytes[at++];
        if (length >= 0x80) {
            const std::size_t count = length & 0x7FU;
            for (std::size_t i = 0; i < count; ++i) places.push_back(base + at + i);
            length = big_endian(bytes.subspan(at, count));
            at += count;
        }
        if (constructed) length_places(bytes.subspan(at, length), base + at, places);
        at += length;
    }
}

bool is_prefix(ByteView part, ByteView whole) {
    return part.size() < whole.size() && std::equal(part.begin(), part.end(), whole.begin());
}

}  // namespace

TEST_CASE("a file cut at any byte is refused by name and offset, or has fewer objects") {
    for (const auto& file : card_files()) {
        const Bytes whole = file.again(file.content);
        std::size_t refused = 0;
        for (std::size_t size = 0; size < file.size; ++size) {
            Bytes rest;
            const std::string fault =
                fault_of([&] { rest = file.again(ByteView{file.content}.first(size)); });
            INFO(file.name << " cut to " << size << ": " << fault);
            if (fault.empty()) {
                REQUIRE(is_prefix(rest, whole));
            } else {
                REQUIRE(fault.find("offset") != std::string::npos);
                REQUIRE(fault.find("EF.") == 0);
                ++refused;
            }
        }
        CHECK(refused + 6 >= file.size);  // only a cut between two objects is none
    }
}

TEST_CASE("no changed length byte gives the same objects") {
    for (const auto& file : card_files()) {
        if (file.has_more) continue;
        const Bytes good = file.good();
        std::vector<std::size_t> places;
        length_places(good, 0, places);
        REQUIRE(places.size() >= 4);
        for (const std::size_t place : places) {
            for (unsigned value = 0; value < 256; ++value) {
                if (value == good[place]) continue;
                Bytes bad = good;
                bad[place] = static_cast<std::uint8_t>(value);
                Bytes again;
                const std::string fault = fault_of([&] { again = file.again(bad); });
                INFO(file.name << " offset " << place << " is " << value << ": " << fault);
                REQUIRE((!fault.empty() || again != good));
            }
        }
    }
}

TEST_CASE("hostile lengths are refused at every depth") {
    for (const auto& file : card_files()) {
        if (file.has_more) continue;  // what is passed over is not looked into
        const Bytes good = file.good();
        std::vector<std::size_t> places;
        length_places(good, 0, places);
        for (const std::size_t place : places) {
            for (const std::string_view length : {"80", "82FFFF", "83FFFFFF", "84FFFFFFFF", "84FFFFFFF0",
                                                  "85FFFFFFFFFF", "88FFFFFFFFFFFFFFFF"}) {
                const Bytes bad = concat(
                    {ByteView{good}.first(place), from_hex(length), ByteView{good}.subspan(place + 1)});
                INFO(file.name << " offset " << place << " is " << length);
                CHECK_FALSE(fault_of([&] { file.again(bad); }).empty());
            }
        }
    }
}

TEST_CASE("a file of more objects than a card has is refused, and deep nesting costs nothing") {
    for (const auto& file : card_files()) {
        if (file.name.find("5032") != std::string::npos) continue;  // one object, what follows is not read
        Bytes many;
        while (many.size() < 32'000) append(many, file.good());
        INFO(file.name);
        CHECK(fault_of([&] { file.again(many); }).find("more than 100 objects") != std::string::npos);
    }
    Bytes deep;
    for (int i = 0; i < 30'000 / 5; ++i) deep.insert(deep.begin(), {0x30, 0x80});
    for (const auto& file : card_files()) {
        if (file.name.find("2F00") != std::string::npos) continue;
        CHECK_FALSE(fault_of([&] { file.again(deep); }).empty());
    }
}

TEST_CASE("numbers and identifiers out of range are refused with the place") {
    const auto refused = [](const char* hex, const std::function<void(ByteView)>& decode, const char* rule) {
        const std::string fault = fault_of([&] { decode(from_hex(hex)); });
        INFO(hex << ": " << fault);
        CHECK(fault.find(rule) != std::string::npos);
        CHECK(fault.find("offset") != std::string::npos);
    };
    const auto token = [](ByteView file) { decode_token_info(file); };
    refused("30090201FF040101030100", token, "negative");
    refused("300A0201000401010302FF00", token, "unused bits");
    refused("300D0206010000000000040101030100", token, "above 2^31");
    refused("300B02047FFFFFFF0401010301", token, "runs past the end");
    refused("30080200040101030100", token, "without bytes");
    refused("30080201000401010300", token, "BIT STRING");
    refused("3009020100040101030101", token, "unused bits");
    const auto odf = [](ByteView file) { decode_odf(file); };
    refused("A0153013041100112233445566778899AABBCCDDEEFF00", odf, "16 bytes");
    refused("610430020400", odf, "no object directory");
    const auto dir = [](ByteView file) { decode_dir(file); };
    refused("610450024142", dir, "without an AID");
    refused("61134F1100112233445566778899AABBCCDDEEFF00", dir, "1 to 16");
    refused("61024F00", dir, "1 to 16");
    const auto keys = [](ByteView file) { decode_prkdf(file); };
    refused("30173000300704010103020520A10A3008300604043F005015", keys, "without its length");
}

TEST_CASE("no mutated file makes a decoder do anything but decode or refuse", "[fuzz]") {
    constexpr int mutations = 5'000;
    const auto lengths = from_hex("007F80818283848588FEFF");
    for (const auto& file : card_files()) {
        std::mt19937 random{0x5031'5015U};
        int refused = 0;
        for (int i = 0; i < mutations; ++i) {
            Bytes bad = file.good();
            for (auto left = 1 + random() % 4; left > 0 && !bad.empty(); --left) {
                const auto place = bad.begin() + static_cast<std::ptrdiff_t>(random() % bad.size());
                const auto kind = random() % 4;
                if (kind == 0) *place = static_cast<std::uint8_t>(random());
                if (kind == 1) *place = lengths[random() % lengths.size()];
                if (kind == 2) bad.erase(place);
                if (kind == 3) bad.insert(place, static_cast<std::uint8_t>(random()));
            }
            if (!fault_of([&] { file.again(bad); }).empty()) ++refused;
        }
        INFO(file.name << ": " << refused << " of " << mutations << " refused");
        CHECK(refused > mutations / 4);
    }
}
