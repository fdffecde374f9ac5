// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/keys/key_vectors.h"

#include <fstream>
#include <stdexcept>

namespace kartsaz::test {

std::vector<Vector> key_vectors(const std::string& name, const std::string& kind) {
    std::vector<std::filesystem::path> places{data_dir() / "vectors" / (name + ".json")};
    if (const auto shared = shared_dir()) {
        places.push_back(*shared / "standards" / "vectors" / (name + ".json"));
    }
    std::vector<Vector> out;
    for (const auto& place : places) {
        std::ifstream in{place};
        if (!in) throw std::runtime_error{"no vector file " + place.string()};
        const auto document = nlohmann::json::parse(in);
        for (const auto& data : document.at("vectors")) {
            if (kind.empty() || data.value("kind", "") == kind) out.push_back({data, place.string()});
        }
    }
    return out;
}

Vector key_vector(const std::string& name, const std::string& id) {
    for (auto& v : key_vectors(name)) {
        if (v.id() == id) return v;
    }
    throw std::runtime_error{"no vector " + id + " in " + name};
}

}  // namespace kartsaz::test
