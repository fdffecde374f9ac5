// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "apdu/error.h"
#include "libcard/app/dump.h"
#include "libcard/app/emrtd/read.h"
#include "tests/unit/emrtd/decoders.h"

using namespace kartsaz;
using namespace kartsaz::app;
using namespace kartsaz::test;
namespace fs = std::filesystem;

namespace {

CardDump example() {
    CardDump dump;
    dump.atr = from_hex("3BD518FF8191FE1FC38073CC2160D0");
    dump.reader = "sim:card.body";
    dump.read_at = "2026-11-21T20:30:00Z";
    dump.chip = "4790-5168-00C0FFEE";
    DumpApplication emrtd;
    emrtd.name = "emrtd";
    emrtd.facts = {{"access", "PACE"}, {"plain-read.sw", "6982"}};
    emrtd.files.push_back({"EF.DG1", 0x0101, lds_file("EF.DG1"), "PACE", {}});
    emrtd.files.push_back({"EF.DG2", 0x0102, lds_file("EF.DG2"), "PACE", {}});
    emrtd.files.push_back({"EF.DG3", 0x0103, {}, "PACE", "6982 (security status not satisfied)"});
    emrtd.files.push_back({"EF.SOD", 0x011D, auth_vector("sod-v1", "ef_sod"), "PACE", {}});
    dump.applications.push_back(std::move(emrtd));
    return dump;
}

fs::path new_folder() {
    static int count = 0;
    return scratch_dir() / ("dump-" + std::to_string(++count));
}

std::string load_fault(const fs::path& folder) {
    return fault_of([&] { load_dump(folder); });
}

/// The saved example with card.json changed.
template <typename Change>
std::string fault_after(Change change) {
    const fs::path folder = new_folder();
    save(example(), folder);
    auto json = nlohmann::ordered_json::parse(to_text(read_bytes(folder / "card.json")));
    change(json, json["applications"][0]["files"][0]);
    write_bytes(folder / "card.json", to_bytes(json.dump()));
    return load_fault(folder);
}

}  // namespace

TEST_CASE("a dump that is saved and loaded is the same") {
    const fs::path folder = new_folder();
    const CardDump dump = example();
    save(dump, folder);
    const CardDump back = load_dump(folder);
    CHECK(back.atr == dump.atr);
    CHECK(back.reader == dump.reader);
    CHECK(back.read_at == dump.read_at);
    CHECK(back.chip == dump.chip);
    REQUIRE(back.applications.size() == 1);
    const auto* emrtd = back.application("emrtd");
    REQUIRE(emrtd != nullptr);
    CHECK(emrtd->facts == dump.applications[0].facts);
    CHECK(emrtd->fact("access") == "PACE");
    CHECK(emrtd->fact("no such fact").empty());
    CHECK(back.application("piv") == nullptr);
    REQUIRE(emrtd->files.size() == 4);
    for (std::size_t i = 0; i < 4; ++i) {
        const auto &one = emrtd->files[i], &was = dump.applications[0].files[i];
        CHECK(one.name == was.name);
        CHECK(one.fid == was.fid);
        CHECK(one.content == was.content);
        CHECK(one.access == was.access);
        CHECK(one.refused == was.refused);
    }
    CHECK(emrtd->file("EF.DG9") == nullptr);
    CHECK(read_bytes(folder / "raw" / "emrtd" / "EF.DG1.bin") == lds_file("EF.DG1"));
    CHECK_FALSE(fs::exists(folder / "raw" / "emrtd" / "EF.DG3.bin"));
}

TEST_CASE("saving again into the same folder leaves no other files behind") {
    const fs::path folder = new_folder();
    save(example(), folder);
    save(example(), folder);
    std::size_t count = 0;
    for (const auto& entry : fs::recursive_directory_iterator{folder})
        count += entry.is_regular_file() ? 1 : 0;
    CHECK(count == 4);
}

TEST_CASE("a raw file that was changed, cut or taken away is refused and named") {
    const auto fault = [](auto change) {
        const fs::path folder = new_folder();
        save(example(), folder);
        change(folder / "raw" / "emrtd" / "EF.DG1.bin");
        return load_fault(folder);
    };
    const Bytes good = lds_file("EF.DG1");
    CHECK(fault([&](const fs::path& p) { write_bytes(p, patched(good, 50, 1, "58")); }).find("sha256") !=
          std::string::npos);
    CHECK(fault([&](const fs::path& p) { write_bytes(p, ByteView{good}.first(94)); }).find("size") !=
          std::string::npos);
    CHECK(fault([&](const fs::path& p) { fs::remove(p); }).find("EF.DG1.bin") != std::string::npos);
    CHECK(fault([&](const fs::path& p) {
              fs::remove(p);
              write_bytes(p.parent_path().parent_path().parent_path().parent_path() / "outside.bin", good);
              fs::create_symlink("../../../outside.bin", p);
          }).find("by a link") != std::string::npos);
}

