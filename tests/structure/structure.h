// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

/// The rules that no compiler checks: who may include whom, and the habits of every source file.
namespace kartsaz::structure {

struct SourceFile {
    std::string path;  ///< from the root of the tree, with slashes: "libcard/app/emrtd/dg1.cpp"
    std::vector<std::string> lines;
    bool header() const { return path.ends_with(".h"); }
};

/// Every .h, .cpp and .java file under the folders of the project, in the order of their paths.
std::vector<SourceFile> load_tree(const std::filesystem::path& root);

/// The rooms and what each may include; the form is described in includes.txt.
using Table = std::map<std::string, std::set<std::string>>;
/// @throws std::runtime_error naming the line that cannot be read
Table parse_table(std::string_view text);

/// One line per include that the table does not allow: "apdu/tlv.cpp:7: apdu may not include keys/crypto.h".
std::vector<std::string> forbidden_includes(const std::vector<SourceFile>& tree, const Table& table);
/// Third-party headers where they must not be seen: Botan and OpenSSL in headers, OpenSSL in the simulated
/// card, winscard.h in more than one file.
std::vector<std::string> forbidden_libraries(const std::vector<SourceFile>& tree);
/// Licence line, length, notes to self, waiting by the clock in tests, paths of one machine.
/// @param may_sleep  test files that may wait by the clock
std::vector<std::string> broken_habits(const std::vector<SourceFile>& tree,
                                       const std::set<std::string>& may_sleep);

}  // namespace kartsaz::structure
