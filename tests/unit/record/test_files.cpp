// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "libcard/record/invalid_record.h"
#include "libcard/record/record.h"
#include "tests/support/vectors.h"
#include "tests/unit/record/cases.h"

using namespace kartsaz;
using namespace kartsaz::record;
namespace fs = std::filesystem;

namespace {

/// A copy of the demo record that a test may spoil.
fs::path copied_demo(const std::string& name) {
    const fs::path dir = test::scratch_dir() / name;
    fs::create_directories(dir);
    for (const char* file : {"record.json", "photo.jpg", "right-index.fmr", "left-thumb.fmr"}) {
        fs::copy_file(test::demo_dir() / file, dir / file, fs::copy_options::overwrite_existing);
    }
    return dir;
}

std::string load_refusal(const fs::path& dir) {
    return test::refusal([&] { load(dir / "record.json"); });
}

}  // namespace

TEST_CASE("a record file that is not there is a failure of the store", "[record]") {
    try {
        load(test::scratch_dir() / "nowhere" / "record.json");
        FAIL("accepted");
    } catch (const Error& error) {
        CHECK(error.code() == Errc::store_failed);
        CHECK_THAT(error.what(), Catch::Contains("record.json: the record cannot be read"));
    }
    CHECK_THROWS_AS(load(test::scratch_dir()), Error);
}

TEST_CASE("a record file that is too large is refused", "[record]") {
    const fs::path dir = copied_demo("large-record");
    std::ofstream{dir / "record.json", std::ios::app} << std::string(300'000, ' ');
    CHECK_THAT(load_refusal(dir), Catch::Contains("more than 262144 bytes"));
    CHECK_THAT(test::refusal([] { parse(std::string(262'145, ' '), "."); }),
               Catch::Contains("more than 262144 bytes"));
}

TEST_CASE("a photo that is too large is refused unread", "[record]") {
    const fs::path dir = copied_demo("large-photo");
    std::ofstream{dir / "photo.jpg", std::ios::app} << std::string(1024 * 1024, '\0');
    CHECK_THAT(load_refusal(dir), Catch::Contains("/photo: photo.jpg: the file has more than 1048576 bytes"));
}

TEST_CASE("a template that is too large is refused unread", "[record]") {
    const fs::path dir = copied_demo("large-template");
    std::ofstream{dir / "left-thumb.fmr", std::ios::app} << std::string(65'536, '\0');
    CHECK_THAT(load_refusal(dir),
               Catch::Contains("/fingers/1/template: left-thumb.fmr: the file has more than 65536 bytes"));
}

TEST_CASE("an empty photo is refused", "[record]") {
    const fs::path dir = copied_demo("empty-photo");
    fs::resize_file(dir / "photo.jpg", 0);
    CHECK_THAT(load_refusal(dir), Catch::Contains("/photo: photo.jpg: the file is empty"));
}

TEST_CASE("a link that leaves the folder of the record is refused", "[record]") {
    const fs::path dir = copied_demo("link-out");
    fs::remove(dir / "photo.jpg");
    fs::create_symlink(test::demo_dir() / "photo.jpg", dir / "photo.jpg");
    CHECK_THAT(load_refusal(dir),
               Catch::Contains("/photo: photo.jpg: the file is outside the folder of the record"));
}

TEST_CASE("a link inside the folder of the record is followed", "[record]") {
    const fs::path dir = copied_demo("link-in");
    fs::create_directories(dir / "pictures");
    fs::rename(dir / "photo.jpg", dir / "pictures" / "1.jpg");
    fs::create_symlink("pictures/1.jpg", dir / "photo.jpg");
    CHECK(load(dir / "record.json").record.photo.width == 240);
}

TEST_CASE("a pipe in place of a photo is refused and not waited for", "[record]") {
    const fs::path dir = copied_demo("pipe");
    fs::remove(dir / "photo.jpg");
    REQUIRE(::mkfifo((dir / "photo.jpg").c_str(), 0600) == 0);
    CHECK_THAT(load_refusal(dir), Catch::Contains("/photo: photo.jpg: it is no regular file"));
}

TEST_CASE("a photo over the budget is refused, or re-encoded when asked", "[record]") {
    LoadOptions options;
    options.photo_budget = 9'000;
    const fs::path file = test::demo_dir() / "record.json";
    CHECK_THAT(test::refusal([&] { load(file, options); }),
               Catch::Contains("/photo: photo.jpg: 15384 bytes, the budget is 9000"));
    options.reencode_photo = true;
    const Loaded loaded = load(file, options);
    CHECK(loaded.record.photo.bytes.size() <= 9'000);
    REQUIRE(loaded.changes.size() == 1);
    CHECK(loaded.changes[0].path == "/photo");
    CHECK_THAT(loaded.changes[0].what, Catch::StartsWith("re-encoded from 15384 bytes, 240 x 320, to "));
}

TEST_CASE("a photo that cannot be made to fit the budget is refused", "[record]") {
    LoadOptions options;
    options.photo_budget = 500;
    options.reencode_photo = true;
    CHECK_THAT(
        test::refusal([&] { load(test::demo_dir() / "record.json", options); }),
        Catch::Contains("/photo: photo.jpg: the photo does not fit into 500 bytes even at 120 pixels wide"));
}
