// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "libcard/record/finger_template.h"
#include "libcard/record/photo.h"
#include "tests/support/vectors.h"
#include "tests/unit/record/cases.h"

using namespace kartsaz;
using namespace kartsaz::record;

TEST_CASE("every bad finger template is refused with its offset and rule", "[record]") {
    for (const auto& bad : test::bad_cases("templates.json")) {
        const Bytes bytes = test::changed(bad, "right-index.fmr");
        INFO(bad["name"].get<std::string>());
        const std::string message = test::refusal([&] { parse_finger_template(bytes, "x.fmr"); });
        CHECK_THAT(message,
                   Catch::StartsWith("x.fmr: offset ") && Catch::Contains(bad["rule"].get<std::string>()));
    }
}

TEST_CASE("every bad photo is refused with its offset and rule", "[record]") {
    for (const auto& bad : test::bad_cases("photos.json")) {
        const Bytes bytes = test::changed(bad, "photo.jpg");
        INFO(bad["name"].get<std::string>());
        const std::string message = test::refusal([&] { parse_photo(bytes, "x.jpg"); });
        CHECK_THAT(message,
                   Catch::StartsWith("x.jpg: offset ") && Catch::Contains(bad["rule"].get<std::string>()));
    }
}

TEST_CASE("a template that is cut off at any byte is refused with the offset where it ends", "[record]") {
    for (const auto& file : {test::demo_dir() / "right-index.fmr", test::demo_dir() / "left-thumb.fmr",
                             test::good2_dir() / "left-index.fmr"}) {
        const Bytes good = test::read_bytes(file);
        REQUIRE_NOTHROW(parse_finger_template(good, "whole"));
        for (std::size_t size = 0; size < good.size(); ++size) {
            const std::string message =
                test::refusal([&] { parse_finger_template(ByteView{good}.first(size), "x.fmr"); });
            INFO(size);
            // before the length field is whole the place is the end; after it, the length field
            const bool knows_length = size >= (good[8] == 0 && good[9] == 0 ? 12U : 10U);
            CHECK_THAT(message,
                       Catch::StartsWith("x.fmr: offset " + std::to_string(knows_length ? 8 : size) + ":"));
            CHECK((!knows_length || test::contains(message, "the file has " + std::to_string(size))));
        }
    }
}

TEST_CASE("a template whose length is true to a cut is refused inside the view", "[record]") {
    const Bytes good = test::read_bytes(test::demo_dir() / "right-index.fmr");
    for (std::size_t size = 12; size < good.size(); ++size) {
        Bytes cut(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size));
        const Bytes length = big_endian(size, 4);
        std::copy(length.begin(), length.end(), cut.begin() + 8);
        INFO(size);
        CHECK_THAT(
            test::refusal([&] { parse_finger_template(cut, "x.fmr"); }),
            Catch::StartsWith("x.fmr: offset " + std::to_string(size) + ": the file ends inside the "));
    }
}

TEST_CASE("a JPEG that is cut off at any byte is refused", "[record]") {
    const Bytes good = test::read_bytes(test::demo_dir() / "photo.jpg");
    for (std::size_t size = 0; size < good.size(); size += (size < 1024 ? 1 : 97)) {
        INFO(size);
        const std::string message = test::refusal([&] { parse_photo(ByteView{good}.first(size), "x.jpg"); });
        const std::string place = size < 2 ? "0" : std::to_string(size);
        CHECK_THAT(message, Catch::StartsWith("x.jpg: offset " + place + ":"));
    }
}

TEST_CASE("a JPEG 2000 picture that is cut off at any byte is refused", "[record]") {
    const Bytes good = test::read_bytes(test::good2_dir() / "photo.jp2");
    for (std::size_t size = 0; size < good.size(); size += (size < 512 ? 1 : 97)) {
        INFO(size);
        CHECK_THAT(test::refusal([&] { parse_photo(ByteView{good}.first(size), "x.jp2"); }),
                   Catch::StartsWith("x.jp2: offset "));
    }
}
