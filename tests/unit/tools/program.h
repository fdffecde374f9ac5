// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <sys/types.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

/// The kartsaz program as a user runs it: arguments in; exit code and two streams out.
namespace kartsaz::test {

struct Outcome {
    int code = -1;  ///< exit code; -1 when a signal ended it
    std::string out, err;
    /// Standard output as one JSON document; fails the test when it is not exactly that.
    nlohmann::json json() const;
};

/// A folder of its own with the demo record in record/; the home, state and temporary folders of what runs in
/// it. Removed at the end.
class Desk {
public:
    Desk();
    Desk(const Desk&) = delete;
    Desk& operator=(const Desk&) = delete;
    ~Desk();

    std::filesystem::path operator/(const std::string& name) const { return folder_ / name; }
    /// `line` split at blanks; runs in the folder, without pcscd. At most 60 s.
    Outcome run(const std::string& line) const;
    Outcome run(const std::vector<std::string>& words) const;
    /// The same, not waited for; its output is let go.
    pid_t start(const std::vector<std::string>& words) const;
    static int wait(pid_t process);

    void write(const std::string& name, const std::string& text) const;
    std::string text(const std::string& name) const;
    nlohmann::json json(const std::string& name) const;
    /// Each file with its content, each folder with "/".
    std::map<std::string, std::string> everything() const;

private:
    std::filesystem::path folder_;
};

/// Lines of `text` that are wider than 80 columns.
std::vector<std::string> wide_lines(const std::string& text);

}  // namespace kartsaz::test