TEST_CASE("every member of card.json is checked") {
    using Json = nlohmann::ordered_json;
    REQUIRE(fault_after([](Json&, Json&) {}).empty());
    CHECK(fault_after([](Json& j, Json&) { j["version"] = 2; }).find("version 1") != std::string::npos);
    CHECK(fault_after([](Json& j, Json&) { j["format"] = "x"; }).find("/format") == std::string::npos);
    CHECK_FALSE(fault_after([](Json& j, Json&) { j["format"] = "x"; }).empty());
    CHECK(fault_after([](Json& j, Json&) { j["atr"] = "3B0"; }).find("/atr") != std::string::npos);
    CHECK(fault_after([](Json& j, Json&) { j.erase("reader"); }).find("/reader") != std::string::npos);
    CHECK(fault_after([](Json& j, Json&) { j["applications"] = 7; }).find("a list") != std::string::npos);
    CHECK(fault_after([](Json& j, Json&) {
              j["applications"].push_back(j["applications"][0]);
          }).find("twice") != std::string::npos);
    CHECK(fault_after([](Json& j, Json&) {
              j["applications"][0]["facts"]["access"] = 1;
          }).find("/facts/access") != std::string::npos);
    CHECK(fault_after([](Json& j, Json& f) { j["applications"][0]["files"].push_back(f); }).find("twice") !=
          std::string::npos);
    CHECK(fault_after([](Json&, Json& f) { f["fid"] = "01"; }).find("/fid") != std::string::npos);
    CHECK(fault_after([](Json&, Json& f) { f["size"] = -95; }).find("/size") != std::string::npos);
    CHECK(fault_after([](Json&, Json& f) { f["size"] = "95"; }).find("/size") != std::string::npos);
    CHECK(fault_after([](Json&, Json& f) { f["sha256"] = "00"; }).find("/sha256") != std::string::npos);
    CHECK(fault_after([](Json&, Json& f) { f["sha256"] = "zz"; }).find("/sha256") != std::string::npos);
    CHECK(fault_after([](Json&, Json& f) { f.erase("path"); }).find("neither") != std::string::npos);
    CHECK(fault_after([](Json&, Json& f) { f = "EF.DG1"; }).find("an object") != std::string::npos);
}

TEST_CASE("no path leads out of the folder") {
    for (const char* path :
         {"/etc/hostname", "../x", "raw/../../x", "raw/emrtd/../../../x", "", ".", "raw"}) {
        INFO(path);
        try {
            const auto fault = fault_after([&](auto&, auto& file) { file["path"] = path; });
            CHECK(fault.find("card.json") != std::string::npos);
        } catch (const Error& error) {
            CHECK(error.code() == Errc::store_failed);  // a folder is no file
        }
    }
}

TEST_CASE("text that is no JSON is refused") {
    const fs::path folder = new_folder();
    fs::create_directories(folder);
    for (const char* text : {"", "{", "[]", "7", "{\"format\": \"kartsaz-card\"}"}) {
        write_bytes(folder / "card.json", to_bytes(text));
        INFO(text);
        CHECK(load_fault(folder).find("card.json") != std::string::npos);
    }
}

TEST_CASE("a folder of objects without card.json is loaded by the names of its files") {
    const fs::path folder = new_folder();
    fs::create_directories(folder);
    write_bytes(folder / "EF.COM.bin", lds_file("EF.COM"));
    write_bytes(folder / "EF_DG2.bin", lds_file("EF.DG2"));
    write_bytes(folder / "dg11.bin", lds_file("EF.DG11"));
    write_bytes(folder / "SOD.bin", auth_vector("sod-v1", "ef_sod"));
    write_bytes(folder / "notes.txt", to_bytes("no object"));
    write_bytes(folder / "read me.bin", to_bytes("no object"));
    const CardDump dump = load_dump(folder);
    const auto* emrtd = dump.application("emrtd");
    REQUIRE(emrtd != nullptr);
    CHECK(emrtd->files.size() == 4);
    REQUIRE(emrtd->file("EF.DG11") != nullptr);
    CHECK(emrtd->file("EF.DG11")->content == lds_file("EF.DG11"));
    CHECK(emrtd->file("EF.SOD") != nullptr);
    CHECK(emrtd->facts.empty());
    write_bytes(folder / "DG2.bin", lds_file("EF.DG2"));
    CHECK(load_fault(folder).find("EF.DG2 is there twice") != std::string::npos);
}

TEST_CASE("an empty folder is refused, a folder that is not there is a failure of the store") {
    const fs::path folder = new_folder();
    fs::create_directories(folder);
    CHECK(load_fault(folder).find("neither card.json") != std::string::npos);
    try {
        load_dump(folder / "nothing");
        FAIL("nothing was thrown");
    } catch (const Error& error) {
        CHECK(error.code() == Errc::store_failed);
    }
}

TEST_CASE("names that could leave the folder are not written") {
    for (const char* name : {"", "..", "../x", "a/b", ".hidden"}) {
        CardDump dump = example();
        dump.applications[0].files[0].name = name;
        INFO(name);
        CHECK_THROWS_AS(save(dump, new_folder()), Error);
        dump = example();
        dump.applications[0].name = name;
        CHECK_THROWS_AS(save(dump, new_folder()), Error);
    }
}
