// SPDX-License-Identifier: Apache-2.0
#include "tests/structure/structure.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <optional>
#include <sstream>
#include <stdexcept>

namespace kartsaz::structure {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t longest_file = 400;
constexpr std::string_view licence_line = "// SPDX-License-Identifier: Apache-2.0";

struct Include {
    std::size_t line;  ///< counted from 1
    std::string target;
    bool quoted;
};

std::vector<Include> includes_of(const SourceFile& file) {
    std::vector<Include> out;
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
        std::string_view line = file.lines[i];
        const auto skip_blanks = [&line] {
            line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
        };
        skip_blanks();
        if (!line.starts_with('#')) continue;
        line.remove_prefix(1);
        skip_blanks();
        if (!line.starts_with("include")) continue;
        line.remove_prefix(7);
        skip_blanks();
        if (line.empty() || (line.front() != '"' && line.front() != '<')) continue;
        const bool quoted = line.front() == '"';
        const std::size_t end = line.find(quoted ? '"' : '>', 1);
        if (end != std::string_view::npos)
            out.push_back({i + 1, std::string{line.substr(1, end - 1)}, quoted});
    }
    return out;
}

/// The folder of a path, with the name of an application replaced by nothing: rooms are folders.
std::string folder_of(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    return std::string{slash == std::string_view::npos ? "" : path.substr(0, slash)};
}

/// The line of the table that a folder falls under: the folder itself or the closest one above, with the
/// last part as a star where no line has its name.
std::optional<std::string> line_for(const Table& table, std::string folder) {
    while (!folder.empty()) {
        if (table.contains(folder)) return folder;
        const std::string parent = folder_of(folder);
        if (const std::string starred = parent + "/*"; table.contains(starred)) return starred;
        folder = parent;
    }
    return std::nullopt;
}

/// The room itself: as line_for, but with the real name in place of the star.
std::string room_of(const Table& table, std::string folder) {
    while (!folder.empty()) {
        if (table.contains(folder) || table.contains(folder_of(folder) + "/*")) return folder;
        folder = folder_of(folder);
    }
    return {};
}

bool in_product(std::string_view path) {
    return !path.starts_with("tests/");
}

bool contains(std::string_view line, std::string_view text) {
    return line.find(text) != std::string_view::npos;
}

bool sleeps(std::string_view line) {
    static constexpr std::array calls{"sleep_for(", "sleep_until(", "usleep(",
                                      "nanosleep(", "::sleep(",     " sleep("};
    return std::ranges::any_of(calls, [line](const char* call) { return contains(line, call); });
}

}  // namespace

std::vector<SourceFile> load_tree(const fs::path& root) {
    std::vector<SourceFile> tree;
    for (const char* top : {"apdu", "keys", "libcard", "tools", "tests"}) {
        if (!fs::is_directory(root / top)) continue;
        for (const auto& entry : fs::recursive_directory_iterator{root / top}) {
            const auto kind = entry.path().extension();
            if (!entry.is_regular_file() || (kind != ".h" && kind != ".cpp" && kind != ".java")) continue;
            SourceFile file{entry.path().lexically_relative(root).generic_string(), {}};
            std::ifstream in{entry.path()};
            for (std::string line; std::getline(in, line);) file.lines.push_back(line);
            tree.push_back(std::move(file));
        }
    }
    std::ranges::sort(tree, {}, &SourceFile::path);
    return tree;
}

Table parse_table(std::string_view text) {
    Table table;
    std::istringstream in{std::string{text}};
    std::size_t number = 0;
    for (std::string line; std::getline(in, line);) {
        ++number;
        if (line.empty() || line.front() == '#') continue;
        const std::size_t colon = line.find(':');
        if (colon == std::string::npos || colon == 0)
            throw std::runtime_error{fmt::format("line {}: no \"room:\" at its start", number)};
        std::istringstream words{line.substr(colon + 1)};
        auto& allowed = table[line.substr(0, colon)];
        for (std::string word; words >> word;) allowed.insert(word);
    }
    return table;
}

