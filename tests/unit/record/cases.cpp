// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/record/cases.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <fstream>
#include <stdexcept>

#include "tests/support/vectors.h"

namespace kartsaz::test {
namespace fs = std::filesystem;
namespace {

std::size_t find(const Bytes& bytes, const std::vector<std::uint8_t>& what) {
    const auto found = std::search(bytes.begin(), bytes.end(), what.begin(), what.end());
    if (found == bytes.end()) throw std::runtime_error{"no such marker in the good file"};
    return static_cast<std::size_t>(found - bytes.begin());
}

void put(Bytes& bytes, std::size_t at, const std::string& hex) {
    const Bytes what = from_hex(hex);
    if (at + what.size() > bytes.size()) throw std::runtime_error{"an edit outside of the good file"};
    std::copy(what.begin(), what.end(), bytes.begin() + static_cast<std::ptrdiff_t>(at));
}

}  // namespace

fs::path demo_dir() {
    return fs::path{KARTSAZ_SOURCE_DIR} / "tools" / "demo";
}

fs::path good2_dir() {
    return data_dir() / "records" / "good2";
}

nlohmann::json demo_record() {
    std::ifstream in{demo_dir() / "record.json"};
    return nlohmann::json::parse(in);
}

nlohmann::json bad_cases(const std::string& name) {
    std::ifstream in{data_dir() / "records" / "bad" / name};
    return nlohmann::json::parse(in);
}

Bytes changed(const nlohmann::json& one_case, const std::string& default_file) {
    const fs::path file = one_case.contains("file") ? good2_dir() / one_case["file"].get<std::string>()
                                                    : demo_dir() / default_file;
    Bytes bytes = read_bytes(file);
    if (one_case.contains("edits")) {
        for (const auto& edit : one_case["edits"]) put(bytes, edit[0].get<std::size_t>(), edit[1]);
    }
    // offsets inside the frame header of a JPEG and the size segment of a codestream
    if (one_case.contains("sof")) {
        put(bytes, find(bytes, {0xFF, 0xC0}) + one_case["sof"][0].get<std::size_t>(), one_case["sof"][1]);
    }
    if (one_case.contains("siz")) {
        put(bytes, find(bytes, {0xFF, 0x4F, 0xFF, 0x51}) + one_case["siz"][0].get<std::size_t>(),
            one_case["siz"][1]);
    }
    if (one_case.contains("cut")) bytes.resize(one_case["cut"].get<std::size_t>());
    if (one_case.contains("append")) append(bytes, from_hex(one_case["append"].get<std::string>()));
    return bytes;
}

std::string refusal(const std::function<void()>& act) {
    try {
        act();
    } catch (const Error& error) {
        if (error.code() != Errc::input_invalid) throw;
        return error.what();
    }
    return "(accepted)";
}

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace kartsaz::test
