// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "apdu/bytes.h"

/// Test vectors and test data by path.
namespace kartsaz::test {

/// tests/data of the source tree.
std::filesystem::path data_dir();
/// The shared folder (environment KARTSAZ_SHARED, default ../shared beside the source tree), if it is there.
std::optional<std::filesystem::path> shared_dir();
/// A folder of this test process's own, removed at its end.
std::filesystem::path scratch_dir();

/// One vector and the file it stands in.
struct Vector {
    nlohmann::json data;
    std::string file;
    std::string id() const { return data.at("id").get<std::string>(); }
    bool has(const char* key) const { return data.contains(key); }
    std::string text(const char* key) const { return data.at(key).get<std::string>(); }
    Bytes bytes(const char* key) const { return from_hex(text(key)); }
};
/// The vectors of `name`.json of one kind (all when empty): those of tests/data/vectors, then those under the
/// shared folder where that is present.
std::vector<Vector> vectors(const std::string& name, const std::string& kind = {});

Bytes read_bytes(const std::filesystem::path& file);
void write_bytes(const std::filesystem::path& file, ByteView bytes);

}  // namespace kartsaz::test