std::vector<std::string> forbidden_includes(const std::vector<SourceFile>& tree, const Table& table) {
    std::vector<std::string> broken;
    for (const SourceFile& file : tree) {
        if (!in_product(file.path)) continue;
        const auto line = line_for(table, folder_of(file.path));
        if (!line) {
            broken.push_back(fmt::format("{}: this folder is not in the table", file.path));
            continue;
        }
        const std::string room = room_of(table, folder_of(file.path));
        const auto& allowed = table.at(*line);
        for (const Include& include : includes_of(file)) {
            if (!include.quoted || room_of(table, folder_of(include.target)) == room) continue;
            const auto target = line_for(table, folder_of(include.target));
            if (allowed.contains(include.target) || (target && allowed.contains(*target))) continue;
            broken.push_back(
                fmt::format("{}:{}: {} may not include {}", file.path, include.line, room, include.target));
        }
    }
    return broken;
}

std::vector<std::string> forbidden_libraries(const std::vector<SourceFile>& tree) {
    std::vector<std::string> broken;
    std::vector<std::string> winscard;
    for (const SourceFile& file : tree) {
        if (!in_product(file.path)) continue;
        for (const Include& include : includes_of(file)) {
            const bool botan = include.target.starts_with("botan/");
            const bool openssl = include.target.starts_with("openssl/");
            const auto say = [&](std::string_view rule) {
                broken.push_back(fmt::format("{}:{}: {}: {}", file.path, include.line, include.target, rule));
            };
            if ((botan || openssl) && file.header() && file.path != "keys/secret.h")
                say("cryptography libraries are included by .cpp files only");
            if (openssl && file.path.starts_with("libcard/sim/"))
                say("the simulated card computes with Botan only");
            if (botan && !file.path.starts_with("libcard/sim/") && !file.path.starts_with("keys/"))
                say("Botan is for the simulated card and for key files");
            if (include.target.starts_with("p11-kit/") && file.path != "keys/pkcs11_api.h")
                say("PKCS#11 is spoken through keys/pkcs11_api.h");
            if (include.target.ends_with("winscard.h")) winscard.push_back(file.path);
        }
    }
    if (winscard.size() > 1 || (winscard.size() == 1 && !winscard.front().ends_with(".cpp")))
        broken.push_back(
            fmt::format("winscard.h is for one .cpp file, but is included by {}", fmt::join(winscard, ", ")));
    return broken;
}

std::vector<std::string> broken_habits(const std::vector<SourceFile>& tree,
                                       const std::set<std::string>& may_sleep) {
    std::vector<std::string> broken;
    for (const SourceFile& file : tree) {
        if (file.lines.empty() || file.lines.front() != licence_line)
            broken.push_back(fmt::format("{}:1: does not start with the licence line", file.path));
        if (file.lines.size() > longest_file)
            broken.push_back(
                fmt::format("{}: {} lines, more than {}", file.path, file.lines.size(), longest_file));
        const bool waits_by_clock = file.path.starts_with("tests/") &&
                                    !file.path.starts_with("tests/structure/") &&
                                    !may_sleep.contains(file.path);
        for (std::size_t i = 0; i < file.lines.size(); ++i) {
            const std::string& line = file.lines[i];
            const auto say = [&](std::string_view rule) {
                broken.push_back(fmt::format("{}:{}: {}", file.path, i + 1, rule));
            };
            // the words are cut in two, so that this file keeps the rule
            if (contains(line,
                         "TO"
                         "DO") ||
                contains(line,
                         "FIX"
                         "ME"))
                say("an unfinished place");
            if (waits_by_clock && sleeps(line)) say("waits by the clock; wait for what can be observed");
            if (contains(line,
                         "/wo"
                         "rk/") ||
                contains(line,
                         "/ro"
                         "ot/") ||
                contains(line,
                         "/ho"
                         "me/"))
                say("a path of one machine");
        }
    }
    return broken;
}

}  // namespace kartsaz::structure
