// SPDX-License-Identifier: Apache-2.0
#include "tests/support/vectors.h"

#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace kartsaz::test {
namespace fs = std::filesystem;

fs::path data_dir() {
    return fs::path{KARTSAZ_SOURCE_DIR} / "tests" / "data";
}

std::optional<fs::path> shared_dir() {
    const char* named = std::getenv("KARTSAZ_SHARED");
    const fs::path dir = named != nullptr ? fs::path{named} : fs::path{KARTSAZ_SOURCE_DIR} / ".." / "shared";
    if (!fs::is_directory(dir / "standards")) return std::nullopt;
    return dir;
}

fs::path scratch_dir() {
    struct Scratch {
        fs::path path = fs::temp_directory_path() / ("kartsaz-test-" + std::to_string(::getpid()));
        Scratch() { fs::create_directories(path); }
        ~Scratch() {
            std::error_code ignored;
            fs::remove_all(path, ignored);
        }
    };
    static const Scratch scratch;
    return scratch.path;
}

std::vector<Vector> vectors(const std::string& name, const std::string& kind) {
    std::vector<Vector> out;
    std::vector<fs::path> places{data_dir() / "vectors" / (name + ".json")};
    if (const auto shared = shared_dir()) {
        const auto more = *shared / "standards" / "vectors" / (name + ".json");
        if (fs::exists(more)) places.push_back(more);  // what is only ours stands in tests/data
    }
    for (const auto& place : places) {
        std::ifstream in{place};
        if (!in) throw std::runtime_error{"no vector file " + place.string()};
        const auto document = nlohmann::json::parse(in);
        for (const auto& data : document.at("vectors")) {
            if (kind.empty() || data.value("kind", "") == kind) out.push_back({data, place.string()});
        }
    }
    // a test over no vectors would pass without having tested anything
    if (out.empty()) throw std::runtime_error{"no vector of kind \"" + kind + "\" in " + name};
    return out;
}

Bytes read_bytes(const fs::path& file) {
    std::ifstream in{file, std::ios::binary};
    if (!in) throw std::runtime_error{"cannot read " + file.string()};
    return Bytes{std::istreambuf_iterator<char>{in}, std::istreambuf_iterator<char>{}};
}

void write_bytes(const fs::path& file, ByteView bytes) {
    std::ofstream out{file, std::ios::binary | std::ios::trunc};
    out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    if (!out) throw std::runtime_error{"cannot write " + file.string()};
}

}  // namespace kartsaz::test
