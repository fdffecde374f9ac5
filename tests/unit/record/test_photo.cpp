// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <chrono>

#include "apdu/error.h"
#include "libcard/record/photo.h"
#include "libcard/record/pixels.h"
#include "tests/support/vectors.h"
#include "tests/unit/record/cases.h"

using namespace kartsaz;
using namespace kartsaz::record;

namespace {

Bytes demo_photo() {
    return test::read_bytes(test::demo_dir() / "photo.jpg");
}

/// The codestream inside the JP2 file.
Bytes bare_codestream() {
    const Bytes file = test::read_bytes(test::good2_dir() / "photo.jp2");
    const Bytes start{0xFF, 0x4F, 0xFF, 0x51};
    const auto at = std::search(file.begin(), file.end(), start.begin(), start.end());
    return Bytes(at, file.end());
}

}  // namespace

TEST_CASE("the demo photo is a whole JPEG", "[record]") {
    const Bytes bytes = demo_photo();
    const Photo photo = parse_photo(bytes, "photo.jpg");
    CHECK(photo.format == PhotoFormat::jpeg);
    CHECK(photo.width == 240);
    CHECK(photo.height == 320);
    CHECK(photo.colour);
    CHECK(photo.bytes == bytes);
}

TEST_CASE("a JP2 file and its bare codestream are whole", "[record]") {
    for (const Bytes& bytes : {test::read_bytes(test::good2_dir() / "photo.jp2"), bare_codestream()}) {
        const Photo photo = parse_photo(bytes, "photo.jp2");
        CHECK(photo.format == PhotoFormat::jpeg2000);
        CHECK(photo.width == 240);
        CHECK(photo.height == 320);
        CHECK(photo.colour);
        CHECK(photo.bytes == bytes);
    }
}

TEST_CASE("a gray JPEG is told from one with colour", "[record]") {
    const Pixels gray{64, 80, 1, Bytes(64 * 80, 0x80)};
    const Photo photo = parse_photo(encode_jpeg(gray, 80, "x"), "x");
    CHECK_FALSE(photo.colour);
    CHECK(photo.width == 64);
    CHECK(photo.height == 80);
}

TEST_CASE("the sides of a photo have 48 to 4096 pixels", "[record]") {
    const auto of_size = [](unsigned width, unsigned height) {
        Pixels noise{width, height, 1, Bytes(std::size_t{width} * height)};
        unsigned state = 1;
        for (auto& sample : noise.samples)
            sample = static_cast<std::uint8_t>((state = state * 1664525 + 1013904223) >> 24);
        return encode_jpeg(noise, 50, "x");
    };
    CHECK_NOTHROW(parse_photo(of_size(48, 48), "x"));
    CHECK_NOTHROW(parse_photo(of_size(4096, 48), "x"));
    CHECK_THROWS_WITH(parse_photo(of_size(47, 48), "x"),
                      Catch::Contains("47 x 48 pixels; a side has 48 to 4096"));
    CHECK_THROWS_WITH(parse_photo(of_size(48, 47), "x"), Catch::Contains("48 x 47 pixels"));
    CHECK_THROWS_WITH(parse_photo(of_size(4097, 48), "x"), Catch::Contains("4097 x 48 pixels"));
}

TEST_CASE("a small file that decodes to a huge picture is refused before it is decoded", "[record]") {
    const Pixels flat{2000, 2000, 1, Bytes(2000 * 2000, 0x80)};
    const Bytes bomb = encode_jpeg(flat, 1, "x");
    REQUIRE(bomb.size() * pixels_per_byte < 2000 * 2000 * 5);
    Bytes cut = bomb;
    const std::string message = test::refusal([&] { check_dimensions("x", 0, 9'999, 2000, 2000, 1); });
    CHECK(message == "x: offset 0: 2000 x 2000 pixels in 9999 bytes are no photo");
    CHECK_NOTHROW(check_dimensions("x", 0, 10'000, 2000, 2000, 1));
}

TEST_CASE("re-encoding keeps the picture and fits the budget", "[record]") {
    for (const Bytes& bytes : {demo_photo(), test::read_bytes(test::good2_dir() / "photo.jp2")}) {
        const Photo photo = parse_photo(bytes, "x");
        for (const std::size_t budget : {12'000U, 8'000U, 5'000U, 3'000U}) {
            const Photo smaller = reencode_photo(photo, budget, "x");
            INFO(budget);
            CHECK(smaller.format == PhotoFormat::jpeg);
            CHECK(smaller.bytes.size() <= budget);
            CHECK(smaller.width >= 120);
            CHECK(smaller.width * 320 / 240 <= smaller.height + 1);
            CHECK(smaller.height <= smaller.width * 320 / 240 + 2);
        }
        CHECK_THROWS_WITH(reencode_photo(photo, 400, "x"), Catch::Contains("does not fit into 400 bytes"));
    }
}

TEST_CASE("re-encoding shows the same picture", "[record]") {
    const Pixels before = decode_jpeg(demo_photo(), "x", true);
    const Photo small = reencode_photo(parse_photo(demo_photo(), "x"), 12'000, "x");
    const Pixels after = decode_jpeg(small.bytes, "x", true);
    REQUIRE(before.samples.size() == after.samples.size());
    std::size_t difference = 0;
    for (std::size_t i = 0; i < before.samples.size(); ++i) {
        difference += static_cast<std::size_t>(std::abs(before.samples[i] - after.samples[i]));
    }
    CHECK(difference / before.samples.size() < 5);
}

TEST_CASE("scaling averages the pixels it takes away", "[record]") {
    const Pixels four{4, 2, 1, Bytes{10, 20, 30, 40, 30, 40, 50, 60}};
    const Pixels two = scaled(four, 2);
    CHECK(two.width == 2);
    CHECK(two.height == 1);
    CHECK(two.samples == Bytes{25, 45});
}

TEST_CASE("a JPEG 2000 picture gives its colours back", "[record]") {
    const Pixels pixels = decode_jpeg2000(test::read_bytes(test::good2_dir() / "photo.jp2"), "x", true);
    REQUIRE(pixels.samples.size() == 240 * 320 * 3);
    // the collar is white, the hair dark, the background bright
    const auto at = [&](std::size_t x, std::size_t y) { return pixels.samples[(y * 240 + x) * 3]; };
    CHECK(at(96, 256) > 220);
    CHECK(at(70, 100) < 90);
    CHECK(at(10, 10) > 190);
}

TEST_CASE("a photo of 15 KB is decoded in well under 1.5 ms", "[record]") {
#if defined(__SANITIZE_ADDRESS__) || !defined(NDEBUG)
    WARN("skipped: times say nothing in this build");
#else
    const Bytes bytes = demo_photo();
    auto best = std::chrono::nanoseconds::max();
    for (int i = 0; i < 50; ++i) {
        const auto start = std::chrono::steady_clock::now();
        parse_photo(bytes, "x");
        best = std::min<std::chrono::nanoseconds>(best, std::chrono::steady_clock::now() - start);
    }
    CHECK(std::chrono::duration<double, std::milli>(best).count() < 1.5);
#endif
}
