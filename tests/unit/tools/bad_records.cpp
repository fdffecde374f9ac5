// SPDX-License-Identifier: Apache-2.0
// The tables of tests/data/records/bad, which the record's own tests use, too, and files cut at every eighth
// byte.
#include <fmt/format.h>

#include "tests/support/vectors.h"
#include "tests/unit/record/cases.h"
#include "tests/unit/tools/bad_input.h"

namespace kartsaz::test {
namespace {

using nlohmann::json;

/// The file, and path and rule of every fault.
std::vector<std::string> expected_pieces(const json& faults) {
    std::vector<std::string> out{"record.json"};
    for (const auto& fault : faults) {
        out.push_back(fault[0].get<std::string>());
        out.push_back(fault[1].get<std::string>());
    }
    return out;
}

/// A file without a byte is found before there is an offset to name.
std::string piece(const json& bad) {
    const auto rule = bad["rule"].get<std::string>();
    return rule.find("file is empty") == std::string::npos ? rule : "the file is empty";
}

void cut(std::vector<BadInput>& out, const char* file, std::size_t limit, std::size_t step) {
    const auto good = read_bytes(demo_dir() / file);
    for (std::size_t size = 0; size < std::min(limit, good.size()); size += step) {
        out.push_back(bad_file(fmt::format("{} cut at byte {}", file, size), fmt::format("record/{}", file),
                               to_text(ByteView{good}.first(size)), personalize,
                               {file, size == 0 ? "the file is empty" : "offset "}));
    }
}

}  // namespace

std::vector<BadInput> bad_records() {
    std::vector<BadInput> out;
    const auto good = json::parse(to_text(read_bytes(demo_dir() / "record.json")));
    for (const auto& bad : bad_cases("records.json")) {
        out.push_back(bad_file(bad["name"], "record/record.json", good.patch(bad["patch"]).dump(),
                               personalize, expected_pieces(bad["expect"])));
    }
    for (const auto& bad : bad_cases("syntax.json")) {
        out.push_back(bad_file(bad["name"], "record/record.json", bad["text"], personalize,
                               expected_pieces(bad["expect"])));
    }
    out.push_back({"no record", nullptr, "personalize no.json -r sim:card.body", 3, {"no.json"}});
    out.push_back({"a folder for a record", nullptr, "personalize record -r sim:card.body", 3, {"record"}});
    out.push_back(bad_file("a record of 64 MB", "record/record.json", std::string(64U << 20U, ' '),
                           personalize, {"record.json"}));
    for (const char* name : {"photo.jpg", "right-index.fmr"}) {
        const auto take_away = [name](const Desk& desk) { std::filesystem::remove(desk / "record" / name); };
        out.push_back({fmt::format("{} is missing", name), take_away, personalize, 3, {name}});
    }
    return out;
}

std::vector<BadInput> bad_photos_and_templates() {
    std::vector<BadInput> out;
    for (const auto& bad : bad_cases("photos.json")) {
        out.push_back(bad_file(bad["name"], "record/photo.jpg", to_text(changed(bad, "photo.jpg")),
                               personalize, {"photo.jpg", piece(bad)}));
    }
    for (const auto& bad : bad_cases("templates.json")) {
        out.push_back(bad_file(bad["name"], "record/right-index.fmr",
                               to_text(changed(bad, "right-index.fmr")), personalize,
                               {"right-index.fmr", piece(bad)}));
    }
    cut(out, "right-index.fmr", 1000, 8);
    cut(out, "photo.jpg", 640, 8);  // all of its headers
    return out;
}

}  // namespace kartsaz::test
